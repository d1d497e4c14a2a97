// @ts-check
// What nobody has seen yet: where it begins, how far it was seen since, and how much is left. Pure.
import { isFor } from "./quotes.js";
//
// Of what is not loaded the numbers tell no more than how much changed at most, for a reaction or an edit has one, too.
// Such a count is a guess until the server was asked: see `transcript/recount.js`.

/**
 * @typedef {import("./store.js").State} State
 * @typedef {import("../connection/wire.js").Message} Message
 * @typedef {Pick<State, "unread" | "seenThrough" | "unreadIsGuess">} Unread
 */

/** @type {Record<string, (state: State, event: any) => State>} */
export const UNREAD = {
  /** Seen up to a seq, or all of it. The line that shows where it began stays. */
  seen(state, { through = Infinity }) {
    return see(state, through);
  },
  /** The line has done its work, if nothing after it is left to see. */
  read_all(state) {
    const { from, count } = state.unread;
    return from && !count ? { ...state, unread: { from: 0, count: 0 } } : state;
  },
  /** The server's count of what came after a seq, as it was at another: what came since then is added. */
  unread_counted(state, { after, seq, count }) {
    if (state.seenThrough !== after || !state.unread.count) return state;
    if (state.hasNewer && state.seq > seq) return { ...state }; // nobody knows what came since: it is asked once more
    const since = theirsAmong(loaded(state), state).filter((message) => message.seq > seq).length;
    return { ...state, unread: { from: state.unread.from, count: count + since }, unreadIsGuess: false };
  },
};

/**
 * What came since this browser, or another of the same person's, had read all up to a seq.
 * @param {State} state as the server rendered it
 * @param {number} through 0 for nothing: then all of it is history
 * @param {number} [counted] how much the server says it is
 * @returns {Unread}
 */
export function unreadSince(state, through, counted) {
  const { messages, hasOlder, hasNewer, seq, unread, seenThrough } = state;
  const nothing = { unread, seenThrough, unreadIsGuess: false };
  if (!through || through >= seq || counted === 0) return nothing;
  const [first, last] = [messages[0]?.seq ?? seq + 1, messages.at(-1)?.seq ?? seq];
  const before = hasOlder ? Math.max(0, first - 1 - through) : 0;
  const after = hasNewer ? seq - Math.max(last, through) : 0;
  const theirs = theirsAmong(messages, state).filter((message) => message.seq > through);
  const from = before ? through + 1 : (theirs[0]?.seq ?? last + 1);
  const isWhole = !before && !after;
  const count = isWhole ? theirs.length : (counted ?? before + theirs.length + after);
  const unreadIsGuess = !isWhole && (counted === undefined || counted >= COUNTED_MAX);
  return count ? { unread: { from, count }, seenThrough: through, unreadIsGuess } : nothing;
}

/** The server says this of more, too, where it only renders a page. */
const COUNTED_MAX = 100;

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
 * After a gap too wide to be told message by message.
 * @param {State} state as it was before
 * @param {import("../connection/wire.js").Conversation} conversation
 * @param {boolean} seen
 * @returns {Unread}
 */
export function countUnseen(state, { messages, has_more: hasMore }, seen) {
  const { unread, seenThrough, unreadIsGuess } = state;
  if (seen) return { unread, seenThrough, unreadIsGuess };
  const known = new Set(state.ahead.map((change) => change.seq));
  const missed = messages.filter(({ seq }) => seq > state.seq && !known.has(seq));
  const begins = hasMore && messages.length ? messages[0].seq : 0;
  const counted = state.ahead.filter((change) => change.seq < begins).length;
  const untold = Math.max(0, begins - 1 - state.seq - counted);
  if (untold) {
    return { ...add(state, state.seq + 1, untold + theirsAmong(missed, state).length), unreadIsGuess: true };
  }
  const next = countUnread(state, missed, seen);
  return { unread: next.unread, seenThrough: next.seenThrough, unreadIsGuess };
}

/**
 * Deleted before it was seen: nobody has to look for it.
 * @param {State} state
 * @param {Message} message as it is now
 * @returns {Pick<State, "unread">}
 */
export function withoutDeleted(state, { seq, deleted, user_id }) {
  const { unread, seenThrough, messages, me } = state;
  const before = deleted && messages.find((message) => message.seq === seq);
  const counted = before && !before.deleted && user_id !== me?.userId && seq > seenThrough && unread.count > 0;
  return { unread: counted ? { from: unread.from, count: unread.count - 1 } : unread };
}

/**
 * The reader has seen all up to a seq, whatever they passed over.
 * @param {State} state
 * @param {number} through
 * @returns {State}
 */
function see(state, through) {
  const { unread, seenThrough, seq } = state;
  if (!unread.count || through <= seenThrough) return state;
  const { count, isGuess } = through >= seq ? { count: 0, isGuess: false } : left(state, through);
  return { ...state, unread: { from: unread.from, count }, seenThrough: through, unreadIsGuess: isGuess };
}

/**
 * How many are left to see: those that are loaded; and what is not is guessed.
 * @param {State} state
 * @param {number} through
 */
function left({ unread, seenThrough, unreadIsGuess, ...state }, through) {
  const after = theirsAmong(loaded(state), state).filter(({ seq }) => seq > through).length;
  if (!state.hasNewer) return { count: after, isGuess: false };
  const passed = theirsAmong(state.messages, state).filter(({ seq }) => seq > seenThrough && seq <= through).length;
  const skipped = state.hasOlder ? Math.max(0, (state.messages[0]?.seq ?? 0) - 1 - seenThrough) : 0;
  const isBeyond = through > (state.messages.at(-1)?.seq ?? 0); // read elsewhere
  const count = Math.max(1, after, unread.count - passed - skipped); // until the end is there, it is not known to be seen
  return { count, isGuess: unreadIsGuess || skipped > 0 || isBeyond };
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

/**
 * The last message of others up to a seq, of those that are loaded; 0 for none: that far one has read.
 * @param {State} state
 * @param {number} through
 */
export function lastOfOthers({ messages, me }, through) {
  for (let index = messages.length - 1; index >= 0; index -= 1) {
    const { seq, user_id: userId } = messages[index];
    if (seq <= through && userId !== me?.userId) return seq;
  }
  return 0;
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
  return messages.filter((message) => message.user_id !== me?.userId && !message.deleted);
}

/**
 * @param {State} state
 * @param {number} first
 * @param {number} more
 * @returns {Unread}
 */
function add({ unread: { from, count }, seenThrough, unreadIsGuess }, first, more) {
  return {
    unread: { from: from && count ? Math.min(from, first) : first, count: count + more },
    seenThrough: count ? seenThrough : first - 1,
    unreadIsGuess: count > 0 && unreadIsGuess,
  };
}
