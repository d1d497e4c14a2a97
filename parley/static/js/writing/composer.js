// @ts-check
import { byId } from "../browser/dom.js";

const MESSAGE_MAX_CHARS = 8000;
const WARN_CHARS = 200;
/** A browser lays out the whole field at each key: at a million characters that takes seconds. */
const FIELD_MAX_LENGTH = 4 * MESSAGE_MAX_CHARS;

/** Where a thumb writes there is no Shift: Enter breaks the line, and the button sends. */
const BY_TOUCH = matchMedia("(hover: none) and (pointer: coarse)");

/**
 * @typedef {object} Edit what is written is no new message, but one that was sent
 * @property {(text: string) => void} changed
 * @property {(text: string) => void} save
 * @property {() => void} cancel
 */

/** Where one writes. */
export class Composer {
  /**
   * @param {object} parts
   * @param {import("./drafts.js").Drafts} parts.drafts
   * @param {(text: string, files?: import("../state/store.js").OutgoingFile[]) => void} parts.send
   * @param {(isTyping: boolean) => void} parts.typing
   * @param {() => void} parts.editLast
   * @param {() => void} parts.restored what a closed tab left stands in the field
   */
  constructor({ drafts, send, typing, editLast, restored }) {
    this.drafts = drafts;
    this.send = send;
    this.typing = typing;
    this.editLast = editLast;
    /** @type {Edit | undefined} */
    this.edit = undefined;
    /** @type {import("../files/attaching.js").Attaching | undefined} what goes with it, where anything was attached */
    this.attached = undefined;
    this.restored = restored;
    /** @type {Promise<void> | undefined} */
    this.restoring = undefined;
    this.form = /** @type {HTMLFormElement} */ (byId("composer"));
    this.field = /** @type {HTMLTextAreaElement} */ (byId("message"));
  }

  start() {
    this.form.noValidate = true; // an empty message is simply not sent, without a bubble
    this.field.value ||= this.drafts.own();
    this.form.addEventListener("submit", (event) => this.submit(event));
    this.field.addEventListener("keydown", (event) => this.sendByKey(event));
    this.field.addEventListener("keydown", (event) => this.editByKey(event));
    this.field.addEventListener("focus", () => (this.field.enterKeyHint = BY_TOUCH.matches ? "enter" : "send"));
    // The field keeps the focus, and a phone its keyboard.
    this.form.addEventListener("mousedown", (event) => event.target !== this.field && event.preventDefault());
    this.field.addEventListener("beforeinput", (event) => this.keepWithin(event));
    this.field.addEventListener("input", () => this.changed());
    addEventListener("resize", () => this.grow());
    this.grow();
    if (!this.field.value) this.restoring = this.restore();
  }

  async restore() {
    const left = await this.drafts.left();
    if (!left || this.field.value || this.edit) return; // written meanwhile: what was left waits for another tab
    this.field.value = this.drafts.take(left);
    this.showLimit();
    this.restored();
  }

  get unsent() {
    return this.field.value.trim() !== "";
  }

  /** What was half written when the conversation ended stays, to be copied. */
  close() {
    this.field.readOnly = true;
    byId("composer-over").hidden = false;
    /** @type {HTMLElement} */ (this.form.querySelector(".send")).hidden = true;
    byId("replying").hidden = true;
  }

  /** Not on a touch screen: the keyboard would cover what one came to read. */
  focus() {
    if (matchMedia("(pointer: fine)").matches) this.field.focus();
  }

  /** @param {string} text goes before what is already written */
  putBack(text) {
    this.edit?.cancel();
    this.field.value = [text, this.field.value].filter(Boolean).join("\n");
    this.field.focus();
    this.changed();
  }

  // Enter that ends an IME composition chooses a word; 229 is how older browsers say so.
  /** @param {KeyboardEvent} event */
  sendByKey(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    if (BY_TOUCH.matches && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.form.requestSubmit();
  }

  /** The arrow up in an empty field goes back to what one said last; Escape leaves it as it was. @param {KeyboardEvent} event */
  editByKey(event) {
    const isAlone = !(event.shiftKey || event.altKey || event.ctrlKey || event.metaKey || event.isComposing);
    if (event.key === "Escape" && this.edit && isAlone) this.edit.cancel();
    else if (event.key === "ArrowUp" && !this.field.value && !this.edit && isAlone) this.editLast();
    else return;
    event.preventDefault();
  }

  /**
   * @param {string} text stands in the field now, in place of what was there
   * @param {Edit} [edit]
   */
  show(text, edit) {
    this.edit = edit;
    this.field.value = text;
    this.grow();
    this.showLimit();
  }

  /** @param {SubmitEvent} event */
  submit(event) {
    event.preventDefault();
    const text = withoutBlankEdges(this.field.value);
    const attached = this.edit ? 0 : this.attached?.count;
    if (!(text || attached) || this.field.readOnly || excess(text) > 0) return this.field.focus();
    if (this.edit) return this.edit.save(text);
    const files = attached ? this.attached?.take() : [];
    if (!files) return;
    this.field.value = "";
    this.changed();
    this.field.focus();
    this.send(text, files);
  }

  attachedChanged() {
    this.form.classList.toggle("has-files", Boolean(this.attached?.count));
    this.grow();
  }

  /**
   * What is far too long for a message is not taken in, and not cut either: it is still where it was copied.
   * @param {InputEvent} event
   */
  keepWithin(event) {
    const added = event.data ?? event.dataTransfer?.getData("text/plain") ?? "";
    const { value, selectionStart, selectionEnd } = this.field;
    if (!added || value.length - (selectionEnd - selectionStart) + added.length <= FIELD_MAX_LENGTH) return;
    event.preventDefault();
    this.showProblem(`Too long to add. A message can have ${MESSAGE_MAX_CHARS} characters; send it in parts.`);
  }

  changed() {
    if (this.edit) this.edit.changed(this.field.value);
    else this.drafts.keep(this.field.value);
    this.typing(this.unsent && !this.edit);
    this.grow();
    this.showLimit();
  }

  grow() {
    if (!this.field.value) return this.field.style.removeProperty("height");
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight + 2}px`; // 2: its borders
  }

  showLimit() {
    const over = excess(withoutBlankEdges(this.field.value));
    const limit = byId("composer-limit");
    limit.hidden = over < -WARN_CHARS;
    limit.classList.toggle("over", over > 0);
    const characters = `${Math.abs(over)} ${Math.abs(over) === 1 ? "character" : "characters"}`;
    limit.textContent = over > 0 ? `${characters} too long` : `${characters} left`;
  }

  /** @param {string} words */
  showProblem(words) {
    const limit = byId("composer-limit");
    limit.hidden = false;
    limit.classList.add("over");
    limit.textContent = words;
  }
}

/**
 * Blank lines before and after are by accident; white space in a line with words means something, in code or a table.
 * @param {string} text
 */
function withoutBlankEdges(text) {
  const end = text.indexOf("\n", text.trimEnd().length);
  return (end < 0 ? text : text.slice(0, end)).replace(/^\s*\n/, "").replace(/^\s+$/, "");
}

/** @param {string} text counted as the server counts, in code points */
function excess(text) {
  return [...text].length - MESSAGE_MAX_CHARS;
}
