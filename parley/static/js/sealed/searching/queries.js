// @ts-check
// What somebody types into the search, understood, as `parley/search/queries.py` does it on the server:
// `tests/search_cases.json` holds both to it. What the grammar is, and why, stands there.
import { caseFold, fold, MARK, pieces, SPACE, UNSPACED, WORDLY } from "./words.js";
import { midnight, timeOf } from "./zones.js";

/**
 * An expression, and whether a word must begin and end with it.
 * @typedef {{expression: string, begins: boolean, ends: boolean}} Shape
 *
 * @typedef {object} Query what a message must be to be found
 * @property {Part[]} wanted
 * @property {Part[]} unwanted
 * @property {Author[]} authors
 * @property {{kind: string, isNot: boolean}[]} has
 * @property {{since: number, until: number, isNot: boolean}[]} times from when, until before when, in ms
 */

export const PARTS_MAX = 32;
/** Shorter words are looked for whole. */
const WHOLE_MAX_CHARS = 2;
/** Shorter ones stand inside too many others by chance. */
const INSIDE_MIN_CHARS = 4;
const BETWEEN_MAX_CHARS = 20;

/** @type {Record<string, string>} */
const QUOTES = { '"': '"', "“": "”", "„": "“”", "«": "»", "»": "«", "「": "」", "『": "』" };
const OPERATOR = new RegExp(`^(from|has|before|after|on):(?=[^${SPACE}])`, "iu");
const DATE = /^(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?$/;
const EDGES = "+#@$%&€£¥§°";
const KINDS = new Map(Object.entries({
  file: "file", attachment: "file", image: "image", picture: "image", photo: "image", link: "link", url: "link",
  reaction: "reaction",
}));
const FIRST = timeOf(1, 1, 2);
const LAST = timeOf(9999, 12, 30);

const LETTER = new RegExp(`^(?![_${UNSPACED}\\p{So}])(?:[${WORDLY}]|${MARK})$`, "u");
const GOES_ON = new RegExp(`^(?:${MARK}|[\\u200d\\ufe0f\\u{1f3fb}-\\u{1f3ff}])$`, "u");
const IS_WORDLY = new RegExp(`^[${WORDLY}]`, "u");
const ONLY_SPACE = new RegExp(`^[${SPACE}]$`);
const AROUND = new RegExp(`^[${SPACE}]+|[${SPACE}]+$`, "g");
/** @type {readonly (readonly [string, string])[]} the two ways to write German and Nordic letters */
const LONG = [["ä", "ae"], ["ö", "oe"], ["ü", "ue"], ["ø", "oe"], ["å", "aa"]];
/** @type {readonly (readonly [string, string])[]} */
const SHORT = [["ae", "a"], ["oe", "o"], ["ue", "u"], ["aa", "a"]];

/** A word, a phrase, or a piece such as `foo_bar-42`: its words must stand in this order. */
export class Part {
  /** @param {string} typed @param {boolean} isExact whether its last word must be whole */
  constructor(typed, isExact) {
    this.isExact = isExact;
    this.isOpen = !isExact && typed.endsWith("*");
    const small = caseFold(typed);
    const others = [LONG, SHORT].map((pairs) => fold(pairs.reduce((text, [written, meant]) => text.replaceAll(written, meant), small)));
    this.spellings = [...new Set([fold(typed), ...others])];
    this.pieces = this.spellings.map(pieces);
    const [first, ...more] = this.pieces[0];
    /** Whether it may also stand inside longer words, as in compounds. */
    this.canBeInside = !isExact && !more.length && Boolean(first) && !first.isRun && lengthOf(first.word) >= INSIDE_MIN_CHARS;
    /** What it is in a folded text. */
    this.pattern = this.patternOf(false);
    /** The same inside of longer words, where it can be. */
    this.inside = this.canBeInside ? this.patternOf(true) : this.pattern;
  }

  /** @param {boolean} isInside */
  patternOf(isInside) {
    return new Pattern(this.spellings.map((spelling, at) => this.shape(spelling, this.pieces[at], isInside)));
  }

  /** @param {string} word */
  mayGoOn(word) {
    return this.isOpen || (!this.isExact && lengthOf(word) > WHOLE_MAX_CHARS);
  }

  /**
   * @param {string} spelling
   * @param {{word: string, isRun: boolean}[]} found
   * @param {boolean} isInside
   * @returns {Shape}
   */
  shape(spelling, found, isInside) {
    const bare = strip(spelling);
    const last = found.at(-1);
    if (!last) return { expression: escape(bare), begins: false, ends: false };
    const begins = !isInside && isSpaced(found[0]);
    const ends = !isInside && isSpaced(last) && !this.mayGoOn(last.word);
    const before = edge([...bare]);
    const after = edge([...bare].reverse()).split("").reverse().join("");
    const between = found.map(({ word }, at) => (at ? upTo(word) : "") + escape(word)).join("");
    return { expression: escape(before) + between + escape(after), begins: begins && !before, ends: ends && !after };
  }
}

/**
 * What may stand before a word of a phrase: never what the word begins with, as a picture may. Else there would be so
 * many ways to read a row of them that nobody saw the end of it.
 * @param {string} word
 */
function upTo(word) {
  const begins = escape(String.fromCodePoint(word.codePointAt(0) ?? 0));
  const between = IS_WORDLY.test(word) ? `[^${WORDLY}]` : `(?:(?!${begins})[^${WORDLY}])`;
  return `${between}{0,${BETWEEN_MAX_CHARS}}`;
}

/** Any of some shapes, looked for in folded texts. */
export class Pattern {
  /** @param {Shape[]} shapes */
  constructor(shapes) {
    const unlike = new Map(shapes.map((shape) => [`${shape.expression} ${shape.begins} ${shape.ends}`, shape]));
    this.shapes = [...unlike.values()].map((shape) => ({ ...shape, expression: new RegExp(shape.expression, "gu") }));
  }

  /** @param {string} text */
  search(text) {
    return !this.spans(text).next().done;
  }

  /**
   * Where it is, from where to where.
   * @param {string} text
   * @returns {Generator<[number, number], void>}
   */
  *spans(text) {
    for (const { expression, begins, ends } of this.shapes) {
      let at = 0;
      for (;;) {
        expression.lastIndex = at;
        const match = at <= text.length ? expression.exec(text) : null;
        if (!match) break;
        const begin = match.index;
        const end = begin + match[0].length;
        // Past the whole of the sign: from the middle of one an expression goes back to its beginning.
        const next = begin + (signAt(text, begin).length || 1);
        if ((begins && isLetter(signBefore(text, begin))) || (ends && isLetter(signAt(text, end)))) {
          at = next;
          continue;
        }
        yield [begin, end];
        at = Math.max(end, next);
      }
    }
  }
}

/** A person, by the beginning of a word of their name, or by their user_id. */
export class Author {
  /** @param {string} typed @param {boolean} isNot whether it must not be them */
  constructor(typed, isNot) {
    this.isNot = isNot;
    this.userId = typed;
    this.name = strip(fold(typed)).replace(/^@/, "");
    this.pattern = new Pattern([{ expression: escape(this.name), begins: true, ends: false }]);
  }

  /** @param {string} username @param {string} userId */
  isIt(username, userId) {
    return userId === this.userId || this.pattern.search(fold(username));
  }
}

/**
 * What was typed, with its days in this time zone. Whatever it is, it means something.
 * @param {string} typed
 * @param {string} [zone]
 * @returns {Query}
 */
export function parse(typed, zone = "UTC") {
  /** @type {Query} */
  const query = { wanted: [], unwanted: [], authors: [], has: [], times: [] };
  for (const { isNot, operator, value, isQuoted } of read([...typed])) {
    if (operator && apply(query, operator, value, isNot, zone)) continue;
    const whole = operator ? `${operator}:${value}` : value;
    // What doesn't show is nothing to find.
    if (!/[^* \t]/.test(fold(whole))) continue;
    (isNot ? query.unwanted : query.wanted).push(new Part(trimmed(whole), isQuoted));
  }
  return query;
}

/** How many things are asked for. @param {Query} query */
export function sizeOf({ wanted, unwanted, authors, has, times }) {
  return wanted.length + unwanted.length + authors.length + has.length + times.length;
}

/**
 * Each piece: whether it is a `-not`, its operator, its words, and whether they are quoted.
 * @param {string[]} typed sign by sign
 */
function* read(typed) {
  const end = typed.length;
  let at = 0;
  while (at < end) {
    if (isSpace(typed[at])) {
      at += 1;
      continue;
    }
    const start = at;
    let isNot = "-−".includes(typed[at]) && at + 1 < end && !isSpace(typed[at + 1]);
    if (isNot) at += 1;
    // The longest operator has seven signs with its colon, and one of its value is looked at.
    const match = OPERATOR.exec(typed.slice(at, at + 8).join(""));
    const operator = match ? match[1].toLowerCase() : "";
    if (match) at += match[0].length;
    const closers = QUOTES[typed[at]];
    if (closers) {
      const closing = typed.findIndex((sign, place) => place > at && closers.includes(sign));
      const close = closing < 0 ? end : closing;
      const value = typed.slice(at + 1, close).join("");
      at = close + 1;
      if (strip(value)) yield { isNot, operator, value, isQuoted: true };
      continue;
    }
    const space = typed.findIndex((sign, place) => place >= at && isSpace(sign));
    const stop = space < 0 ? end : space;
    let value = typed.slice(at, stop).join("");
    at = stop;
    if (isNot && !operator && !pieces(fold(value)).length) {
      // An arrow, a rule: no word is left out.
      isNot = false;
      value = typed.slice(start, stop).join("");
    }
    yield { isNot, operator, value, isQuoted: false };
  }
}

/**
 * @param {Query} query
 * @param {string} operator
 * @param {string} value
 * @param {boolean} isNot
 * @param {string} zone
 * @returns {boolean} whether it is one
 */
function apply(query, operator, value, isNot, zone) {
  if (operator === "from") {
    const author = new Author(strip(value), isNot);
    if (author.name) query.authors.push(author);
    return author.name !== "";
  }
  if (operator === "has") {
    const kind = KINDS.get(caseFold(value).replace(/s+$/, ""));
    if (kind) query.has.push({ kind, isNot });
    return kind !== undefined;
  }
  const span = spanOf(value, zone);
  if (!span) return false;
  let { since, until } = span;
  if (operator === "before") [since, until] = [FIRST, since];
  else if (operator === "after") [since, until] = [until, LAST];
  query.times.push({ since, until, isNot });
  return true;
}

/**
 * A day, a month or a year, from its beginning to the next one's.
 * @param {string} value
 * @param {string} zone
 */
function spanOf(value, zone) {
  const match = DATE.exec(strip(value));
  if (!match) return undefined;
  const [year, month, day] = match.slice(1).map((each) => (each === undefined ? 0 : Number(each)));
  // A month or a day that is written as 0 is none, and so is one that isn't written.
  const first = timeOf(year, month || 1, day || 1);
  const last = day ? first + 86_400_000 : month ? timeOf(year + Math.floor(month / 12), (month % 12) + 1, 1) : timeOf(year + 1, 1, 1);
  const [since, until] = [first, last].map((each) => (Number.isNaN(each) || each > LAST_DAY ? NaN : midnight(each, zone)));
  return Number.isNaN(since) || Number.isNaN(until) ? undefined : { since, until };
}

const LAST_DAY = timeOf(9999, 12, 31);

/** Without the punctuation of a sentence around it, where there are words. @param {string} typed */
function trimmed(typed) {
  if (!pieces(fold(typed)).length) return typed;
  const signs = [...typed];
  let begin = 0;
  let end = signs.length;
  while (begin < end && !(EDGES.includes(signs[begin]) || isSign(signs[begin]))) begin += 1;
  while (end > begin && !(`${EDGES}*`.includes(signs[end - 1]) || isSign(signs[end - 1]))) end -= 1;
  return signs.slice(begin, end).join("") || typed;
}

/** @param {string} sign */
function isSign(sign) {
  return IS_WORDLY.test(sign) || pieces(sign).length > 0 || GOES_ON.test(sign);
}

/** Whether it is a word of a script that has spaces between them. @param {{word: string, isRun: boolean}} piece */
function isSpaced({ word, isRun }) {
  return !isRun && isLetter(signAt(word, 0));
}

/** Whether a word of a script with spaces goes on with it. @param {string} sign */
function isLetter(sign) {
  return LETTER.test(sign);
}

/** @param {string[]} signs */
function edge(signs) {
  const end = signs.findIndex((sign) => !EDGES.includes(sign));
  return signs.slice(0, end < 0 ? signs.length : end).join("");
}

/** @param {string} text @param {number} at */
function signAt(text, at) {
  const code = text.codePointAt(at);
  return code === undefined ? "" : String.fromCodePoint(code);
}

/** @param {string} text @param {number} at */
function signBefore(text, at) {
  const isPair = at > 1 && /[\udc00-\udfff]/.test(text[at - 1]) && /[\ud800-\udbff]/.test(text[at - 2]);
  return text.slice(at - (isPair ? 2 : 1), at);
}

/** @param {string} text */
function lengthOf(text) {
  return Array.from(text).length;
}

/** @param {string} sign */
function isSpace(sign) {
  return ONLY_SPACE.test(sign);
}

/** @param {string} text */
export function strip(text) {
  return text.replace(AROUND, "");
}

/** @param {string} text */
function escape(text) {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
