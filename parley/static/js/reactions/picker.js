// @ts-check
// Reacting to a message: six emoji at once, and all others a step further. Beside the message, or where a thumb is.
import { openDialog } from "../browser/dialogs.js";
import { reactionsOf } from "../state/reacting.js";
import { keepInSight } from "../transcript/in-sight.js";
import { isOwn } from "../transcript/reactions.js";
import * as kept from "./kept.js";
import { send } from "./react.js";

/** @typedef {import("../connection/wire.js").Message} Message */

const EDGE_PX = 8;
const BESIDE = matchMedia("(min-width: 761px) and (hover: hover)");

/** @type {Picker | undefined} */
let picker;

/**
 * @param {Message} message
 * @param {HTMLElement} element
 * @param {import("./react.js").Page} page
 */
export function openPicker(message, element, page) {
  picker ??= new Picker();
  picker.open(message, element, page);
  return picker;
}

/**
 * The six in a sheet of other things, which `close` closes; "+" leads to all others.
 * @param {Message} message
 * @param {HTMLElement} element
 * @param {import("./react.js").Page} page
 * @param {() => void} close
 */
export function quickRow(message, element, page, close) {
  const row = emptyRow();
  const more = moreButton(() => {
    close(); // first: the focus goes back to the message
    openPicker(message, element, page).showAll();
  });
  const pick = (/** @type {string} */ emoji, /** @type {boolean} */ on) => {
    close();
    choose(page, message.id, emoji, on);
  };
  fill(row, isOnIn(page, message.id), pick, more);
  return row;
}

class Picker {
  constructor() {
    this.dialog = document.createElement("dialog");
    this.dialog.className = "sheet picker";
    this.dialog.setAttribute("aria-label", "React");
    this.row = emptyRow();
    this.more = moreButton(() => this.showAll());
    this.more.setAttribute("aria-expanded", "false");
    this.all = document.createElement("div");
    this.all.className = "picker-all";
    this.all.hidden = true;
    this.dialog.append(this.row, this.all);
    this.dialog.addEventListener("click", ({ target }) => target === this.dialog && this.dialog.close());
    addEventListener("resize", () => {
      this.from = undefined; // what was there is elsewhere by now
      if (this.dialog.open) this.place();
    });
    document.body.append(this.dialog);
  }

  /**
   * @param {Message} message
   * @param {HTMLElement} element
   * @param {import("./react.js").Page} page
   */
  open({ id }, element, page) {
    if (this.dialog.open) return;
    this.element = element;
    // Where the mouse is that asked for it: they go once the focus is in the dialog.
    this.from = element.querySelector(".tools")?.getBoundingClientRect();
    this.all.hidden = true;
    this.more.setAttribute("aria-expanded", "false");
    const isOn = isOnIn(page, id);
    this.pick = (/** @type {string} */ emoji) => {
      this.dialog.close(); // first: the focus goes back to the message
      choose(page, id, emoji, !isOn(emoji));
    };
    fill(this.row, isOn, this.pick, this.more);
    openDialog(this.dialog, element);
    this.place();
    if (!BESIDE.matches) keepInSight(element, this.dialog);
  }

  async showAll() {
    if (!this.all.hidden) return;
    const button = this.more;
    button.setAttribute("aria-busy", "true");
    try {
      const { AllEmoji } = await import("./all.js");
      this.everything ??= new AllEmoji(this.all, { ...kept, step, pick: (emoji) => this.pick?.(emoji) });
    } catch {
      this.all.textContent = "Couldn't load the emoji. Try again.";
    }
    button.removeAttribute("aria-busy");
    if (!this.dialog.open) return;
    button.setAttribute("aria-expanded", "true");
    this.all.hidden = false;
    this.everything?.show();
    this.place(); // once it is as high as all of that
  }

  /** Over the message's text or under it, where there is room; on a phone it comes from below. */
  place() {
    const { style } = this.dialog;
    const text = this.element?.querySelector(".message-text")?.getBoundingClientRect();
    if (!BESIDE.matches || !text) {
      style.margin = style.left = style.top = "";
      return;
    }
    const { offsetWidth: width, offsetHeight: height } = this.dialog;
    const isMine = this.element?.classList.contains("mine");
    const left = this.from ? this.from.right - width : isMine ? text.right - width : text.left;
    const over = text.top - height - EDGE_PX;
    const top = over >= EDGE_PX ? over : Math.min(text.bottom + EDGE_PX, innerHeight - height - EDGE_PX);
    style.margin = "0";
    style.left = `${Math.max(EDGE_PX, Math.min(left, innerWidth - width - EDGE_PX))}px`;
    style.top = `${Math.max(EDGE_PX, top)}px`;
  }
}

function emptyRow() {
  const row = document.createElement("div");
  row.className = "picker-quick";
  row.setAttribute("role", "toolbar");
  row.setAttribute("aria-label", "Quick reactions");
  row.addEventListener("keydown", (event) => step(row, event));
  return row;
}

/**
 * @param {HTMLElement} row
 * @param {(emoji: string) => boolean} isOn
 * @param {(emoji: string, on: boolean) => void} pick
 * @param {HTMLElement} more
 */
function fill(row, isOn, pick, more) {
  const quick = kept.quick().map((emoji) => {
    const button = emojiButton(emoji, () => pick(emoji, !isOn(emoji)));
    button.setAttribute("aria-pressed", String(isOn(emoji)));
    return button;
  });
  const buttons = [...quick, more];
  buttons.forEach((each, at) => (each.tabIndex = at ? -1 : 0));
  row.replaceChildren(...buttons);
}

/** @param {() => void} act */
function moreButton(act) {
  const button = emojiButton("+", act);
  button.classList.add("more");
  button.setAttribute("aria-label", "More emoji");
  return button;
}

/**
 * @param {string} words
 * @param {() => void} act
 */
function emojiButton(words, act) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "emoji";
  button.textContent = words;
  button.addEventListener("click", act);
  return button;
}

/**
 * With which emoji one has reacted to a message.
 * @param {import("./react.js").Page} page
 * @param {string} id the message's
 */
function isOnIn({ store: { state } }, id) {
  const message = state.messages.find((each) => each.id === id);
  const own = message ? reactionsOf(message, state).filter((each) => isOwn(each, state.me?.userId ?? "")) : [];
  return (/** @type {string} */ emoji) => own.some((each) => each.emoji === emoji);
}

/**
 * @param {import("./react.js").Page} page
 * @param {string} id the message's
 * @param {string} emoji
 * @param {boolean} on
 */
function choose(page, id, emoji, on) {
  if (on) kept.use(emoji);
  send(page, id, emoji, on);
}

/**
 * The arrow keys walk along a row, whose one place in the order of Tab is where they are.
 * @param {HTMLElement} row
 * @param {KeyboardEvent} event
 */
function step(row, event) {
  const buttons = /** @type {HTMLElement[]} */ ([...row.querySelectorAll("button")]);
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const at = buttons.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  if (!by || at < 0) return;
  const next = buttons[(at + by + buttons.length) % buttons.length];
  for (const each of buttons) each.tabIndex = each === next ? 0 : -1;
  next.focus();
  event.preventDefault();
}
