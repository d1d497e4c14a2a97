// @ts-check
// What nobody has seen yet: where it begins, and how much it is. Pure.

/**
 * @typedef {import("./store.js").State} State
 * @typedef {import("../connection/wire.js").Message} Message
 */

/**
 * @param {State} state
 * @param {Message[]} arrived
 * @param {boolean} seen
 * @returns {State}
 */
export function countUnread(state, arrived, seen) {
  const theirs = arrived.filter((message) => message.user_id !== state.me?.userId);
  if (seen || !theirs.length) return state;
  const first = Math.min(...theirs.map((message) => message.seq));
  return { ...state, unread: add(state.unread, first, theirs.length) };
}

/**
 * After a gap too wide to be told message by message: what lies before the newest ones is counted by seq.
 * @param {State} state as it was before
 * @param {import("../connection/wire.js").Conversation} conversation
 * @param {boolean} seen
 * @returns {State["unread"]}
 */
export function countUnseen(state, { messages, has_more: hasMore }, seen) {
  if (seen) return state.unread;
  const known = new Set(state.ahead.map((change) => change.seq));
  const missed = messages.filter(({ seq }) => seq > state.seq && !known.has(seq));
  const begins = hasMore && messages.length ? messages[0].seq : 0;
  const counted = state.ahead.filter((change) => change.seq < begins).length;
  const untold = Math.max(0, begins - 1 - state.seq - counted);
  if (!untold) return countUnread(state, missed, seen).unread;
  const theirs = missed.filter((message) => message.user_id !== state.me?.userId);
  return add(state.unread, state.seq + 1, untold + theirs.length);
}

/**
 * @param {State["unread"]} unread
 * @param {number} first
 * @param {number} more
 */
function add({ from, count }, first, more) {
  return { from: from && count ? Math.min(from, first) : first, count: count + more };
}
