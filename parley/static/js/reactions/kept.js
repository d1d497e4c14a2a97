// @ts-check
// What somebody reacts with: the ones they used last, and the skin tone they chose. Kept in this browser.
import { recall, remember } from "../browser/saved.js";

const KEPT = 24;
const SHOWN = 6;
/** What others begin with; `true` where it has a skin. */
const USUAL = /** @type {[string, boolean][]} */ ([
  ["👍", true], ["❤️", false], ["😂", false], ["😮", false], ["😢", false], ["🙏", true],
]);
export const TONES = ["", "🏻", "🏼", "🏽", "🏾", "🏿"];

/** @returns {string[]} the latest first */
export function recent() {
  return recall("recent-emoji").split(" ").filter(Boolean);
}

/** @param {string} emoji */
export function use(emoji) {
  remember("recent-emoji", [emoji, ...recent().filter((each) => each !== emoji)].slice(0, KEPT).join(" "));
}

/** Six to begin with: the recent ones, filled up with the usual. */
export function quick() {
  const usual = USUAL.map(([emoji, hasSkin]) => emoji + (hasSkin ? tone() : ""));
  return [...new Set([...recent().slice(0, SHOWN), ...usual])].slice(0, SHOWN);
}

export function tone() {
  const kept = recall("skin-tone");
  return TONES.includes(kept) ? kept : "";
}

/** @param {string} chosen */
export function chooseTone(chosen) {
  remember("skin-tone", chosen);
}
