// @ts-check
// How a message begins, where it is only named. `parley/present/excerpts.py` follows the same rules, and both are held
// to `tests/excerpt_cases.json`. Pure.

const EXCERPT_CHARS = 120;
/** So much of a text is looked at. */
const BEGINS_CHARS = 300;
const W = "\\p{L}\\p{N}_";

/**
 * The signs of Markdown, where a pair of them stands around words.
 * @type {[RegExp, string][]}
 */
const SIGNS = [
  [/^(?:>[ \t]?)+|^```[\p{L}\p{N}_+#.-]*[ \t]*$/gmu, ""],
  [/`+([^`\n]+)`+/gu, "$1"],
  [/\[([^[\]\n]+)\]\(https?:\/\/[^()\s]+\)/gu, "$1"],
  [paired("\\*\\*", "*"), "$1"],
  [paired("__", "_"), "$1"],
  [paired("~~", "~"), "$1"],
  [paired("\\*", "*"), "$1"],
  [paired("_", "_", "/"), "$1"],
];

/**
 * @param {string} signs
 * @param {string} sign
 * @param {string} [apart] beside which they stand for themselves
 */
function paired(signs, sign, apart = "") {
  const edge = `[${sign}${W}${apart}]`;
  return new RegExp(`(?<!${edge})${signs}(?=\\S)([^${sign}\\n]+)(?<=\\S)${signs}(?!${edge})`, "gu");
}

/** @param {string} text */
export function excerpt(text) {
  const begins = [...text.slice(0, 2 * BEGINS_CHARS)].slice(0, BEGINS_CHARS).join("");
  const bare = SIGNS.reduce((words, [signs, within]) => words.replace(signs, within), begins);
  const words = bare.trim().replace(/\s+/g, " ");
  const letters = [...words];
  return letters.length <= EXCERPT_CHARS ? words : `${letters.slice(0, EXCERPT_CHARS - 1).join("")}…`;
}
