// @ts-check
// The one row of tools on the page, which goes to the message in question and covers none of its words.
import { byId } from "../browser/dom.js";
import { icon, keyName } from "./menu-icon.js";

/** @typedef {import("./actions.js").Action} Action */

const GAP_PX = 8;
/** Between the tools and the edge of what scrolls. */
const EDGE_PX = 4;
/** The name of a tool stands over it, where there is room. */
const NAME_PX = 34;
/** How high a line is, and one of one's own. */
const LINE_PX = 24;
const BUBBLE_PX = 38;
const DOTS = "M4.5 10h.01M10 10h.01M15.5 10h.01";

export class Tools {
  /** @param {{run: (name: string) => void, more: () => void}} parts */
  constructor({ run, more }) {
    this.run = run;
    this.more = more;
    /** @type {HTMLElement | undefined} whose they are just now */
    this.message = undefined;
    this.names = "";
    this.row = document.createElement("div");
    this.row.className = "tools";
    this.row.setAttribute("role", "toolbar");
    this.row.setAttribute("aria-label", "Message actions");
    this.row.addEventListener("keydown", (event) => this.step(event));
  }

  /**
   * @param {HTMLElement} message
   * @param {Action[]} actions
   * @param {boolean} byTouch then one button stands for all
   */
  showAt(message, actions, byTouch) {
    this.fill(actions, byTouch);
    if (this.row.parentElement !== message) this.moveTo(message);
    place(this.row, message, byTouch);
  }

  hide() {
    const from = this.message;
    this.message = undefined;
    this.leaveFocusTo(from);
    this.row.remove();
  }

  /** What is moved or removed loses the focus, which is then nowhere. @param {HTMLElement | undefined} message */
  leaveFocusTo(message) {
    if (this.row.contains(document.activeElement)) message?.focus({ preventScroll: true });
  }

  focus() {
    /** @type {HTMLElement | null} */ (this.row.querySelector('[tabindex="0"]'))?.focus();
  }

  isUsedByKey() {
    return this.row.querySelector(":focus-visible") !== null;
  }

  /** @param {HTMLElement} message */
  moveTo(message) {
    const from = this.message;
    this.message = message;
    this.leaveFocusTo(from);
    message.append(this.row);
  }

  /**
   * @param {Action[]} actions
   * @param {boolean} byTouch
   */
  fill(actions, byTouch) {
    const names = byTouch ? "more" : actions.map(({ name, label }) => `${name} ${label}`).join();
    if (names === this.names) return;
    this.names = names;
    const tools = byTouch ? [this.dots()] : actions.map((action) => this.tool(action));
    tools.forEach((tool, at) => (tool.tabIndex = at ? -1 : 0));
    this.row.replaceChildren(...tools);
  }

  /** @param {Action} action */
  tool({ name, label, key, icon: path }) {
    const tool = button(label, path);
    tool.dataset.name = name;
    tool.setAttribute("aria-keyshortcuts", key);
    const shown = document.createElement("span");
    shown.className = "tool-name";
    shown.append(label, keyName(key));
    tool.append(shown);
    tool.addEventListener("click", () => this.run(name));
    return tool;
  }

  dots() {
    const tool = button("Message actions", DOTS);
    tool.classList.add("more");
    tool.setAttribute("aria-haspopup", "dialog");
    tool.addEventListener("click", () => this.more());
    return tool;
  }

  /** The arrow keys walk along a toolbar. @param {KeyboardEvent} event */
  step(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by) return;
    const tools = /** @type {HTMLElement[]} */ ([...this.row.children]);
    const at = tools.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const next = tools[(at + by + tools.length) % tools.length];
    tools.forEach((tool) => (tool.tabIndex = tool === next ? 0 : -1));
    next.focus();
    event.preventDefault();
  }
}

/**
 * @param {string} label
 * @param {string} path
 */
function button(label, path) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "tool";
  made.setAttribute("aria-label", label);
  made.append(icon(path));
  return made;
}

/**
 * Beside the text, where there is room in the column or in the margin; else beside the name; else above it all.
 * @param {HTMLElement} row
 * @param {HTMLElement} message
 * @param {boolean} byTouch
 */
function place(row, message, byTouch) {
  const whole = message.getBoundingClientRect();
  const pane = byId("scroller").getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = row;
  const taken = [...message.children]
    .filter((child) => child !== row && !child.matches(".face"))
    .map((child) => child.getBoundingClientRect());
  const isMine = message.classList.contains("mine");
  /** @param {number} top */
  const besideAt = (top) => {
    const beside = taken.filter((box) => box.width && box.bottom > top && box.top < top + height);
    const left = isMine
      ? Math.min(...beside.map((box) => box.left)) - GAP_PX - width
      : Math.max(...beside.map((box) => box.right)) + GAP_PX;
    return left >= pane.left + EDGE_PX && left + width <= pane.right - EDGE_PX ? { left, top } : undefined;
  };
  const text = message.querySelector(".message-text")?.getBoundingClientRect() ?? whole;
  // Of a long message whose beginning is out of sight, beside what is seen of it.
  const firstLine = Math.min(Math.max(text.top, pane.top + EDGE_PX), Math.max(text.top, whole.bottom - height));
  const centred = text.top + (Math.min(text.height, isMine ? BUBBLE_PX : LINE_PX) - height) / 2;
  const above = whole.top - height < pane.top ? whole.bottom : whole.top - height;
  const at =
    besideAt(firstLine > text.top ? firstLine : centred) ??
    besideAt(firstLine) ??
    high(besideAt(text.top - height)) ??
    (byTouch ? besideName(message, whole, width, height) : undefined) ?? { left: whole.right - width, top: above };
  row.style.left = `${at.left - whole.left}px`;
  row.style.top = `${at.top - whole.top}px`;
  row.classList.toggle("high", "isHigh" in at);
  row.classList.toggle("low", at.top - NAME_PX < pane.top);
}

/** The dots in it stand at its foot, on the line of the name. @param {{left: number, top: number} | undefined} at */
function high(at) {
  return at && { ...at, isHigh: true };
}

/**
 * At the end of the line with the name, where that leaves room; what it is higher than that line stands above it.
 * @param {HTMLElement} message
 * @param {DOMRect} whole
 * @param {number} width
 * @param {number} height
 */
function besideName(message, whole, width, height) {
  const head = /** @type {HTMLElement} */ (message.querySelector(".message-head"));
  const boxes = [...head.children].map((part) => part.getBoundingClientRect()).filter((box) => box.width);
  const [line] = boxes;
  const left = whole.right - width;
  if (!line || boxes.some((box) => box.right + GAP_PX > left)) return undefined;
  return { left, top: line.bottom - height, isHigh: true };
}
