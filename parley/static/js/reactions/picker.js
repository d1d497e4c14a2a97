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
}

class Picker {
  constructor() {
    this.dialog = document.createElement("dialog");
    this.dialog.className = "sheet picker";
    this.dialog.setAttribute("aria-label", "React");
    this.row = document.createElement("div");
    this.row.className = "picker-quick";
    this.row.setAttribute("role", "toolbar");
    this.row.setAttribute("aria-label", "Quick reactions");
    this.row.addEventListener("keydown", (event) => step(this.row, event));
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
    const { state } = page.store;
    const now = state.messages.find((each) => each.id === id);
    const own = now ? reactionsOf(now, state).filter((each) => isOwn(each, state.me?.userId ?? "")) : [];
    const isOn = (/** @type {string} */ emoji) => own.some((each) => each.emoji === emoji);
    this.pick = (/** @type {string} */ emoji) => {
      this.dialog.close(); // first: the focus goes back to the message
      const on = !isOn(emoji);
      if (on) kept.use(emoji);
      send(page, id, emoji, on);
    };
    this.row.replaceChildren(...kept.quick().map((emoji) => this.quick(emoji, isOn(emoji))), this.more());
    [...this.row.children].forEach((each, at) => (/** @type {HTMLElement} */ (each).tabIndex = at ? -1 : 0));
    openDialog(this.dialog, element);
    this.place();
    if (!BESIDE.matches) keepInSight(element, this.dialog);
  }

  /**
   * @param {string} emoji
   * @param {boolean} isOn
   */
  quick(emoji, isOn) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "emoji";
    button.textContent = emoji;
    button.setAttribute("aria-pressed", String(isOn));
    button.addEventListener("click", () => this.pick?.(emoji));
    return button;
  }

  more() {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "emoji more";
    button.textContent = "+";
    button.setAttribute("aria-label", "More emoji");
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("click", () => this.showAll(button));
    return button;
  }

  /** @param {HTMLElement} button */
  async showAll(button) {
    if (!this.all.hidden) return;
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
    this.place(); // now that it is as high as it will be
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
