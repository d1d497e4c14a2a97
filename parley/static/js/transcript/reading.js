// @ts-check
// Where the reader is in the transcript: keeping that place, following the end, and knowing what was seen.
//
// The scroller is a reversed column: its scrollTop is 0 at the end and negative above, so a page opens at the end
// without a script, and stays there when the keyboard takes half the screen.
import { byId } from "../browser/dom.js";
import { restoreFocus } from "../browser/dialogs.js";
import { firstUnseen } from "../state/unread.js";

const FOLLOW_PX = 100;
/** How far from either edge the next page of history is fetched. */
const FETCH_PX = 600;
/** While much is said, what was fetched as the newest may no longer be. */
const MOST_TRIES = 3;
/** Room above what the reader is led to. */
const ABOVE_PX = 16;
/** As much of a message shows its first line: then it counts as seen. */
const FIRST_LINE_PX = 24;

export class Reading {
  /** @param {{store: import("../state/store.js").Store, history: import("./history.js").History}} parts */
  constructor({ store, history }) {
    this.store = store;
    this.history = history;
    this.scroller = byId("scroller");
    /** Whether the lowest message on the screen is the conversation's last. */
    this.endShown = !store.state.hasNewer;
    /** Whether a link brought the reader here and they have not moved since: then even near the end nothing scrolls. */
    this.held = false;
    /** Told whenever the reader may be elsewhere. */
    this.onMove = () => {};
  }

  start() {
    this.scroller.addEventListener("scroll", () => this.moved(), { passive: true });
    document.addEventListener("visibilitychange", () => this.moved());
    document.addEventListener("keydown", (event) => this.endByKey(event));
    this.scroller.addEventListener("keydown", (event) => this.stepByKey(event));
    for (const move of ["wheel", "touchmove", "pointerdown", "keydown"]) {
      this.scroller.addEventListener(move, () => (this.held = false), { passive: true });
    }
    // A finger that goes elsewhere leaves no mark behind: it easily opens a message's own link, which is its time.
    if (!matchMedia("(hover: hover)").matches) document.addEventListener("click", ({ target }) => unmark(target));
    // After the first paint: where the edges are is known then without laying the page out for it.
    const fetch = () => this.fetchNearEdge();
    requestAnimationFrame(() => setTimeout(() => this.store.watch(["messages", "hasOlder", "hasNewer"], fetch)));
  }

  atEnd() {
    return !this.store.state.hasNewer && this.scroller.scrollTop > -FOLLOW_PX;
  }

  /** Whether the end is more than a screen away. */
  isFarFromEnd() {
    return this.store.state.hasNewer || -this.scroller.scrollTop > this.scroller.clientHeight;
  }

  /** Whether the transcript stays at its end when something arrives there. */
  follows() {
    return this.endShown && !this.held && this.scroller.scrollTop > -FOLLOW_PX;
  }

  /** What an event that brings messages says of the reader: whether they see them at once, and are at the end. */
  place() {
    const isVisible = document.visibilityState === "visible";
    return { seen: isVisible && this.atEnd(), atEnd: this.atEnd() && this.follows() };
  }

  /**
   * Changes the transcript without moving what is being read; at the end, follows the end.
   * @param {() => void} change
   */
  keepPlace(change) {
    const anchor = this.follows() ? undefined : this.firstVisible();
    const before = anchor?.getBoundingClientRect().top ?? 0;
    change();
    this.endShown = !this.store.state.hasNewer;
    if (!anchor) this.followEnd();
    else if (anchor.isConnected) this.scroller.scrollTop += anchor.getBoundingClientRect().top - before;
    this.onMove();
  }

  /** In a hidden page only for as long as the first unread message stays on the screen: reading begins with it. */
  followEnd() {
    this.scroller.scrollTop = 0;
    const line = this.scroller.querySelector(".unread");
    if (!line || document.visibilityState === "visible") return;
    const above = this.scroller.getBoundingClientRect().top + ABOVE_PX - line.getBoundingClientRect().top;
    if (above > 0) this.scroller.scrollTop -= above;
  }

  firstVisible() {
    const { top } = this.scroller.getBoundingClientRect();
    const messages = this.scroller.querySelectorAll(".message");
    return [...messages].find((message) => message.getBoundingClientRect().bottom > top);
  }

  /** The seq of the lowest message whose first line is on the screen or above it; 0 where there is none. */
  lastVisibleSeq() {
    const { bottom } = this.scroller.getBoundingClientRect();
    const messages = /** @type {NodeListOf<HTMLElement>} */ (this.scroller.querySelectorAll(".message[data-seq]"));
    let [low, high] = [0, messages.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (messages[middle].getBoundingClientRect().top + FIRST_LINE_PX <= bottom) low = middle + 1;
      else high = middle;
    }
    return Number(messages[low - 1]?.dataset.seq ?? 0);
  }

  /** Shows the conversation's end, fetching it first when it is not loaded. */
  async toEnd() {
    for (let tries = 0; tries < MOST_TRIES && this.store.state.hasNewer; tries += 1) await this.history.loadNewest();
    this.held = false;
    this.scroller.scrollTop = 0;
    this.moved();
  }

  /**
   * Shows the first message that was not seen, with the line before it.
   * @returns {Promise<HTMLElement | null>} the message, if it is there
   */
  async toUnread() {
    if (!firstUnseen(this.store.state)) await this.history.loadAround(this.store.state.seenThrough + 1);
    const first = firstUnseen(this.store.state);
    const message = document.getElementById(`m-${first?.seq}`);
    if (message) this.showAt(startOf(message), this.scroller.getBoundingClientRect().top + ABOVE_PX);
    else if (!this.history.failed) await this.toEnd();
    return message;
  }

  /**
   * Shows where what is new begins, and gives it the focus, whether or not it was seen since.
   * @param {number} from
   */
  async goToFirst(from) {
    if (!document.querySelector(".unread")) await this.history.loadAround(from);
    const line = document.querySelector(".unread");
    const message = /** @type {HTMLElement | null | undefined} */ (line?.nextElementSibling);
    if (!line || !message) return;
    this.showAt(line, this.scroller.getBoundingClientRect().top + ABOVE_PX);
    message.focus({ preventScroll: true });
  }

  /**
   * @param {Element} element
   * @param {number} top where it is to begin on the screen, in pixels
   */
  showAt(element, top) {
    this.held = false;
    this.scroller.scrollTop += element.getBoundingClientRect().top - top;
    this.moved();
  }

  /** @returns {import("./last-read.js").Place | null} none at the end */
  isAt() {
    if (this.atEnd()) return null;
    const first = /** @type {HTMLElement | undefined} */ (this.firstVisible());
    if (!first?.dataset.seq) return null;
    const { bottom } = this.scroller.getBoundingClientRect();
    return { seq: Number(first.dataset.seq), above: bottom - first.getBoundingClientRect().top };
  }

  /** @param {import("./last-read.js").Place} place where the reader was before */
  async backTo({ seq, above }) {
    if (!document.getElementById(`m-${seq}`)) await this.history.loadAround(seq);
    const message = document.getElementById(`m-${seq}`);
    if (message) this.showAt(message, this.scroller.getBoundingClientRect().bottom - above);
  }

  /** What the reader wrote comes at the end; what is new to them begins after it. */
  async wrote() {
    await this.toEnd();
    this.store.dispatch({ type: "read_all" });
  }

  /**
   * Scrolls to a message, marks it and gives it focus. One that is not there is said not to be.
   * @param {number} seq
   */
  async goTo(seq) {
    if (!document.getElementById(`m-${seq}`) && seq <= this.store.state.seq) await this.history.loadAround(seq);
    const message = document.getElementById(`m-${seq}`);
    showMissing(message === null, this.history.failed);
    if (!message) return;
    unmark(null);
    message.classList.add("linked");
    this.held = true;
    message.scrollIntoView({ block: "center" });
    message.focus({ preventScroll: true });
  }

  moved() {
    const isVisible = document.visibilityState === "visible";
    if (!isVisible) this.store.dispatch({ type: "read_all" }); // whoever comes back begins anew
    else if (this.store.state.unread.count) this.sawThrough(this.atEnd() ? Infinity : this.lastVisibleSeq());
    this.fetchNearEdge();
    this.onMove();
  }

  /** @param {number} through */
  sawThrough(through) {
    this.store.dispatch({ type: "seen", through });
    if (document.visibilityState === "hidden") this.store.dispatch({ type: "read_all" });
  }

  fetchNearEdge() {
    if (this.history.failed) return;
    const { hasOlder, hasNewer } = this.store.state;
    if (!hasOlder && !hasNewer) return;
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    const above = scrollHeight - clientHeight + scrollTop;
    if (hasNewer && -scrollTop < FETCH_PX) this.history.loadNewer();
    else if (hasOlder && above < FETCH_PX) this.history.loadOlder();
  }

  // In a field that has something in it the key moves the cursor.
  /** @param {KeyboardEvent} event */
  endByKey(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const isWriting = target.matches("input, textarea") && /** @type {HTMLInputElement} */ (target).value !== "";
    if (event.key !== "End" || event.shiftKey || event.altKey || isWriting || target.closest("dialog")) return;
    event.preventDefault();
    this.toEnd().then(() => restoreFocus(this.scroller));
  }

  // Arrow keys walk from message to message once one has the focus.
  /** @param {KeyboardEvent} event */
  stepByKey(event) {
    const focused = document.activeElement?.closest(".message");
    if (!focused || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    const messages = [...this.scroller.querySelectorAll(".message")];
    const next = messages[messages.indexOf(focused) + (event.key === "ArrowUp" ? -1 : 1)];
    if (!(next instanceof HTMLElement)) return;
    event.preventDefault();
    next.focus();
  }
}

/**
 * Where one begins to read it: at the line before it, and the day before that.
 * @param {Element} message
 */
function startOf(message) {
  let start = message;
  while (start.previousElementSibling?.matches(".unread, .day")) start = start.previousElementSibling;
  return start;
}

/**
 * @param {boolean} isMissing
 * @param {boolean} isUnknown whether it could not be looked for
 */
function showMissing(isMissing, isUnknown) {
  const bar = byId("missing");
  bar.hidden = !isMissing;
  // Screen readers are told of what changes in a bar that is there.
  if (isUnknown) byId("missing-text").textContent = "Couldn't load that message. Try again later.";
  else byId("missing-text").textContent = "That message isn't here. It may have been erased.";
}

/** @param {EventTarget | null} unless what is in it, such as what was touched */
function unmark(unless) {
  const marked = document.querySelector(".linked");
  if (!marked?.contains(/** @type {Node | null} */ (unless))) marked?.classList.remove("linked");
}
