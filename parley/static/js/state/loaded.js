// @ts-check
// The stretch of the history that is loaded: unbroken, in order, and never much longer than the screen needs. Pure.
import { unconfirmed } from "./outgoing.js";
import { withQuotes } from "./quotes.js";
import { withOwn } from "./reacting.js";

/**
 * @typedef {import("./store.js").State} State
 * @typedef {import("../connection/wire.js").Message} Message
 * @typedef {import("../connection/wire.js").Conversation} Conversation
 */

/** How many messages stay loaded: more would make the page slow, and the rest is a scroll away. */
export const WINDOW_MESSAGES = 300;
/** While somebody reads further up, arrivals may pile up below by this much before the far end is let go. */
const SLACK_MESSAGES = 100;

/**
 * Pages of the history. `seq` is what was known when they were asked for: anything later may be missing from them.
 * @type {Record<string, (state: State, event: any) => State>}
 */
export const PAGES = {
  older_loaded(state, { messages, hasMore }) {
    const merged = merge(messages, state.messages);
    const hasNewer = state.hasNewer || merged.length > WINDOW_MESSAGES;
    const reacting = withOwn(state, messages);
    return { ...state, messages: merged.slice(0, WINDOW_MESSAGES), hasOlder: hasMore, hasNewer, reacting };
  },
  newer_loaded(state, { messages, hasMore, seq }) {
    const hasNewer = hasMore || stopsShort(state, messages, seq);
    // The last page may be ahead of the events. What they are still to tell comes with them, and is counted then.
    const told = Math.max(state.seq, state.messages.at(-1)?.seq ?? 0);
    const added = hasNewer ? messages : messages.filter((/** @type {Message} */ message) => message.seq <= told);
    const merged = merge(state.messages, added);
    const hasOlder = state.hasOlder || merged.length > WINDOW_MESSAGES;
    const reacting = withOwn(state, messages);
    return reach({ ...state, messages: merged.slice(-WINDOW_MESSAGES), hasOlder, hasNewer, reacting });
  },
  window_loaded(state, { messages, hasOlder, hasNewer, seq }) {
    const reacting = withOwn(state, messages);
    return reach({ ...state, messages, hasOlder, hasNewer: hasNewer || stopsShort(state, messages, seq), reacting });
  },
};

/**
 * Whether something came while a page was on its way that may be missing from it.
 * @param {State} state
 * @param {Message[]} page
 * @param {number} asked
 */
function stopsShort(state, page, asked) {
  return state.seq > Math.max(asked, page.at(-1)?.seq ?? 0);
}

/**
 * A stretch that goes on to the end may be ahead of the events: then what they missed is history, and no gap.
 * @param {State} state
 * @returns {State}
 */
function reach(state) {
  if (state.hasNewer) return state;
  const seq = Math.max(state.seq, state.messages.at(-1)?.seq ?? 0);
  return settle({ ...state, seq, outbox: unconfirmed(state, state.messages) });
}

/**
 * Takes over what waited for a gap that is closed now.
 * @param {State} state
 * @returns {State}
 */
export function settle(state) {
  let { seq } = state;
  const waiting = state.ahead.filter((change) => change.seq > seq);
  while (waiting[0]?.seq === seq + 1) {
    waiting.shift();
    seq += 1;
  }
  const taken = state.ahead.filter((change) => change.seq > state.seq && change.seq <= seq);
  const messages = taken.flatMap(({ message }) => message ?? []);
  const grown = messages.length
    ? withQuotes(merge(state.messages, within(state, messages)), messages)
    : state.messages;
  return { ...state, seq, ahead: waiting, messages: grown };
}

/**
 * The newest messages, joined to those already loaded for whoever reads further up. Those loaded may have changed
 * meanwhile: whoever is at the end gets the newest alone.
 * @param {State} state
 * @param {Conversation} conversation
 * @param {boolean} atEnd
 * @returns {State}
 */
export function withNewest(state, { messages, has_more: hasMore }, atEnd) {
  const last = state.messages.at(-1);
  if (!last || (atEnd && !state.hasNewer)) return { ...state, messages, hasOlder: hasMore, hasNewer: false };
  const meets = !hasMore || messages[0].seq <= last.seq + 1;
  if (!meets) return { ...state, messages: withQuotes(state.messages, messages), hasNewer: true };
  const joined = withQuotes(merge(state.messages, messages), messages);
  return trim({ ...state, messages: joined, hasNewer: false }, false);
}

/**
 * Those messages that have their place in the loaded stretch, or may go on from its end.
 * @param {State} state
 * @param {Message[]} messages
 */
export function within({ messages: loaded, hasOlder, hasNewer }, messages) {
  const first = hasOlder ? (loaded[0]?.seq ?? Infinity) : 0;
  const last = hasNewer ? (loaded.at(-1)?.seq ?? 0) : Infinity;
  return messages.filter(({ seq }) => seq >= first && seq <= last);
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
 * In order; of two forms of a message the one that changed last, and of equals the one in `after`.
 * @param {Message[]} before
 * @param {Message[]} after
 */
export function merge(before, after) {
  const bySeq = new Map(before.map((message) => [message.seq, message]));
  for (const message of after) {
    const known = bySeq.get(message.seq);
    if (!known || changedAt(message) >= changedAt(known)) bySeq.set(message.seq, message);
  }
  return [...bySeq.values()].sort((one, other) => one.seq - other.seq);
}

/** @param {Message} message */
function changedAt({ seq, changed_seq: changedSeq = seq }) {
  return changedSeq;
}
