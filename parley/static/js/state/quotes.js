// @ts-check
// What a message answers, as it is now: its change is told once, and whatever quotes it follows. Pure.

/**
 * @typedef {import("../connection/wire.js").Message} Message
 * @typedef {import("../connection/wire.js").Answered} Answered
 */

const EXCERPT_CHARS = 120;
/** As much of a text is looked at for that, here and on the server. */
const BEGINS_CHARS = 300;

/**
 * @param {Message} message
 * @returns {Answered} as the server tells it with an answer
 */
export function quoteOf({ id, seq, user_id, username, message, deleted }) {
  if (deleted) return { id, seq, user_id, username, excerpt: "", deleted };
  const words = [...message.slice(0, 2 * BEGINS_CHARS)].slice(0, BEGINS_CHARS).join("").trim().replace(/\s+/g, " ");
  const letters = [...words];
  const excerpt = letters.length <= EXCERPT_CHARS ? words : `${letters.slice(0, EXCERPT_CHARS - 1).join("")}…`;
  return { id, seq, user_id, username, excerpt };
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
