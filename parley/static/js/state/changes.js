// @ts-check
// How the log of the conversation reaches the state: each change once, in order, and none left out. Pure.
//
// `messages` is one unbroken stretch; unless `hasNewer`, it goes on to `seq`. What comes beyond a gap waits in `ahead`.
import { merge, settle, trim, within, withNewest } from "./loaded.js";
import { unconfirmed } from "./outgoing.js";
import { knowsEverybody } from "./people-pages.js";
import { withQuotes, withoutQuotes } from "./quotes.js";
import { readersOf } from "./readers.js";
import { countUnread, countUnseen, withoutDeleted } from "./unread.js";

/**
 * @typedef {import("./store.js").State} State
 * @typedef {import("./store.js").Change} Change
 * @typedef {import("../connection/wire.js").Message} Message
 * @typedef {import("../connection/wire.js").Conversation} Conversation
 *
 * Every event says whether its messages are `seen` at once, and whether the reader is `atEnd`, following it. A hidden
 * page follows the end and sees nothing.
 */

/** @type {Record<string, (state: State, event: any) => State>} */
export const CHANGES = {
  /** @param {State} state @param {{conversation: Conversation, seen: boolean, atEnd?: boolean}} event */
  conversation_state(state, { conversation, seen, atEnd = seen }) {
    const here = onlineAmong(conversation.participants);
    const next = {
      ...state,
      active: conversation.is_active,
      people: conversation.participants,
      peopleCursor: conversation.participants_cursor ?? "",
      cutOff: onlineAmong(state.people).filter((id) => !here.includes(id)),
      participantCount: conversation.participant_count,
      someUnnamed: false,
      typing: [],
      outbox: unconfirmed(state, conversation.messages),
      readOnly: conversation.read_only ?? false,
      accountsOnly: conversation.accounts_only ?? false,
      door: conversation.door ?? "open",
      keepDays: conversation.keep_days ?? 0,
      readers: readersOf(conversation.read),
      ...without(state, conversation.erased_through),
    };
    if (conversation.delta) return catchUp(next, conversation, { seen, atEnd });
    // A history shorter than the one we know is another one: its server lost some, and ours is worth nothing.
    if (conversation.seq < state.seq) return replace(next, conversation);
    return afresh(next, conversation, { seen, atEnd });
  },

  /** @param {State} state @param {{message: Message, seen: boolean, atEnd?: boolean}} event */
  new_message(state, { message, seen, atEnd = seen }) {
    const next = { ...state, outbox: unconfirmed(state, [message]) };
    if (knows(state, message.seq)) return trim(completed(next, message), atEnd);
    const typing = state.typing.filter((typist) => typist.userId !== message.user_id);
    const people = withAuthor(state, message);
    const grown = advance({ ...next, typing, people }, { seq: message.seq, message });
    return countUnread(trim(grown, atEnd), [message], seen);
  },

  /** A page of what changed after `since`, up to `seq`. An end is final, also when the page was read before it. */
  synced(state, { since, seq, messages, isActive, erasedThrough, seen, atEnd = seen }) {
    if (since > state.seq) return state;
    const active = state.active && isActive;
    const next = { ...state, active, outbox: unconfirmed(state, messages), ...without(state, erasedThrough) };
    const known = messages.reduce((/** @type {State} */ so, /** @type {Message} */ message) =>
      ({ ...so, people: withAuthor(so, message) }), next);
    return catchUp(known, { seq, messages }, { seen, atEnd });
  },

  /** The acknowledgement may come before the message itself, or long after, for one that was stored already. */
  sent(state, { clientId, id, seq, timestamp }) {
    const outgoing = state.outbox.find((entry) => entry.clientId === clientId);
    if (!outgoing || !state.me) return state;
    const message = {
      id, seq, timestamp, client_id: clientId, message: outgoing.text,
      user_id: state.me.userId, username: state.me.username,
      ...(outgoing.replyTo && { reply_to: outgoing.replyTo }), ...(outgoing.files && { files: outgoing.files }),
    };
    const next = { ...state, outbox: state.outbox.filter((entry) => entry !== outgoing) };
    return knows(state, seq) ? next : advance(next, { seq, message });
  },

  /** Deleted, say: the message as it is now, wherever it stands. @param {State} state @param {{message: Message}} event */
  message_changed(state, { message }) {
    const seq = message.changed_seq ?? message.seq;
    if (knows(state, seq)) return state;
    return advance({ ...state, ...withoutDeleted(state, message) }, { seq, message });
  },

  messages_erased(state, { through, seq }) {
    const next = { ...state, ...without(state, through) };
    return knows(state, seq) ? next : advance(next, { seq });
  },

  epoch_began(state, { seq }) {
    return knows(state, seq) ? state : advance(state, { seq });
  },

  conversation_ended(state, { seq }) {
    return { ...(knows(state, seq) ? state : advance(state, { seq })), active: false, typing: [] };
  },
};

/**
 * Notes a change. It takes effect now when it is the next one, else when the gap before it closes.
 * @param {State} state
 * @param {Change} change
 * @returns {State}
 */
export function advance(state, change) {
  const ahead = [...state.ahead, change].sort((one, other) => one.seq - other.seq);
  return settle({ ...state, ahead });
}

/**
 * Of one's own message the acknowledgement may have come first, which tells no more than its place.
 * @param {State} state
 * @param {Message} message
 * @returns {State}
 */
function completed(state, message) {
  const whole = (/** @type {Message} */ known) =>
    (known.seq === message.seq && known.changed_seq === undefined ? message : known);
  const isAhead = state.ahead.some((change) => change.message && whole(change.message) !== change.message);
  const ahead = state.ahead.map((change) => (change.message ? { ...change, message: whole(change.message) } : change));
  if (isAhead) return { ...state, ahead };
  return state.messages.some((known) => whole(known) !== known) ? { ...state, messages: state.messages.map(whole) } : state;
}

/**
 * Every change up to `seq` is known now; `messages` are those it touched.
 * @param {State} state
 * @param {{seq: number, messages: Message[]}} page
 * @param {{seen: boolean, atEnd: boolean}} reader
 */
function catchUp(state, { seq, messages }, { seen, atEnd }) {
  const missed = messages.filter((message) => !knows(state, message.seq));
  // What waits in `ahead` below `seq` is among the messages of the page, or changed later and in a later one: until
  // then it stands as it is.
  const waited = state.ahead.flatMap((change) => (change.seq <= seq && change.message) || []);
  const touched = merge(waited, messages);
  const known = Math.max(state.seq, seq);
  const next = { ...state, seq: known, messages: withQuotes(merge(state.messages, within(state, touched)), touched) };
  return countUnread(trim(settle(next), atEnd), missed, seen);
}

/**
 * More changed than is told one by one: the newest messages, and nothing about those before.
 * @param {State} state
 * @param {Conversation} conversation
 * @param {{seen: boolean, atEnd: boolean}} reader
 */
function afresh(state, conversation, { seen, atEnd }) {
  const shown = settle({ ...withNewest(state, conversation, atEnd), seq: conversation.seq });
  return { ...shown, ...countUnseen(state, conversation, seen) };
}

/**
 * @param {State} state
 * @param {Conversation} conversation
 * @returns {State}
 */
function replace(state, { seq, messages, has_more: hasOlder }) {
  const unread = { from: 0, count: 0 };
  return { ...state, seq, ahead: [], messages, hasOlder, hasNewer: false, notices: [], unread };
}

/**
 * What is left once the messages up to a seq are erased.
 * @param {State} state
 * @param {number} [through]
 */
function without({ messages, hasOlder }, through = 0) {
  const left = messages.filter(({ seq }) => seq > through);
  const begins = left.length < messages.length || (messages[0]?.seq ?? 0) <= through + 1;
  return { messages: through ? withoutQuotes(left, through) : left, hasOlder: hasOlder && !begins };
}

/**
 * @param {State} state
 * @param {number} seq
 */
export function knows(state, seq) {
  return seq <= state.seq || state.ahead.some((change) => change.seq === seq);
}

/**
 * Somebody may write without ever having been seen online, over REST. Of many people not everybody is known, and who
 * writes may well be here.
 * @param {State} state
 * @param {Message} message
 * @returns {import("../connection/wire.js").Participant[]}
 */
function withAuthor(state, { user_id, username }) {
  const { people } = state;
  if (!knowsEverybody(state) || people.some((person) => person.user_id === user_id)) return people;
  return [...people, { user_id, username, role: "member", online: false }];
}

/** @param {import("../connection/wire.js").Participant[]} people */
function onlineAmong(people) {
  return people.filter((person) => person.online).map((person) => person.user_id);
}
