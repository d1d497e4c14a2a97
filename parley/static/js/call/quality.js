// @ts-check
// How much of one's own picture and sound goes to each of the others. Pure.

/** @typedef {{maxBitrate: number, scaleResolutionDownBy?: number, maxFramerate?: number}} Limits bits and frames a second */

/** A camera's picture to each of so many others: what a phone can encode, and a home's line can send. @type {readonly Limits[]} */
const BY_OTHERS = [
  { maxBitrate: 1_500_000, scaleResolutionDownBy: 1, maxFramerate: 30 },
  { maxBitrate: 800_000, scaleResolutionDownBy: 1.5, maxFramerate: 30 },
  { maxBitrate: 450_000, scaleResolutionDownBy: 2, maxFramerate: 24 },
  { maxBitrate: 300_000, scaleResolutionDownBy: 2.5, maxFramerate: 20 },
  { maxBitrate: 220_000, scaleResolutionDownBy: 3, maxFramerate: 18 },
];
const AUDIO = { maxBitrate: 40_000 };
const THIN_AUDIO = { maxBitrate: 20_000 };
/** Words on a screen need sharpness more than motion. */
const SCREEN = { maxBitrate: 1_800_000, scaleResolutionDownBy: 1, maxFramerate: 15 };
export const WORST = 3;
const LOSS_IS_BAD = 0.08;
const LOSS_IS_GOOD = 0.02;
const SLOW_MS = 800;
/** So many good looks in a row before more is tried: a line that just recovered breaks easily. */
const GOOD_LOOKS = 5;

/**
 * @param {number} others how many people it goes to
 * @param {number} level 0 for a good line, to `WORST`
 * @returns {Record<"audio" | "video" | "screen", Limits>}
 */
export function limitsFor(others, level) {
  const video = BY_OTHERS[Math.min(Math.max(others, 1), BY_OTHERS.length) - 1];
  return {
    audio: level === WORST ? THIN_AUDIO : AUDIO,
    video: lessened(video, level),
    screen: lessened({ ...SCREEN, maxBitrate: Math.round(SCREEN.maxBitrate / Math.max(others, 1) ** 0.7) }, level),
  };
}

/** @param {Limits} limits @param {number} level */
function lessened({ maxBitrate, scaleResolutionDownBy = 1, maxFramerate = 30 }, level) {
  const share = 0.55 ** level;
  return {
    maxBitrate: Math.round(maxBitrate * share),
    scaleResolutionDownBy: scaleResolutionDownBy * 1.35 ** level,
    maxFramerate: Math.max(8, Math.round(maxFramerate * 0.85 ** level)),
  };
}

/** Follows the worst of the lines: one encoder's picture would otherwise be another for each. */
export class Quality {
  constructor() {
    this.level = 0;
    this.good = 0;
  }

  /**
   * @param {Iterable<import("./transport.js").Line>} lines
   * @returns {boolean} whether less or more is to be sent now
   */
  look(lines) {
    const all = [...lines];
    const before = this.level;
    if (all.some(isBad)) {
      this.good = 0;
      this.level = Math.min(WORST, this.level + 1);
    } else if (all.length && all.every(isGood)) {
      this.good += 1;
      if (this.good >= GOOD_LOOKS && this.level) [this.level, this.good] = [this.level - 1, 0];
    } else this.good = 0;
    return this.level !== before;
  }
}

/** @param {import("./transport.js").Line} line */
export function isBad({ loss, roundTripMs }) {
  return loss > LOSS_IS_BAD || roundTripMs > SLOW_MS;
}

/** @param {import("./transport.js").Line} line */
function isGood({ loss, roundTripMs }) {
  return loss < LOSS_IS_GOOD && roundTripMs < SLOW_MS / 2;
}
