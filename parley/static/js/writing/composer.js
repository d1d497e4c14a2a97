// @ts-check
import { byId } from "../browser/dom.js";
import { recall, remember } from "../browser/saved.js";

const MESSAGE_MAX_CHARS = 8000;
const WARN_CHARS = 200;

/** Where one writes. Keeps a draft for each conversation. */
export class Composer {
  /**
   * @param {object} parts
   * @param {string} parts.roomId
   * @param {(text: string) => void} parts.send
   * @param {(isTyping: boolean) => void} parts.typing
   */
  constructor({ roomId, send, typing }) {
    this.send = send;
    this.typing = typing;
    this.draft = `draft:${roomId}`;
    this.form = /** @type {HTMLFormElement} */ (byId("composer"));
    this.field = /** @type {HTMLTextAreaElement} */ (byId("message"));
  }

  start() {
    this.form.noValidate = true; // an empty message is simply not sent, without a bubble
    this.field.value ||= recall(this.draft);
    this.form.addEventListener("submit", (event) => this.submit(event));
    this.field.addEventListener("keydown", (event) => this.sendByKey(event));
    this.field.addEventListener("input", () => this.changed());
    addEventListener("resize", () => this.grow());
    this.grow();
  }

  get unsent() {
    return this.field.value.trim() !== "";
  }

  /** What was half written when the conversation ended stays, to be copied. */
  close() {
    this.field.readOnly = true;
    byId("composer-over").hidden = false;
    /** @type {HTMLElement} */ (this.form.querySelector("button")).hidden = true;
  }

  /** Not on a touch screen: the keyboard would cover what one came to read. */
  focus() {
    if (matchMedia("(pointer: fine)").matches) this.field.focus();
  }

  /** @param {string} text goes before what is already written */
  putBack(text) {
    this.field.value = this.field.value ? `${text}\n${this.field.value}` : text;
    this.field.focus();
    this.changed();
  }

  // Enter that ends an IME composition chooses a word; 229 is how older browsers say so.
  /** @param {KeyboardEvent} event */
  sendByKey(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.form.requestSubmit();
  }

  /** @param {SubmitEvent} event */
  submit(event) {
    event.preventDefault();
    const text = this.field.value.trim();
    if (!text || this.field.readOnly || excess(text) > 0) return this.field.focus();
    this.field.value = "";
    this.changed();
    this.field.focus();
    this.send(text);
  }

  changed() {
    remember(this.draft, this.field.value);
    this.typing(this.unsent);
    this.grow();
    this.showLimit();
  }

  grow() {
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight + 2}px`; // 2: its borders
  }

  showLimit() {
    const over = excess(this.field.value.trim());
    const limit = byId("composer-limit");
    limit.hidden = over < -WARN_CHARS;
    limit.classList.toggle("over", over > 0);
    const characters = `${Math.abs(over)} ${Math.abs(over) === 1 ? "character" : "characters"}`;
    limit.textContent = over > 0 ? `${characters} too long` : `${characters} left`;
  }
}

/** @param {string} text counted as the server counts, in code points */
function excess(text) {
  return [...text].length - MESSAGE_MAX_CHARS;
}
