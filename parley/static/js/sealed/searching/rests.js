// @ts-check

/** So long a work holds up the page at most, in ms: half a frame. */
const AT_ONCE_MS = 8;

/** Tells a long work when to let others go first. */
export class Rests {
  constructor() {
    this.since = performance.now();
  }

  get isDue() {
    return performance.now() - this.since > AT_ONCE_MS;
  }

  async rest() {
    await new Promise((done) => setTimeout(done));
    this.since = performance.now();
  }
}
