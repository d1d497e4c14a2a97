// @ts-check
// Kinds of characters, as Python has them: what the server's expressions mean by letters, spaces and small letters. Pure.

/** Between the brackets of an expression: what `\w` takes on the server. */
export const OF_WORD = "\\p{L}\\p{N}_";
/** And `\s`. A browser's own knows U+FEFF, too, but not the separators of ASCII. */
export const SPACES = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
/** Where words are not set apart: Thai, Lao, Myanmar, Khmer, kana, Han, Hangul. */
export const UNSPACED =
  "[\\u0e00-\\u0eff\\u1000-\\u109f\\u1780-\\u17ff\\u3040-\\u30ff\\u3400-\\u9fff\\uac00-\\ud7a3\\uf900-\\ufaff" +
  "\\u{20000}-\\u{3ffff}]";
/** What draws nothing but is no space: `parley/grammar/unseen.py` says why each. */
export const UNSEEN =
  "\\u00ad\\u034f\\u061c\\u115f-\\u1160\\u17b4-\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f\\u3164" +
  "\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufff8\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e0fff}\\u2800" +
  "\\u{16fe4}\\u{13441}-\\u{13442}\\u{1d159}\\ufffc\\ufff9-\\ufffb\\u{1107f}\\u{13430}-\\u{13440}\\u{1bc9d}" +
  "\\ue000-\\uf8ff\\ufdd0-\\ufdef\\u{f0000}-\\u{10ffff}" +
  Array.from({ length: 15 }, (_, plane) => `\\u{${(plane * 0x10000 + 0xfffe).toString(16)}}-\\u{${(plane * 0x10000 + 0xffff).toString(16)}}`).join("");

const SPACE = new RegExp(`[${SPACES}]`);

/** @param {string} character */
export function isSpace(character) {
  return SPACE.test(character);
}

/**
 * Without the spaces around it. No expression: that would begin at every space of a long run.
 * @param {string} text
 * @param {(character: string) => boolean} [isCut]
 */
export function stripped(text, isCut = isSpace) {
  let [start, end] = [0, text.length];
  while (start < end && isCut(text[start])) start += 1;
  while (end > start && isCut(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

/** The same for what differs only in large and small letters. @param {string} text */
export function folded(text) {
  const parts = text.split("ı").map((part) => part.toLowerCase().toUpperCase().toLowerCase());
  return parts.join("ı").replaceAll("ς", "σ");
}

/** In code points. @param {string} text */
export function lengthOf(text) {
  let pairs = 0;
  for (let at = 0; at < text.length; at += 1) {
    if ((text.charCodeAt(at) & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) pairs += 1;
  }
  return text.length - pairs;
}

/**
 * How often it stands there.
 * @param {string} text
 * @param {string} sought
 */
export function count(text, sought) {
  return text.split(sought).length - 1;
}
