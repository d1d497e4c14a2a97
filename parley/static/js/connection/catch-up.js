// @ts-check
// Asks for what was missed while the connection looked whole: an event that was lost, or a page that slept.
import { announceMissed } from "../transcript/announcer.js";

/** How long a gap in the changes may stay before what is missing is asked for. */
const GAP_MS = 250;
/** A page hidden for longer may have been frozen meanwhile. */
const SLEPT_MS = 60_000;
const AGAIN_MS = 2000;

export class CatchUp {
  /**
   * @param {object} parts
   * @param {import("../state/store.js").Store} parts.store
   * @param {import("./connection.js").Connection} parts.connection
   * @param {import("../transcript/reading.js").Reading} parts.reading
   */
  constructor({ store, connection, reading }) {
    this.store = store;
    this.connection = connection;
    this.reading = reading;
    this.busy = false;
    this.again = false;
    this.hiddenAt = Infinity;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  start() {
    this.store.watch(["ahead"], () => this.hasGap() && this.soon(GAP_MS, () => this.hasGap()));
    document.addEventListener("visibilitychange", () => this.shown());
    addEventListener("online", () => this.now());
  }

  hasGap() {
    return this.store.state.ahead.length > 0;
  }

  /** @param {number} seq of the last change, as the server tells now and then */
  position(seq) {
    if (seq > this.store.state.seq) this.now();
  }

  shown() {
    const isHidden = document.visibilityState === "hidden";
    if (!isHidden && Date.now() - this.hiddenAt >= SLEPT_MS) this.now();
    this.hiddenAt = isHidden ? Date.now() : Infinity;
  }

  /**
   * @param {number} ms
   * @param {() => boolean} isNeeded still, by then
   */
  soon(ms, isNeeded) {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      if (isNeeded()) this.now();
    }, ms);
  }

  /** One at a time; what is asked for meanwhile is asked once more after. */
  async now() {
    this.again = true;
    if (this.busy) return;
    this.busy = true;
    while (this.again && this.connection.live) {
      this.again = false;
      await this.everyPage();
    }
    this.busy = false;
  }

  async everyPage() {
    let more = true;
    while (more && this.connection.live) {
      const since = this.store.state.seq;
      const ack = await this.connection.ask("sync", { since });
      if (!ack.ok) return this.failed(ack);
      this.take(since, ack);
      more = ack.more;
    }
  }

  /** @param {import("./wire.js").ErrorAck} ack */
  failed({ code, retry_after: afterS }) {
    if (code === "no_answer" || code === "not_joined") this.connection.rejoin();
    else this.soon(afterS ? afterS * 1000 : AGAIN_MS, () => true);
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
