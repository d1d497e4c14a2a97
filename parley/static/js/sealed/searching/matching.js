// @ts-check
// Whether a message is what is looked for, as `parley/domain/looking.py` and `searching.py` decide it on the server.
import { LINKED } from "../../transcript/text.js";
import { snippet, spans } from "./hits.js";
import { fold, WORDLY } from "./words.js";

/**
 * @typedef {import("../../connection/wire.js").Message} Message
 * @typedef {import("./queries.js").Query} Query
 */

const LINK = new RegExp(`https?://${LINKED}`, "iu");
const IS_WORDLY = new RegExp(`^[${WORDLY}]`, "u");

/** Whether a part of it may stand inside of words. @param {Query} query */
export function canBeInside({ wanted }) {
  return wanted.some((part) => part.canBeInside);
}

/**
 * @param {Query} query
 * @param {Message} message
 * @param {string} folded its text
 * @param {boolean} isInside whether what stands inside of words is looked for, and nothing else
 */
export function isFound(query, message, folded, isInside) {
  const { wanted, unwanted, authors, has, times } = query;
  if (!wanted.every((part) => (isInside ? part.inside : part.pattern).search(folded))) return false;
  if (isInside && wanted.every(({ pattern }) => pattern.search(folded))) return false; // it was found before
  if (unwanted.some(({ pattern }) => pattern.search(folded))) return false;
  if (authors.some((author) => author.isIt(message.username, message.user_id) === author.isNot)) return false;
  const sentAt = Date.parse(message.timestamp);
  if (times.some(({ since, until, isNot }) => (since <= sentAt && sentAt < until) === isNot)) return false;
  if (!has.length) return true;
  const contents = contentsOf(message);
  return has.every(({ kind, isNot }) => contents.has(kind) !== isNot);
}

/** @param {Message} message */
function contentsOf({ message, attachments = [], reactions = [] }) {
  const found = new Set();
  if (LINK.test(message)) found.add("link");
  if (attachments.length) found.add("file");
  if (attachments.some(({ type }) => type.startsWith("image/"))) found.add("image");
  if (reactions.length) found.add("reaction");
  return found;
}

/**
 * @param {Query} query
 * @param {Message} message
 * @param {boolean} isInside
 * @returns {import("../../search/asking.js").Result}
 */
export function resultOf({ wanted }, message, isInside) {
  const patterns = wanted.map((part) => (isInside ? part.inside : part.pattern));
  return { message, snippet: snippet(message.message, spans(message.message, patterns)) };
}

/**
 * Whole words before beginnings, and those before what stands inside; more hits before fewer, for the length of the text.
 * @param {Query} query
 * @param {string} folded
 * @param {boolean} isInside
 */
export function scoreOf({ wanted }, folded, isInside) {
  let score = 0;
  for (const part of wanted) {
    const found = [...(isInside ? part.inside : part.pattern).spans(folded)];
    const whole = found.filter(([, end]) => !IS_WORDLY.test(folded.slice(end, end + 2))).length;
    score += Math.min(3, found.length) + 2 * Math.min(3, whole);
  }
  if (isInside) score /= 4;
  return score / (1 + Array.from(folded).length / 400);
}

/** @param {Message} message */
export function foldedOf({ message }) {
  return fold(message);
}
