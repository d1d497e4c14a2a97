// @ts-check
// Whether the words of a link lie about where it leads. Pure. `parley/grammar/web_links.py` decides the same.
import { OF_WORD, SPACES, UNSEEN, folded, lengthOf } from "./characters.js";

const UNLINKED = '\\x00-\\x20"<>`\\x7f-\\xa0\\u1680\\u2000-\\u200f\\u2028-\\u202f\\u205f-\\u206f\\u3000\\ufeff';
const WEB_ADDRESS = new RegExp(`^https?://[^/?#.:@\\\\${UNLINKED}][^\\\\${UNLINKED}]*$`, "i");
const AUTHORITY = new RegExp(`https?://([^/?#${SPACES}]*)`, "gu");
const PORT = /:\p{Nd}*$/u;
const HOST_LIKE = new RegExp(
  `(?<![${OF_WORD}\\-])([${OF_WORD}\\-]+(?:\\.[${OF_WORD}\\-]+)+)(?:[:/?#][^${SPACES}]*)?`, "gu");
const NUMBERS = /^\p{Nd}+(?:\.\p{Nd}+){3}$/u;
const LAST_LABEL = new RegExp(`\\.(?:[\\p{L}\\p{Nl}\\p{No}]{2,}|xn--[${OF_WORD}\\-]+)$`, "u");
const FILE_ENDING = new RegExp(
  "\\.(?:bmp|css|csv|doc|docx|exe|gif|gz|htm|html|ini|java|jpeg|jpg|js|json|jsx|kt|log|lua|mp3|odt|pdf|php|png|ppt|pptx" +
  "|rar|rb|scss|sql|svg|toml|ts|tsx|txt|vue|wav|webp|xls|xlsx|xml|yaml|yml)$");
/** Nobody reads more to see where a link leads. */
const WORDS_MAX = 500;
const SEEN_MAX = 2 * WORDS_MAX;
const AUTHORITY_MAX = 300;
const INVISIBLE = new RegExp(
  `[${UNSEEN}\\u2009\\u200a\\u202f\\u0600-\\u0605\\u06dd\\u070f\\u0890\\u0891\\u08e2\\u{110bd}\\u{110cd}]+`, "gu");
/** The ideographic full stop: browsers read it as a dot. */
const STOP = "\u3002";
const DOTS = new RegExp(
  `[${STOP}\\u0701\\u0702\\ua4f8\\ua60e\\u{10a50}\\u{1d16d}]|(?<=[a-z])[\\u0660\\u06f0](?=[a-z])`, "gu");
const ASCII = /^[\x00-\x7f]*$/;

/**
 * Whether words may lead there: `http` or `https`, and nothing in it that does not show.
 * @param {string} address
 */
export function isWebAddress(address) {
  return WEB_ADDRESS.test(address);
}

/**
 * Whether nobody could take these words for another address than the one they lead to.
 * @param {string} words
 * @param {string} address
 */
export function isHonest(words, address) {
  const begins = new RegExp(AUTHORITY.source, "uy").exec(folded(address));
  const host = begins ? hostOf(begins[1]) : null;
  if (host === null || lengthOf(words) > WORDS_MAX) return false;
  const seen = seenIn(words);
  return seen !== null && hostsNamed(seen).every((named) => named === host);
}

/**
 * As the eye takes them: in plain small letters, without what does not show. Null for too many of these.
 * @param {string} words
 */
function seenIn(words) {
  if (ASCII.test(words)) return folded(words);
  const plain = words.replace(INVISIBLE, "").normalize("NFKC");
  return lengthOf(plain) > SEEN_MAX ? null : folded(plain).replace(INVISIBLE, "").replace(DOTS, ".");
}

/** @param {string} seen @returns {(string | null)[]} */
function hostsNamed(seen) {
  const named = [...seen.matchAll(AUTHORITY)].map((match) => hostOf(match[1]));
  const shown = [...seen];
  // A letter for each mark above or below one: expressions take these for no part of a word, though names have them.
  const letters = shown.map((each) => (/^\p{M}$/u.test(each) ? "a" : each)).join("");
  for (const { 1: host, index } of letters.matchAll(HOST_LIKE)) {
    if (!NUMBERS.test(host) && (!LAST_LABEL.test(host) || FILE_ENDING.test(host))) continue;
    const start = lengthOf(letters.slice(0, index));
    named.push(withoutWww(shown.slice(start, start + lengthOf(host)).join("")));
  }
  return named;
}

/** Without a port; null where somebody's name stands before it, or it is too long for one. @param {string} authority */
function hostOf(authority) {
  if (authority.includes("@") || lengthOf(authority) > AUTHORITY_MAX) return null;
  return withoutWww(authority.normalize("NFKC").replaceAll(STOP, ".").replace(PORT, ""));
}

/** @param {string} host */
function withoutWww(host) {
  return host.startsWith("www.") ? host.slice(4) : host;
}
