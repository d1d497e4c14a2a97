// @ts-check
// What a message answers, as it is now: its change is told once, and whatever quotes it follows. Pure.
import { excerpt } from "./excerpt.js";

/**
 * @typedef {import("../connection/wire.js").Message} Message
 * @typedef {import("../connection/wire.js").Answered} Answered
 */

/**
 * @param {Message} message
 * @returns {Answered} as the server tells it with an answer
 */
export function quoteOf({ id, seq, user_id, username, message, deleted }) {
  if (deleted) return { id, seq, user_id, username, excerpt: "", deleted };
  return { id, seq, user_id, username, excerpt: excerpt(message) };
}

/**
 * The messages, with what they quote as it is after changes.
 * @param {Message[]} messages
 * @param {Message[]} changes
 */
export function withQuotes(messages, changes) {
  // Nothing quotes a message before it is said.
  const later = changes.filter(({ seq, changed_seq: changedSeq = seq }) => changedSeq > seq);
  if (!later.length) return messages;
  const bySeq = new Map(later.map((message) => [message.seq, message]));
  return messages.map((message) => {
    const changed = bySeq.get(message.reply_to?.seq ?? 0);
    return changed ? { ...message, reply_to: quoteOf(changed) } : message;
  });
}

/**
 * The messages, with what they quote up to a seq erased.
 * @param {Message[]} messages
 * @param {number} through
 */
export function withoutQuotes(messages, through) {
  return messages.map((message) => {
    const { reply_to: quote } = message;
    if (!quote || quote.seq > through) return message;
    return { ...message, reply_to: { ...quote, user_id: "", username: "", excerpt: "", deleted: true } };
  });
}

/**
 * Whether it is for somebody: it means them, or answers them.
 * @param {Message} message
 * @param {{userId: string} | null} person
 */
export function isFor({ user_id, mentions, reply_to: quote, deleted }, person) {
  if (!person || deleted || user_id === person.userId) return false;
  return quote?.user_id === person.userId || mentions?.includes(person.userId) === true;
}
