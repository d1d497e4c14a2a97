// @ts-check
// Tells the server how far one has read, so that one's other devices know it: as one reads, and at most once a second.
import { lastOfOthers } from "../state/unread.js";

const EVERY_MS = 1000;

export class ReadMarks {
  /**
   * @param {object} parts
   * @param {import("../state/store.js").Store} parts.store
   * @param {import("../connection/connection.js").Connection} parts.connection
   */
  constructor({ store, connection }) {
    this.store = store;
    this.connection = connection;
    this.sentAt = -Infinity;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  start() {
    this.store.watch(["messages", "unread", "seenThrough", "readSeq", "connection", "me"], () => this.look());
    document.addEventListener("visibilitychange", () => this.look());
  }

  // A page that nobody sees reads nothing.
  look() {
    if (this.timer || document.visibilityState === "hidden" || !this.isNews()) return;
    const wait = this.sentAt + EVERY_MS - performance.now();
    if (wait <= 0) return this.send();
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.look();
    }, wait);
  }

  /** What is said by oneself, and what changes without being said, is nothing to read. */
  target() {
    const { state } = this.store;
    return lastOfOthers(state, state.unread.count ? state.seenThrough : state.seq);
  }

  isNews() {
    const { me, readSeq } = this.store.state;
    return me !== null && this.connection.live && this.target() > readSeq;
  }

  send() {
    const seq = this.target();
    this.sentAt = performance.now();
    this.connection.tell("mark_read", { seq });
    this.store.dispatch({ type: "own_read", seq });
  }
}
