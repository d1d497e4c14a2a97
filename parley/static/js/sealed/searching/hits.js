// @ts-check
// Where in a message it was found, and the words around, as `parley/search/hits.py` does it on the server:
// `tests/search_cases.json` holds both to it. Signs are counted as there: none is half of a pair.
import { foldWithOrigins, MARK, SPACE } from "./words.js";

/** @typedef {import("./queries.js").Pattern} Pattern */

/** About so much of a text is shown; */
const SNIPPET_CHARS = 160;
/** so much of it before the first hit. */
const BEFORE_CHARS = 40;
const HITS_MAX = 50;
/** Where it is cut, a space is looked for so near. */
const NEAR_CHARS = 20;
const SPACES = new RegExp(`[${SPACE}]+`, "g");
const IS_SPACE = new RegExp(`^[${SPACE}]$`);
const GOES_ON = new RegExp(`^(?:${MARK}|[\\u200d\\ufe0f\\u{1f3fb}-\\u{1f3ff}])$`, "u");

/**
 * Where the patterns are found in a text, in its own signs, in order and apart.
 * @param {string} text
 * @param {Pattern[]} patterns
 * @returns {[number, number][]}
 */
export function spans(text, patterns) {
  const { folded, origins } = foldWithOrigins(text);
  /** @type {[number, number][]} */
  const found = [];
  for (const pattern of patterns) {
    let count = 0;
    for (const [start, stop] of pattern.spans(folded)) {
      if ((count += 1) > HITS_MAX) break;
      const begin = origins[start];
      let end = origins[stop];
      // It ends within what one sign comes to.
      for (let at = stop; end <= begin && at < origins.length; at += 1) end = origins[at];
      found.push([begin, end]);
    }
  }
  found.sort(([begin, end], [otherBegin, otherEnd]) => begin - otherBegin || end - otherEnd);
  /** @type {[number, number][]} */
  const apart = [];
  for (const [begin, end] of found) {
    const last = apart.at(-1);
    if (last && begin <= last[1]) last[1] = Math.max(last[1], end);
    else apart.push([begin, end]);
  }
  return apart;
}

/**
 * The words around the first hit, cut into what is one and what isn't.
 * @param {string} text
 * @param {[number, number][]} found
 * @returns {{text: string, hit: boolean}[]}
 */
export function snippet(text, found) {
  const signs = Array.from(text);
  const first = found[0];
  const begin = first && first[0] > BEFORE_CHARS ? wordStart(signs, first[0] - BEFORE_CHARS, first[0]) : 0;
  let end = signs.length;
  if (end > begin + SNIPPET_CHARS) {
    end = wordEnd(signs, begin + SNIPPET_CHARS, begin);
    if (first) end = Math.max(end, Math.min(signs.length, first[1]));
    end = Math.min(end, begin + 2 * SNIPPET_CHARS);
  }
  /** @type {{text: string, hit: boolean}[]} */
  const pieces = [];
  const put = (/** @type {string} */ piece, /** @type {boolean} */ hit) => {
    if (!piece) return;
    const last = pieces.at(-1);
    if (last?.hit === hit) last.text += piece;
    else pieces.push({ text: piece, hit });
  };
  const cut = (/** @type {number} */ from, /** @type {number} */ to) => signs.slice(from, to).join("").replace(SPACES, " ");
  let at = begin;
  if (begin > 0) put("…", false);
  for (const [start, stop] of found) {
    if (start >= end) break;
    if (start > at) put(cut(at, start), false);
    put(cut(Math.max(at, start), Math.min(stop, end)), true);
    at = Math.min(stop, end);
  }
  if (at < end) put(cut(at, end), false);
  if (end < signs.length) put("…", false);
  return pieces;
}

/**
 * The next place after a space, unless none comes soon.
 * @param {string[]} signs
 * @param {number} at
 * @param {number} limit
 */
function wordStart(signs, at, limit) {
  const stop = Math.min(limit, at + NEAR_CHARS);
  let space = at;
  while (space < stop && !IS_SPACE.test(signs[space])) space += 1;
  if (space >= stop) return wholeSign(signs, at);
  while (space < stop && IS_SPACE.test(signs[space])) space += 1;
  return space;
}

/**
 * @param {string[]} signs
 * @param {number} at
 * @param {number} limit
 */
function wordEnd(signs, at, limit) {
  const stop = Math.max(limit, at - NEAR_CHARS);
  let space = at - 1;
  while (space >= stop && signs[space] !== " " && signs[space] !== "\n") space -= 1;
  return space >= stop && space > 0 ? space : wholeSign(signs, at);
}

/** Back to where a sign begins: none is cut from its marks. @param {string[]} signs @param {number} at */
function wholeSign(signs, at) {
  while (at > 0 && at < signs.length && (GOES_ON.test(signs[at]) || signs[at - 1] === "\u200d")) at -= 1;
  return at;
}
