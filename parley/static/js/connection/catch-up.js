// @ts-check
// Asks for what was missed while the connection looked whole: an event that was lost, or a page that slept.
import { announceMissed } from "../transcript/announcer.js";
import { GAP_MS, Missing } from "./missing.js";

/** A page hidden for longer may have been frozen meanwhile. */
const SLEPT_MS = 60_000;

export class CatchUp extends Missing {
  /**
   * @param {object} parts
   * @param {import("../state/store.js").Store} parts.store
   * @param {import("./connection.js").Connection} parts.connection
   * @param {import("../transcript/reading.js").Reading} parts.reading
   */
  constructor({ store, connection, reading }) {
    super(connection);
    this.store = store;
    this.reading = reading;
    this.hiddenAt = Infinity;
  }

  get seq() {
    return this.store.state.seq;
  }

  start() {
    this.store.watch(["ahead"], () => this.hasGap() && this.soon(GAP_MS, () => this.hasGap()));
    document.addEventListener("visibilitychange", () => this.shown());
    addEventListener("online", () => this.now());
  }

  hasGap() {
    return this.store.state.ahead.length > 0;
  }

  shown() {
    const isHidden = document.visibilityState === "hidden";
    if (!isHidden && Date.now() - this.hiddenAt >= SLEPT_MS) this.now();
    this.hiddenAt = isHidden ? Date.now() : Infinity;
  }

  /**
   * @param {number} since
   * @param {import("./wire.js").OkAck} ack
   */
  take(since, { seq, messages, is_active: isActive, erased_through: erasedThrough }) {
    const missed = missedAmong(messages, this.store.state);
    this.store.dispatch({ type: "synced", since, seq, messages, isActive, erasedThrough, ...this.reading.place() });
    announceMissed(missed);
  }
}

/**
 * Messages of others that are news.
 * @param {import("./wire.js").Message[]} messages
 * @param {import("../state/store.js").State} state
 */
export function missedAmong(messages, { seq, ahead, me }) {
  const known = new Set(ahead.map((change) => change.seq));
  return messages.filter((message) => message.seq > seq && !known.has(message.seq) && message.user_id !== me?.userId);
}
