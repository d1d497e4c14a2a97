// @ts-check
// How often somebody may have us do something: so often at once, and then as fast as it fills again. Pure.

export class Budget {
  /** @param {{atOnce: number, everyMs: number}} allowed one more each `everyMs` */
  constructor({ atOnce, everyMs }) {
    this.atOnce = atOnce;
    this.everyMs = everyMs;
    this.left = atOnce;
    /** Up to when `left` is counted. */
    this.at = -Infinity;
  }

  /** Whether there was one left. @param {number} now in ms */
  takes(now) {
    const more = (now - this.at) / this.everyMs;
    this.left = Math.min(this.atOnce, this.left + more);
    this.at = now;
    if (this.left < 1) return false;
    this.left -= 1;
    return true;
  }
}
