// @ts-check
// The menu of messages: one row of tools that goes to the message in question, and by touch a sheet of the same.
import { MenuSheet } from "./menu-sheet.js";
import { Tools } from "./tools.js";
import { byId } from "../browser/dom.js";

/** @typedef {import("./actions.js").Action} Action */

const LONG_PRESS_MS = 450;
/** The click that lifting a finger makes comes this soon after it. */
const CLICKS_WITHIN_MS = 400;
/** A finger that moves further scrolls. */
const STILL_PX = 10;
const BY_TOUCH = matchMedia("(hover: none)");
const ON_A_MAC = /Mac/.test(navigator.platform);
const ELSEWHERE = "a:not(.quote), button, summary, input, textarea";

export class MessageMenu {
  /**
   * @param {import("./actions.js").Page} page
   * @param {Action[]} actions
   */
  constructor(page, actions) {
    this.page = page;
    this.actions = actions;
    this.root = byId("items");
    this.tools = new Tools({ run: (name) => this.runByName(name), more: () => this.openSheet(this.tools.message) });
    this.sheet = new MenuSheet((name, element) => this.run(this.offered(element).find((each) => each.name === name), element));
    /** @type {{timer: ReturnType<typeof setTimeout>, x: number, y: number} | undefined} a finger that lies on a message */
    this.press = undefined;
    /** Where the mouse is on the screen. */
    this.at = "";
    /** @type {number | undefined} */
    this.frame = undefined;
  }

  /** @param {Event} [first] that brought somebody to a message, if it is not over */
  start(first) {
    this.root.addEventListener("pointerover", (event) => this.over(event));
    this.root.addEventListener("pointermove", (event) => this.over(event));
    this.root.addEventListener("pointerleave", () => this.showAtFocus());
    this.root.addEventListener("focusin", (event) => this.show(messageAt(event.target)));
    this.root.addEventListener("focusout", (event) => messageAt(event.relatedTarget) || this.leave());
    this.root.addEventListener("keydown", (event) => this.keyed(event));
    this.root.addEventListener("pointerdown", (event) => this.pressed(event));
    for (const end of ["pointerup", "pointercancel", "pointermove"]) {
      this.root.addEventListener(end, (event) => this.released(/** @type {PointerEvent} */ (event)));
    }
    this.root.addEventListener("contextmenu", (event) => this.keepFromBrowser(event));
    this.page.store.watch(["messages", "ahead", "deleting", "me", "owner", "active", "readOnly", "accountsOnly", "gone"], () => this.refreshSoon());
    addEventListener("resize", () => this.refreshSoon());
    this.showAtFocus();
    if (first instanceof PointerEvent) {
      this.over(first);
      this.pressed(first);
    }
  }

  /** @param {PointerEvent} event */
  over(event) {
    // Where lines move under a mouse that does not, the tools stay with their message: whoever is about to press one
    // means that.
    const at = `${event.screenX} ${event.screenY}`;
    if (event.type === "pointerover" && at === this.at) return;
    this.at = at;
    const element = messageAt(event.target);
    if (element && element === this.tools.message) return;
    // Whoever holds a button down marks words, or drags.
    if (event.pointerType === "touch" || event.buttons || !element || this.tools.isUsedByKey()) return;
    this.show(element);
  }

  /** The mouse has gone: what has the focus keeps its tools. */
  showAtFocus() {
    const focused = messageAt(document.activeElement);
    if (focused && this.root.contains(focused)) this.show(focused);
    else this.tools.hide();
  }

  /** The focus has gone: the message under the mouse keeps its tools. */
  leave() {
    if (!this.tools.message?.matches(":hover")) this.tools.hide();
  }

  /** @param {HTMLElement | null} element */
  show(element) {
    const offered = element ? this.offered(element) : [];
    if (element && offered.length) this.tools.showAt(element, offered, BY_TOUCH.matches);
    else this.tools.hide();
  }

  /** With the next frame: where much is said, each place that is asked for would lay out the page. */
  refreshSoon() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.refresh();
    });
  }

  /** What is offered may be another now, and the message may have moved under its tools. */
  refresh() {
    const { message } = this.tools;
    if (message) this.show(message.isConnected ? message : null);
  }

  /**
   * @param {HTMLElement} element
   * @returns {Action[]}
   */
  offered(element) {
    const message = this.messageOf(element);
    const { deleting } = this.page.store.state;
    if (!message || message.deleted || message.type === "call" || deleting.some(({ id }) => id === message.id)) return [];
    return this.actions.filter((action) => action.isFor(message, this.page.store.state));
  }

  /** @param {HTMLElement} element */
  messageOf({ dataset: { id } }) {
    const { messages, ahead } = this.page.store.state;
    if (!id) return undefined;
    return messages.find((each) => each.id === id) ?? ahead.find(({ message }) => message?.id === id)?.message;
  }

  /** @param {string} name */
  runByName(name) {
    const { message } = this.tools;
    if (message) this.run(this.offered(message).find((action) => action.name === name), message);
  }

  /**
   * @param {Action | undefined} action
   * @param {HTMLElement} element
   */
  run(action, element) {
    const message = this.messageOf(element);
    if (action && message) action.run(message, element, this.page);
  }

  // Each action has its key while the message has the focus; Enter goes to the tools themselves.
  /** @param {KeyboardEvent} event */
  keyed(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const element = messageAt(target);
    if (!element || event.ctrlKey || event.metaKey || event.altKey || target.matches("input, textarea")) return;
    const key = ON_A_MAC && event.key === "Backspace" ? "Delete" : event.key; // its keyboards have no other
    const action = this.offered(element).find((each) => each.key === key);
    const goesToTools = event.key === "Enter" && target === element;
    if (!action && !goesToTools) return;
    event.preventDefault();
    if (action) this.run(action, element);
    else this.tools.focus();
  }

  /** @param {PointerEvent} event */
  pressed(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const element = messageAt(target);
    this.letGo();
    if (event.pointerType !== "touch" || !event.isPrimary || !element || target.closest(ELSEWHERE)) return;
    const timer = setTimeout(() => {
      ignoreLift();
      this.openSheet(element);
    }, LONG_PRESS_MS);
    this.press = { timer, x: event.clientX, y: event.clientY };
  }

  /** @param {PointerEvent} event */
  released({ type, clientX, clientY }) {
    if (!this.press) return;
    const moved = Math.hypot(clientX - this.press.x, clientY - this.press.y);
    if (type !== "pointermove" || moved > STILL_PX) this.letGo();
  }

  letGo() {
    clearTimeout(this.press?.timer);
    this.press = undefined;
  }

  /** A browser's own menu for a long press would lie over ours. @param {MouseEvent} event */
  keepFromBrowser(event) {
    const isLink = /** @type {HTMLElement} */ (event.target).closest(ELSEWHERE);
    if (this.press && !isLink) event.preventDefault();
  }

  /** @param {HTMLElement | undefined} element */
  openSheet(element) {
    const message = element && this.messageOf(element);
    const offered = element ? this.offered(element) : [];
    if (element && message && offered.length) this.sheet.open(element, message, offered, this.page);
  }
}

/**
 * @param {EventTarget | null} target
 * @returns {HTMLElement | null}
 */
function messageAt(target) {
  return target instanceof Element ? target.closest(".message") : null;
}

/** Lifting the finger that opened the sheet presses nothing: *Delete* may have come to lie under it. */
function ignoreLift() {
  /** @param {MouseEvent} event */
  const ignore = (event) => {
    if (event.detail === 0) return; // by keyboard
    event.preventDefault();
    event.stopPropagation();
  };
  const listening = new AbortController();
  const { signal } = listening;
  addEventListener("click", ignore, { capture: true, signal });
  addEventListener("pointerdown", () => listening.abort(), { capture: true, signal });
  for (const end of ["pointerup", "pointercancel"]) {
    addEventListener(end, () => setTimeout(() => listening.abort(), CLICKS_WITHIN_MS), { signal });
  }
}
