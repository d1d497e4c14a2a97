// @ts-check
// Where the reader is in the transcript: keeping that place, following the end, and knowing what was seen.
//
// The scroller is a reversed column: its scrollTop is 0 at the end and negative above, so a page opens at the end
// without a script, and stays there when the keyboard takes half the screen.
import { byId } from "../browser/dom.js";

const FOLLOW_PX = 100;
/** How far from either edge the next page of history is fetched. */
const FETCH_PX = 600;
/** While much is said, what was fetched as the newest may no longer be. */
const MOST_TRIES = 3;
/** How long the "New" line stays after its messages were seen. */
const UNREAD_LINE_MS = 3000;

export class Reading {
  /** @param {{store: import("../state/store.js").Store, history: import("./history.js").History}} parts */
  constructor({ store, history }) {
    this.store = store;
    this.history = history;
    this.scroller = byId("scroller");
    this.pill = byId("pill");
    this.title = document.title;
    /** Whether the lowest message on the screen is the conversation's last. */
    this.endShown = !store.state.hasNewer;
    /** Whether a link brought the reader here and they have not moved since: then even near the end nothing scrolls. */
    this.held = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.lineTimer = undefined;
  }

  start() {
    this.scroller.addEventListener("scroll", () => this.moved(), { passive: true });
    document.addEventListener("visibilitychange", () => this.moved());
    this.pill.addEventListener("click", () => this.toEnd());
    this.scroller.addEventListener("keydown", (event) => this.stepByKey(event));
    for (const move of ["wheel", "touchmove", "pointerdown", "keydown"]) {
      this.scroller.addEventListener(move, () => (this.held = false), { passive: true });
    }
    this.store.watch(["unread", "knocks"], (state) => this.showUnread(state));
    // After the first paint: where the edges are is known then without laying the page out for it.
    const fetch = () => this.fetchNearEdge();
    requestAnimationFrame(() => setTimeout(() => this.store.watch(["messages", "hasOlder", "hasNewer"], fetch)));
  }

  atEnd() {
    return !this.store.state.hasNewer && this.scroller.scrollTop > -FOLLOW_PX;
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
    if (!anchor) this.scroller.scrollTop = 0;
    else if (anchor.isConnected) this.scroller.scrollTop += anchor.getBoundingClientRect().top - before;
  }

  firstVisible() {
    const { top } = this.scroller.getBoundingClientRect();
    const messages = this.scroller.querySelectorAll(".message");
    return [...messages].find((message) => message.getBoundingClientRect().bottom > top);
  }

  /** Shows the conversation's end, fetching it first when it is not loaded. */
  async toEnd() {
    for (let tries = 0; tries < MOST_TRIES && this.store.state.hasNewer; tries += 1) await this.history.loadNewest();
    this.held = false;
    this.scroller.scrollTop = 0;
    this.moved();
  }

  /**
   * Scrolls to a message, marks it and gives it focus.
   * @param {number} seq
   */
  async goTo(seq) {
    if (!document.getElementById(`m-${seq}`)) await this.history.loadAround(seq);
    const message = document.getElementById(`m-${seq}`);
    if (!message) return;
    for (const marked of document.querySelectorAll(".message.linked")) marked.classList.remove("linked");
    message.classList.add("linked");
    this.held = true;
    message.scrollIntoView({ block: "center" });
    message.focus({ preventScroll: true });
  }

  /** @param {string} title */
  retitle(title) {
    this.title = title;
    this.showUnread(this.store.state);
  }

  moved() {
    if (this.place().seen) this.store.dispatch({ type: "seen" });
    this.fetchNearEdge();
  }

  fetchNearEdge() {
    if (this.history.failed) return;
    const { hasOlder, hasNewer } = this.store.state;
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    const above = scrollHeight - clientHeight + scrollTop;
    if (hasNewer && -scrollTop < FETCH_PX) this.history.loadNewer();
    else if (hasOlder && above < FETCH_PX) this.history.loadOlder();
  }

  /** @param {import("../state/store.js").State} state */
  showUnread({ unread: { from, count }, knocks }) {
    const marks = [knocks.length ? `(${knocks.length} waiting)` : "", count ? `(${count})` : ""];
    document.title = [...marks, this.title].filter(Boolean).join(" ");
    this.pill.hidden = !count || this.atEnd();
    byId("pill-text").textContent = count === 1 ? "1 new message" : `${count} new messages`;
    clearTimeout(this.lineTimer);
    if (from && !count) this.lineTimer = setTimeout(() => this.store.dispatch({ type: "read" }), UNREAD_LINE_MS);
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
