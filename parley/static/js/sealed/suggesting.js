// @ts-check
// Passphrases that nobody could guess: words drawn from what emoji are called, which the page has anyway.

const COUNT = 5;
/** Of some 1,200 words five are worth 51 bits: as much as four of a Diceware list. */
export const WORDS = "Five";
const IS_WORD = /^[a-z]{3,9}$/;
const FLAGS = "Flags";

/** @param {number} [count] of words @returns {Promise<string>} Rejects where the words can't be loaded. */
export async function suggested(count = COUNT) {
  const { GROUPS } = await import("../reactions/words.js");
  const words = wordsOf(GROUPS);
  return Array.from({ length: count }, () => words[below(words.length)]).join(" ");
}

/**
 * Each once, so that all are as likely.
 * @param {{name: string, entries: {name: string}[]}[]} groups
 */
export function wordsOf(groups) {
  const names = groups.filter(({ name }) => name !== FLAGS).flatMap(({ entries }) => entries.map(({ name }) => name));
  return [...new Set(names.flatMap((name) => name.split(/[^\p{L}]+/u)))].filter((word) => IS_WORD.test(word)).sort();
}

/** All as likely: what a remainder would favour is drawn again. @param {number} count */
export function below(count) {
  const most = Math.floor(2 ** 32 / count) * count;
  for (;;) {
    const [drawn] = crypto.getRandomValues(new Uint32Array(1));
    if (drawn < most) return drawn % count;
  }
}
