// @ts-check
// How far this browser has read the conversation, so that whoever comes back finds what is new; and where this tab was
// in it, for Back and a reload. Of somebody who takes part the server knows it for all of their devices: whichever is
// further counts.
import { PREFIX, recall, remember } from "../browser/saved.js";

/**
 * @typedef {{seq: number, above: number}} Place a message, and how far above the transcript's lower edge it begins, in
 *   pixels: what comes and goes below that edge, like the word of a lost connection, moves it along
 */

export class LastRead {
  /**
   * @param {string} key what the conversation is known by on this device, whatever its link
   * @param {number} [told] how far the server says that one has read
   */
  constructor(key, told = 0) {
    this.name = `read:${key}`;
    this.placeName = `place:${key}`;
    this.lookedName = `looked:${key}`;
    /** The seq up to which all was read in any tab, or on any device; 0 on the first visit. */
    this.through = Math.max(Number(recall(this.name)) || 0, told);
    /** For how long nobody had looked at it in this browser, in ms; 0 on the first visit. */
    this.awayMs = Math.max(0, Date.now() - (Number(recall(this.lookedName)) || Date.now()));
    this.isForgotten = false;
  }

  /**
   * @param {import("../state/store.js").Store} store
   * @param {import("./reading.js").Reading} reading
   */
  start(store, reading) {
    store.watch(["seq", "unread", "seenThrough"], (state) => this.keep(state));
    store.watch(["readSeq"], ({ readSeq }) => this.readElsewhere(readSeq, reading));
    document.addEventListener("visibilitychange", () => {
      this.keepLooked();
      this.keep(store.state);
    });
    addEventListener("storage", ({ key, newValue }) => {
      if (key === PREFIX + this.name && newValue) this.readElsewhere(Number(newValue), reading);
    });
    addEventListener("pagehide", () => {
      this.keepPlace(reading.isAt());
      if (document.visibilityState === "visible") this.keepLooked();
    });
    if (document.visibilityState === "visible") this.keepLooked();
  }

  /**
   * In another tab, or on another device. As soon as nobody looks at it here, nothing is marked as new any more.
   * @param {number} through
   * @param {import("./reading.js").Reading} reading
   */
  readElsewhere(through, reading) {
    if (through <= this.through || this.isForgotten) return;
    this.through = through;
    remember(this.name, String(through));
    reading.sawThrough(through);
  }

  /** Somebody looks at it, or did until now. */
  keepLooked() {
    if (!this.isForgotten) remember(this.lookedName, String(Date.now()));
  }

  // A page that nobody sees reads nothing.
  /** @param {import("../state/store.js").State} state */
  keep({ seq, unread, seenThrough }) {
    const through = unread.count ? seenThrough : seq;
    const isLost = this.through > seq; // a history shorter than the one that was read is another one
    if (document.visibilityState === "hidden" || this.isForgotten || (through <= this.through && !isLost)) return;
    this.through = through;
    remember(this.name, String(through));
  }

  /** @param {Place | null} place none at the end, where every page opens */
  keepPlace(place) {
    remember(this.placeName, place && !this.isForgotten ? JSON.stringify(place) : "", "sessionStorage");
  }

  /**
   * Where this tab was, if it comes back to the page and does not open it anew.
   * @returns {Place | null}
   */
  place() {
    const [navigation] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
    if (!["back_forward", "reload"].includes(navigation?.type)) return null;
    try {
      return JSON.parse(recall(this.placeName, "sessionStorage"));
    } catch {
      return null; // none, or none of ours
    }
  }

  /** One left it, or it is no more. */
  forget() {
    this.isForgotten = true;
    for (const name of [this.name, this.lookedName]) remember(name, "");
  }
}
