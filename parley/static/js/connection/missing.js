// @ts-check
// Asks for what is missing between what is known and what there is, page by page, for a page or a program.

/** How long a gap in the changes may stay before what is missing is asked for. */
export const GAP_MS = 250;
const AGAIN_MS = 2000;

/**
 * Those who build on it know how far they are, `seq`, and take what comes.
 * @typedef {Missing & {readonly seq: number, take: (since: number, ack: import("./wire.js").OkAck) => void}} Whole
 */
export class Missing {
  /** @param {import("./line.js").Whole} connection */
  constructor(connection) {
    this.connection = connection;
    this.busy = false;
    this.again = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /** @param {number} seq of the last change, as the server tells now and then */
  position(seq) {
    if (seq > /** @type {any} */ (this).seq) this.now();
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
      const { seq: since } = /** @type {any} */ (this);
      const ack = await this.connection.ask("sync", { since });
      if (!ack.ok) return this.failed(ack);
      /** @type {any} */ (this).take(since, ack);
      more = ack.more;
    }
  }

  /** @param {import("./wire.js").ErrorAck} ack */
  failed({ code, retry_after: afterS }) {
    if (code === "no_answer" || code === "not_joined") this.connection.rejoin();
    else this.soon(afterS ? afterS * 1000 : AGAIN_MS, () => true);
  }
}
