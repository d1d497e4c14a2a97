// @ts-check
// Text as a search sees it, as `parley/search/words.py` has it on the server: `tests/search_cases.json` holds both to it.

/** As part of a class of an expression: the scripts without spaces. */
export const UNSPACED =
  "\\u0e01-\\u0e3a\\u0e40-\\u0e4e\\u0e81-\\u0eff\\u0f40-\\u0fbc\\u1000-\\u1049\\u1050-\\u109f\\ua9e0-\\ua9ff" +
  "\\uaa60-\\uaa7f\\u1780-\\u17d3\\u1950-\\u19df\\u1a20-\\u1a7f\\u1100-\\u11ff\\u3005-\\u3007\\u3041-\\u3096" +
  "\\u309d-\\u309f\\u30a1-\\u30fa\\u30fc-\\u312f\\u31a0-\\u31bf\\u31f0-\\u31ff\\u3400-\\u4dbf\\u4e00-\\u9fff" +
  "\\ua960-\\ua97c\\uac00-\\ud7fb\\uf900-\\ufaff\\u{1b000}-\\u{1b16f}\\u{20000}-\\u{3ffff}";

/** As an expression: signs that belong to the letter before. Those of the last planes only choose how it looks. */
export const MARK = "(?:(?![\\u{e0100}-\\u{e01ef}])[\\p{Mn}\\p{Mc}])";
/** As part of a class: letters and digits. */
export const WORDLY = "\\p{L}\\p{N}";
/** As part of a class: what Python takes for a space. */
export const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";

const LETTER = `(?![${UNSPACED}])[${WORDLY}]`;
const TERM = new RegExp(`([${UNSPACED}]+)|${LETTER}(?:${LETTER}|(?![${UNSPACED}])${MARK})*|\\p{So}`, "gu");
const IS_ASCII = /^[\0-\x7f]*$/;

// Letters that Unicode takes for no accented ones, but people type without.
const PLAIN = new Map(Object.entries({
  ł: "l", ø: "o", đ: "d", ð: "d", ħ: "h", ı: "i", ŀ: "l", ŧ: "t", þ: "th", æ: "ae", œ: "oe",
  // Arabic and Persian spell one word with either.
  ى: "ي", ی: "ي", ک: "ك", ة: "ه", ٱ: "ا", ـ: "",
  // What is a letter of its own to those who write it.
  й: "й", ї: "ї", ў: "ў",
}));
/** Letters of earlier scripts lose their accents and points; of later ones these are the vowels. */
const DECOMPOSED_BEFORE = "\u0700";
const POINTS = /[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u1ab0-\u1aff]/g;
const UNSEEN = /^[\p{Cf}\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u1ab0-\u1aff\ufe00-\ufe0f]$/u;

/** @type {Map<string, string>} what a sign comes to, found when it is first met */
const folded = new Map();

/** @param {string} text */
export function isAscii(text) {
  return IS_ASCII.test(text);
}

/** Of one sign: full case folding, which browsers have under no name. @param {string} sign */
function caseFolded(sign) {
  if (/[\u13a0-\u13f5]/.test(sign)) return sign; // Cherokee has it the other way round
  if (/[\u13f8-\u13fd\uab70-\uabbf]/.test(sign)) return sign.toUpperCase();
  if (sign === "ẞ") return "ss";
  if (sign === "ı") return sign;
  // One by one: at the end of a word there is another sigma.
  return Array.from(sign.toUpperCase(), (each) => each.toLowerCase()).join("");
}

/** @param {string} text */
export function caseFold(text) {
  return isAscii(text) ? text.toLowerCase() : Array.from(text, caseFolded).join("");
}

/** @param {string} sign */
function plainOf(sign) {
  const known = PLAIN.get(sign);
  if (known !== undefined) return known;
  if (UNSEEN.test(sign)) return "";
  if (!/[\p{Ll}\p{Lo}]/u.test(sign)) return sign;
  const base = sign.normalize("NFD");
  if (base === sign || base.length < 2 || base[0] >= DECOMPOSED_BEFORE) return sign;
  return Array.from(base.replace(POINTS, ""), (each) => PLAIN.get(each) ?? each).join("");
}

/** @param {string} sign */
function foldedSign(sign) {
  let plain = folded.get(sign);
  if (plain === undefined) {
    plain = Array.from(caseFolded(sign), plainOf).join("");
    folded.set(sign, plain);
  }
  return plain;
}

// To put a row of marks in order takes as long as its square. Unicode too has no longer rows of them (UAX #15, 13): a
// sign that doesn't show parts them, which goes again with the marks.
const LONG_ROW = new RegExp(`(?:${MARK}|[\\uff9e\\uff9f]){30}`, "gu");

/**
 * Without what people type one way or another: case, accents, widths, what doesn't show.
 * @param {string} text
 */
export function fold(text) {
  if (isAscii(text)) return text.toLowerCase();
  let made = "";
  for (const sign of text.replace(LONG_ROW, "$&\u034f").normalize("NFKC")) made += foldedSign(sign);
  return made;
}

/**
 * The words, runs and pictures of a folded text in their order.
 * @param {string} text
 * @returns {{word: string, isRun: boolean}[]} `isRun`: of a script without spaces
 */
export function pieces(text) {
  return Array.from(text.matchAll(TERM), ([word, run]) => ({ word, isRun: run !== undefined }));
}

// What NFKC may make one of several: it is folded together.
const CLUSTER = new RegExp(`[\\u1100-\\u11ff\\ua960-\\ua97c\\ud7b0-\\ud7fb]+|.(?:${MARK}|[\\uff9e\\uff9f])*`, "gsu");

/**
 * A text folded, and for each place in that, and its end, which of the text's signs it comes from. Signs are counted,
 * not halves of pairs.
 * @param {string} text
 * @returns {{folded: string, origins: number[]}}
 */
export function foldWithOrigins(text) {
  let whole = "";
  let at = 0;
  /** @type {number[]} */
  const origins = [];
  for (const [cluster] of text.matchAll(CLUSTER)) {
    const part = fold(cluster);
    whole += part;
    for (let count = part.length; count > 0; count -= 1) origins.push(at);
    at += Array.from(cluster).length;
  }
  origins.push(at);
  return { folded: whole, origins };
}
