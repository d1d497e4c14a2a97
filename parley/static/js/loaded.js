// @ts-check
// The stretch of the history that is loaded: unbroken, in order, and never much longer than the screen needs.

/**
 * @typedef {import("./store.js").State} State
 * @typedef {import("./wire.js").Message} Message
 * @typedef {import("./wire.js").Conversation} Conversation
 */

/** How many messages stay loaded: more would make the page slow, and the rest is a scroll away. */
export const WINDOW_MESSAGES = 300;
/** While somebody reads further up, arrivals may pile up below by this much before the far end is let go. */
const SLACK_MESSAGES = 100;

/**
 * A fresh state's messages joined to those already loaded, when no gap lies between.
 * @param {State} state
 * @param {Conversation} conversation
 * @returns {State}
 */
export function withNewest(state, { messages, has_more: hasMore }) {
  const last = state.messages.at(-1);
  const meets = !last || !messages.length || !hasMore || messages[0].seq <= last.seq + 1;
  if (!meets && state.hasNewer) return state;
  if (!meets || !last) return { ...state, messages, hasOlder: hasMore, hasNewer: false };
  return trim({ ...state, messages: merge(state.messages, messages), hasNewer: false }, true);
}

/**
 * @param {State} state
 * @param {boolean} atEnd whether the reader is at the end: then the oldest go, else the newest
 * @returns {State}
 */
export function trim(state, atEnd) {
  const { messages } = state;
  if (atEnd && messages.length > WINDOW_MESSAGES) {
    return { ...state, messages: messages.slice(-WINDOW_MESSAGES), hasOlder: true };
  }
  if (!atEnd && messages.length > WINDOW_MESSAGES + SLACK_MESSAGES) {
    return { ...state, messages: messages.slice(0, WINDOW_MESSAGES), hasNewer: true };
  }
  return state;
}

/**
 * @param {Message[]} before
 * @param {Message[]} after wins where both have a message
 */
export function merge(before, after) {
  const bySeq = new Map([...before, ...after].map((message) => [message.seq, message]));
  return [...bySeq.values()].sort((one, other) => one.seq - other.seq);
}
