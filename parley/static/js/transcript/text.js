// @ts-check
/*
What a message's text becomes. `parley/pages/text.py` follows the same rules, and both are held to
`tests/rich_text_cases.json`. The text is never HTML: everything ends as a text node or an href.

0. CRLF and a lone CR count as LF.
1. A fenced block starts at the beginning of a line with three backticks, optionally one word that names a
   language (letters, digits, _ + # . -), optionally spaces or tabs, and the end of the line. It ends at the first
   later line that is three backticks and optionally spaces or tabs. It needs at least one line between them. The
   part is `pre` with the lines between, without the line break before the closing fence; the line break before
   the opening fence and the one after the closing fence are dropped, for a block breaks lines by itself. An
   unclosed fence is text.
2. In what is left, from left to right, whichever comes first:
   - Code: one, two or three backticks, then one or more characters that are neither backtick nor line break, then
     as many backticks as at the start and no further one. Backticks without a partner are text.
   - Link: `http://` or `https://` in any case, then one or more characters of a link: any that is not in the class
     UNLINKED below (white space, control, invisible and bidi characters, `"`, `<`, `>`, backtick), and is not one of
     the quotation marks and wide brackets in PAIRS. Those may follow where a pair of them stands around nothing but
     characters of a link; one without its partner ends the link. From its end is cut, again and again: one of the
     characters in TRAILING; a `)`, `]` or `}` while the link holds more of it than of its opener; a mark of emphasis,
     `*`, `_` or `~`, where the link is a host alone (without `/`, `#` or a `?` that more than punctuation follows), or
     else while one that was opened before the link is open. What remains needs, straight after `//`, a character other
     than those in `/?#.:@`; otherwise the whole match is text. What was cut is text. No other scheme is ever a link.
     Marks of emphasis are open from a word that begins with them (brackets and single quotation marks may stand among
     them) to a word that ends with as many of the same kind (and perhaps closing brackets and punctuation), on one
     line. Words are runs of characters of a link; one of marks and punctuation alone opens and closes nothing, unless
     a link follows straight after it: that it opens.
3. What is left is text, exactly, line breaks included. Neighbouring text makes one part; an empty text makes none.
4. After a hundred blocks, links and pieces of code, in the order of the text, all that follows is text: each is an
   element of the page, and a message can be written of nothing else.

Long, and so folded until somebody asks for the rest: of more than 20 line breaks or 1,500 characters (code points).

Emoji-only (shown large): at most 200 characters (code points), and after spaces and line breaks are taken out, one to
five emoji and nothing else. An emoji is: a flag (two regional indicators); a keycap (0-9 # * then U+FE0F or nothing,
then U+20E3); or one or more pictures joined by U+200D. A picture is a character of PICTURE, or one of SYMBOL followed
by U+FE0F; then optionally U+FE0F, a skin tone (U+1F3FB..U+1F3FF), and tag characters (U+E0020..U+E007F).
*/

/** @typedef {["text" | "link" | "code" | "pre", string]} Part */

const OPENING_FENCE = /^```[A-Za-z0-9_+#.-]*[ \t]*$/;
const CLOSING_FENCE = /^```[ \t]*$/;

const UNLINKED =
  '\\u0000-\\u0020"<>`\\u007f-\\u00a0\\u1680\\u2000-\\u200f\\u2028-\\u202f\\u205f-\\u206f\\u3000\\ufeff';
const PAIRS = "“”„“„”«»‹›（）［］｛｝＜＞〈〉《》「」『』【】〔〕〖〗〘〙〚〛｢｣｟｠";
/** As an expression: a sign that may stand in a link. */
export const LINKED = `[^${UNLINKED}${PAIRS}]`;
const IN_PAIRS = PAIRS.replace(/(.)(.)/g, `|$1${LINKED}*$2`).slice(1);
/** As an expression: what may be a link, with all that stands straight after it. */
export const LINK = `https?://${LINKED}+(?:(?:${IN_PAIRS})${LINKED}*)*`;
const INLINE = new RegExp("(`{1,3})([^`\\n]+)\\1(?!`)" + `|${LINK}`, "gi");
const WORD = new RegExp(`${LINKED}+`, "g");
const TRAILING = ".,:;!?'‘’…。，、！？；：．｡､،؛؟۔।";
const OPENER = /** @type {Record<string, string>} */ ({ ")": "(", "]": "[", "}": "{" });
const MARKS = "*_~";
const BEFORE_WORD = `${MARKS}([{'‘‚`;
const AFTER_WORD = `${MARKS})]}${TRAILING}`;
const HAS_PATH = new RegExp(`^https?://[^/?#]*(?:[/#]|\\?.*[^${AFTER_WORD.replace("]", "\\]")}])`, "i");
const LINK_START = /^https?:\/\/[^/?#.:@]/i;

const PICTURE =
  "[\\u231a\\u231b\\u23e9-\\u23f3\\u23f8-\\u23fa\\u25fd\\u25fe\\u2614\\u2615\\u2648-\\u2653\\u267f\\u2693\\u26a1" +
  "\\u26aa\\u26ab\\u26bd\\u26be\\u26c4\\u26c5\\u26ce\\u26d4\\u26ea\\u26f2\\u26f3\\u26f5\\u26fa\\u26fd\\u2705" +
  "\\u270a\\u270b\\u2728\\u274c\\u274e\\u2753-\\u2755\\u2757\\u2795-\\u2797\\u27b0\\u27bf\\u2b1b\\u2b1c\\u2b50" +
  "\\u2b55\\u{1f004}\\u{1f0cf}\\u{1f18e}\\u{1f191}-\\u{1f19a}\\u{1f300}-\\u{1f3fa}\\u{1f400}-\\u{1f64f}" +
  "\\u{1f680}-\\u{1f6ff}\\u{1f7e0}-\\u{1f7eb}\\u{1f90c}-\\u{1f9ff}\\u{1fa70}-\\u{1faff}]";
const SYMBOL =
  "[\\u00a9\\u00ae\\u203c\\u2049\\u2122\\u2139\\u2190-\\u21ff\\u2300-\\u27bf\\u2900-\\u2bff\\u3030\\u303d" +
  "\\u3297\\u3299\\u{1f170}-\\u{1f171}\\u{1f17e}-\\u{1f17f}\\u{1f202}\\u{1f237}]";
const ONE_PICTURE = `(?:${PICTURE}|${SYMBOL}\\ufe0f)\\ufe0f?[\\u{1f3fb}-\\u{1f3ff}]?[\\u{e0020}-\\u{e007f}]*`;
/** One of them, as an expression. */
export const EMOJI =
  "(?:[\\u{1f1e6}-\\u{1f1ff}]{2}|[0-9#*]\\ufe0f?\\u20e3|" + `${ONE_PICTURE}(?:\\u200d${ONE_PICTURE})*)`;
const EMOJI_ONLY = new RegExp(`^${EMOJI}{1,5}$`, "u");
const EMOJI_ONLY_MAX_CHARS = 200;
const RICH_PARTS_MAX = 100;
const FOLD_LINE_BREAKS = 20;
const FOLD_CHARS = 1500;

/**
 * @param {string} text
 * @returns {Part[]}
 */
export function parse(text) {
  const source = text.replace(/\r\n?/g, "\n");
  /** @type {Part[]} */
  const parts = [];
  let end = 0;
  let rich = 0;
  for (const [start, stop, part] of foundIn(source)) {
    addText(source.slice(end, start), parts);
    parts.push(part);
    end = stop;
    if ((rich += 1) === RICH_PARTS_MAX) break;
  }
  addText(source.slice(end), parts);
  return parts;
}

/**
 * What is more than text: where it starts, where the text goes on, and what it is.
 * @param {string} source
 * @returns {Generator<[number, number, Part]>}
 */
function* foundIn(source) {
  let begin = 0;
  for (const [opening, inside, end, closing] of blocksIn(source)) {
    const block = Math.max(begin, opening - 1); // without the line break before it
    yield* inlineIn(source, begin, block);
    yield [block, closing, ["pre", source.slice(inside, end)]];
    begin = closing;
  }
  yield* inlineIn(source, begin, source.length);
}

/**
 * Where each fenced block opens, where its lines begin and end, and what comes after it. One pass, whatever the text:
 * an opening that nothing closes leaves none for those after it.
 * @param {string} source
 * @returns {Generator<[number, number, number, number]>}
 */
function* blocksIn(source) {
  let [opening, inside, at] = [-1, 0, 0];
  for (const line of source.split("\n")) {
    const after = at + line.length + 1;
    if (opening < 0) {
      if (OPENING_FENCE.test(line)) [opening, inside] = [at, after];
    } else if (at > inside && CLOSING_FENCE.test(line)) {
      yield [opening, inside, at - 1, Math.min(after, source.length)];
      opening = -1;
    }
    at = after;
  }
}

/**
 * @param {string} source
 * @param {number} begin
 * @param {number} end
 * @returns {Generator<[number, number, Part]>}
 */
function* inlineIn(source, begin, end) {
  const emphasis = new Emphasis(source, begin);
  for (const match of source.slice(begin, end).matchAll(INLINE)) {
    const start = begin + match.index;
    if (match[2] !== undefined) {
      yield [start, start + match[0].length, ["code", match[2]]];
      continue;
    }
    const link = trimLink(match[0], start, emphasis);
    if (link) yield [start, start + link.length, ["link", link]];
  }
}

/** Which marks of emphasis are open on a line, asked from left to right. One pass in all. */
export class Emphasis {
  /**
   * @param {string} source
   * @param {number} begin
   */
  constructor(source, begin) {
    this.source = source;
    this.at = begin;
    this.open = marks(0);
  }

  /**
   * How many of each mark are open where a link starts.
   * @param {number} start
   */
  before(start) {
    const unread = this.source.slice(this.at, start);
    const line = unread.lastIndexOf("\n") + 1;
    if (line) this.open = marks(0);
    const begin = this.at + line;
    this.at = begin;
    for (const { 0: word, index } of unread.slice(line).matchAll(WORD)) {
      const end = begin + index + word.length;
      if (end === start) return this.with(leading(word)); // what stands straight before the link
      this.read(word);
      this.at = end;
    }
    return this.open;
  }

  /** @param {string} opened */
  with(opened) {
    const open = { ...this.open };
    for (const mark of MARKS) open[mark] += count(opened, mark);
    return open;
  }

  /** @param {string} word */
  read(word) {
    const closed = trailing(word);
    if (closed === word) return; // marks alone, as before the item of a list
    this.open = this.with(leading(word));
    for (const mark of MARKS) this.open[mark] = Math.max(0, this.open[mark] - count(closed, mark));
  }
}

/**
 * @param {number} number
 * @returns {Record<string, number>}
 */
function marks(number) {
  return Object.fromEntries([...MARKS].map((mark) => [mark, number]));
}

/** @param {string} word */
function leading(word) {
  let end = 0;
  while (end < word.length && BEFORE_WORD.includes(word[end])) end += 1;
  return word.slice(0, end);
}

/** @param {string} word */
function trailing(word) {
  let begin = word.length;
  while (begin && AFTER_WORD.includes(word[begin - 1])) begin -= 1;
  return word.slice(begin);
}

/**
 * @param {string} text
 * @param {Part[]} parts
 */
function addText(text, parts) {
  if (text) parts.push(["text", text]);
}

/**
 * The link without the sentence's punctuation after it, or "" when nothing worth linking remains.
 * @param {string} link
 * @param {number} start where it stands
 * @param {Emphasis} emphasis
 */
export function trimLink(link, start, emphasis) {
  const unopened = /** @type {Record<string, number>} */ ({});
  for (const [close, open] of Object.entries(OPENER)) unopened[close] = count(link, close) - count(link, open);
  // No host's name ends in a mark.
  Object.assign(unopened, HAS_PATH.test(link) ? emphasis.before(start) : marks(link.length));
  let end = link.length;
  while (end && (TRAILING.includes(link[end - 1]) || unopened[link[end - 1]] > 0)) {
    end -= 1;
    if (link[end] in unopened) unopened[link[end]] -= 1;
  }
  const kept = link.slice(0, end);
  return LINK_START.test(kept) ? kept : "";
}

/**
 * @param {string} text
 * @param {string} character
 */
function count(text, character) {
  return text.split(character).length - 1;
}

/**
 * Whether it is shown folded, for it would fill more than a screen.
 * @param {string} text
 */
export function isLong(text) {
  if (text.length > FOLD_CHARS && [...text].length > FOLD_CHARS) return true;
  return text.length > FOLD_LINE_BREAKS && text.split(/\r\n?|\n/, FOLD_LINE_BREAKS + 2).length > FOLD_LINE_BREAKS + 1;
}

/** @param {string} text */
export function isEmojiOnly(text) {
  if ([...text].length > EMOJI_ONLY_MAX_CHARS) return false;
  return EMOJI_ONLY.test(text.replace(/[ \r\n]/g, ""));
}

/**
 * @param {Part[]} parts
 * @returns {DocumentFragment}
 */
export function render(parts) {
  const fragment = document.createDocumentFragment();
  for (const [kind, value] of parts) fragment.append(kind === "text" ? value : renderPart(kind, value));
  return fragment;
}

/**
 * @param {"link" | "code" | "pre"} kind
 * @param {string} value
 */
function renderPart(kind, value) {
  if (kind === "link") return renderLink(value);
  const code = document.createElement("code");
  code.textContent = value;
  if (kind === "code") return code;
  const pre = document.createElement("pre");
  pre.tabIndex = 0; // it scrolls sideways, so it must be reachable by keyboard
  pre.append(code);
  return pre;
}

/** @param {string} address */
export function renderLink(address) {
  const link = document.createElement("a");
  link.href = address;
  link.rel = "noopener noreferrer nofollow";
  link.target = "_blank";
  link.textContent = address;
  return link;
}
