// @ts-check
// What nobody has seen yet: where it begins, how far it was seen since, and how much is left. Pure.
import { isFor } from "./quotes.js";

/**
 * @typedef {import("./store.js").State} State
 * @typedef {import("../connection/wire.js").Message} Message
 * @typedef {Pick<State, "unread" | "seenThrough">} Unread
 */

/**
 * What came since this browser had read all up to a seq. Of what is not loaded, what is one's own is not known.
 * @param {State} state as the server rendered it
 * @param {number} through 0 for nothing: then all of it is history
 * @returns {Unread}
 */
export function unreadSince(state, through) {
  const { messages, hasOlder, hasNewer, seq, unread, seenThrough } = state;
  if (!through || through >= seq) return { unread, seenThrough };
  const [first, last] = [messages[0]?.seq ?? seq + 1, messages.at(-1)?.seq ?? seq];
  const before = hasOlder ? Math.max(0, first - 1 - through) : 0;
  const after = hasNewer ? seq - Math.max(last, through) : 0;
  const theirs = theirsAmong(messages, state).filter((message) => message.seq > through);
  const from = before ? through + 1 : (theirs[0]?.seq ?? last + 1);
  const count = before + theirs.length + after;
  return count ? { unread: { from, count }, seenThrough: through } : { unread, seenThrough };
}

/**
 * @param {State} state
 * @param {Message[]} arrived
 * @param {boolean} seen
 * @returns {State}
 */
export function countUnread(state, arrived, seen) {
  const theirs = theirsAmong(arrived, state);
  if (seen || !theirs.length) return state;
  const first = Math.min(...theirs.map((message) => message.seq));
  return { ...state, ...add(state, first, theirs.length) };
}

/**
 * After a gap too wide to be told message by message: what lies before the newest ones is counted by seq.
 * @param {State} state as it was before
 * @param {import("../connection/wire.js").Conversation} conversation
 * @param {boolean} seen
 * @returns {Unread}
 */
export function countUnseen(state, { messages, has_more: hasMore }, seen) {
  const { unread, seenThrough } = state;
  if (seen) return { unread, seenThrough };
  const known = new Set(state.ahead.map((change) => change.seq));
  const missed = messages.filter(({ seq }) => seq > state.seq && !known.has(seq));
  const begins = hasMore && messages.length ? messages[0].seq : 0;
  const counted = state.ahead.filter((change) => change.seq < begins).length;
  const untold = Math.max(0, begins - 1 - state.seq - counted);
  if (untold) return add(state, state.seq + 1, untold + theirsAmong(missed, state).length);
  const { unread: more, seenThrough: through } = countUnread(state, missed, seen);
  return { unread: more, seenThrough: through };
}

/**
 * The reader has seen all up to a seq, whatever they passed over.
 * @param {State} state
 * @param {number} through
 * @returns {State}
 */
export function see(state, through) {
  const { unread, seenThrough, seq } = state;
  if (!unread.count || through <= seenThrough) return state;
  const count = through >= seq ? 0 : left(state, through);
  return { ...state, unread: { from: unread.from, count }, seenThrough: through };
}

/**
 * How many are left to see: those that are loaded; and what is not is counted by seq.
 * @param {State} state
 * @param {number} through
 */
function left({ unread, seenThrough, ...state }, through) {
  const after = theirsAmong(loaded(state), state).filter(({ seq }) => seq > through).length;
  if (!state.hasNewer) return after;
  const passed = theirsAmong(state.messages, state).filter(({ seq }) => seq > seenThrough && seq <= through).length;
  const skipped = state.hasOlder ? Math.max(0, (state.messages[0]?.seq ?? 0) - 1 - seenThrough) : 0;
  return Math.max(1, after, unread.count - passed - skipped); // until the end is there, it is not known to be seen
}

/**
 * How many of those that are left to see mean the reader, or answer them: of those that are loaded.
 * @param {State} state
 */
export function unreadFor(state) {
  const { unread, seenThrough, me } = state;
  return unread.count ? loaded(state).filter((message) => message.seq > seenThrough && isFor(message, me)).length : 0;
}

/**
 * The first message that nobody saw, if it is loaded and nothing unseen is missing before it.
 * @param {State} state
 * @returns {Message | undefined}
 */
export function firstUnseen(state) {
  const { messages, hasOlder, seenThrough } = state;
  if (hasOlder && (messages[0]?.seq ?? 0) > seenThrough + 1) return undefined;
  return theirsAmong(loaded(state), state).find(({ seq }) => seq > seenThrough);
}

/** @param {Pick<State, "messages" | "ahead" | "hasNewer">} state */
function loaded({ messages, ahead, hasNewer }) {
  return hasNewer ? messages : [...messages, ...ahead.flatMap(({ message }) => message ?? [])];
}

/**
 * @param {Message[]} messages
 * @param {Pick<State, "me">} state
 */
function theirsAmong(messages, { me }) {
  return messages.filter((message) => message.user_id !== me?.userId);
}

/**
 * @param {State} state
 * @param {number} first
 * @param {number} more
 * @returns {Unread}
 */
function add({ unread: { from, count }, seenThrough }, first, more) {
  return {
    unread: { from: from && count ? Math.min(from, first) : first, count: count + more },
    seenThrough: count ? seenThrough : first - 1,
  };
}
