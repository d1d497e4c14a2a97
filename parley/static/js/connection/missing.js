// @ts-check
// Asks for what is missing between what is known and what there is, page by page, for a page or a program.

/** How long a gap in the changes may stay before what is missing is asked for. */
export const GAP_MS = 250;
const AGAIN_MS = 2000;

/** Whoever has one knows how far it is, `seq`, and takes what comes. */
export class Missing {
  /** @param {import("./line.js").Line} connection */
  constructor(connection) {
    this.connection = connection;
    this.busy = false;
    this.again = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /** All changes up to this one are known. */
  get seq() {
    return 0;
  }

  /**
   * @param {number} _since
   * @param {import("./wire.js").OkAck} _ack
   */
  take(_since, _ack) {}

  /** @param {number} seq of the last change, as the server tells now and then */
  position(seq) {
    if (seq > this.seq) this.now();
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
      const since = this.seq;
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
}
