// @ts-check
// The page's whole state, and how it changes. Pure: no DOM, no clock, no network. What the screen shows follows from it.
import { WINDOW_MESSAGES, merge, trim, withNewest } from "./loaded.js";
import { addNotice } from "./notices.js";

/**
 * @typedef {import("./wire.js").Message} Message
 * @typedef {import("./wire.js").Participant} Participant
 * @typedef {import("./wire.js").Conversation} Conversation
 * @typedef {{userId: string, username: string, role: string}} Me
 * @typedef {{clientId: string, text: string, at: string, status: "pending" | "failed", error: string}} Outgoing
 * @typedef {{userId: string, username: string, until: number}} Typist
 * @typedef {{status: "connecting" | "connected" | "reconnecting" | "offline", retryAt: number}} Connection
 *
 * @typedef {object} State
 * @property {Me | null} me
 * @property {boolean} active
 * @property {number} seq every change up to this one is known
 * @property {number[]} ahead changes known beyond a gap after `seq`
 * @property {Message[]} messages one unbroken stretch of the history, oldest first
 * @property {boolean} hasOlder
 * @property {boolean} hasNewer
 * @property {Outgoing[]} outbox
 * @property {Participant[]} people
 * @property {string[]} cutOff who was here when the connection broke and is not yet back: their return is no news
 * @property {number} participantCount
 * @property {Typist[]} typing
 * @property {import("./notices.js").Notice[]} notices
 * @property {{from: number, count: number}} unread `from` is the first unread message's seq, 0 when there is none
 * @property {Connection} connection
 */

/** @type {State} */
export const INITIAL = {
  me: null,
  active: true,
  seq: 0,
  ahead: [],
  messages: [],
  hasOlder: false,
  hasNewer: false,
  outbox: [],
  people: [],
  cutOff: [],
  participantCount: 0,
  typing: [],
  notices: [],
  unread: { from: 0, count: 0 },
  connection: { status: "connecting", retryAt: 0 },
};

/** @type {Record<string, (state: State, event: any) => State>} */
const REDUCERS = {
  /** @param {State} state @param {{conversation: Conversation, seen: boolean}} event */
  conversation_state(state, { conversation, seen }) {
    const next = {
      ...state,
      active: conversation.is_active,
      seq: Math.max(state.seq, conversation.seq),
      ahead: state.ahead.filter((seq) => seq > conversation.seq),
      people: conversation.participants,
      cutOff: onlineAmong(state.people).filter((id) => !onlineAmong(conversation.participants).includes(id)),
      participantCount: conversation.participant_count,
      typing: [],
      outbox: withoutConfirmed(state, conversation.messages),
    };
    const missed = conversation.messages.filter((message) => message.seq > state.seq);
    return countUnread(withNewest(next, conversation), missed, seen);
  },

  /** @param {State} state @param {{message: Message, seen: boolean}} event */
  new_message(state, { message, seen }) {
    if (message.seq <= state.seq || state.ahead.includes(message.seq)) {
      return { ...state, outbox: withoutConfirmed(state, [message]) };
    }
    const next = {
      ...advance(state, message.seq),
      outbox: withoutConfirmed(state, [message]),
      typing: state.typing.filter((typist) => typist.userId !== message.user_id),
      people: withAuthor(state.people, message),
    };
    const shown = state.hasNewer ? next : trim({ ...next, messages: merge(state.messages, [message]) }, seen);
    return countUnread(shown, [message], seen);
  },

  /** The acknowledgement may come before the message itself. */
  sent(state, { clientId, id, seq, timestamp }) {
    const outgoing = state.outbox.find((entry) => entry.clientId === clientId);
    if (!outgoing || !state.me) return state;
    const message = {
      id, seq, timestamp, client_id: clientId, message: outgoing.text,
      user_id: state.me.userId, username: state.me.username,
    };
    const outbox = state.outbox.filter((entry) => entry !== outgoing);
    if (state.hasNewer) return { ...state, outbox };
    return { ...advance(state, seq), outbox, messages: merge(state.messages, [message]) };
  },

  queued(state, { clientId, text, at }) {
    const outgoing = { clientId, text, at, status: /** @type {const} */ ("pending"), error: "" };
    return { ...state, outbox: [...state.outbox, outgoing], unread: { from: 0, count: 0 } };
  },
  refused(state, { clientId, error }) {
    return withOutgoing(state, clientId, { status: "failed", error });
  },
  retried(state, { clientId }) {
    return withOutgoing(state, clientId, { status: "pending", error: "" });
  },
  discarded(state, { clientId }) {
    return { ...state, outbox: state.outbox.filter((entry) => entry.clientId !== clientId) };
  },

  older_loaded(state, { messages, hasMore }) {
    const merged = merge(messages, state.messages);
    const hasNewer = state.hasNewer || merged.length > WINDOW_MESSAGES;
    return { ...state, messages: merged.slice(0, WINDOW_MESSAGES), hasOlder: hasMore, hasNewer };
  },
  /** `seq` is what was known when the page was asked for: anything later may be missing from it. */
  newer_loaded(state, { messages, hasMore, seq }) {
    const merged = merge(state.messages, messages);
    const hasOlder = state.hasOlder || merged.length > WINDOW_MESSAGES;
    const reached = Math.max(seq, merged.at(-1)?.seq ?? 0);
    return { ...state, messages: merged.slice(-WINDOW_MESSAGES), hasOlder, hasNewer: hasMore || state.seq > reached };
  },
  window_loaded(state, { messages, hasOlder, hasNewer, seq }) {
    const reached = Math.max(seq, messages.at(-1)?.seq ?? 0);
    const next = { ...state, messages, hasOlder, hasNewer: hasNewer || state.seq > reached };
    if (next.hasNewer) return next;
    // The newest page: whatever was missed before it is history now, not a gap.
    return { ...next, seq: Math.max(state.seq, ...state.ahead, messages.at(-1)?.seq ?? 0), ahead: [] };
  },
  gap_closed(state, { messages, seen }) {
    const missed = messages.filter((/** @type {Message} */ message) => message.seq > state.seq);
    const newest = Math.max(state.seq, ...state.ahead, ...missed.map((/** @type {Message} */ { seq }) => seq));
    const next = { ...state, seq: newest, ahead: [], outbox: withoutConfirmed(state, messages) };
    const shown = state.hasNewer ? next : trim({ ...next, messages: merge(state.messages, messages) }, seen);
    const already = new Set(state.ahead);
    return countUnread(shown, missed.filter((/** @type {Message} */ { seq }) => !already.has(seq)), seen);
  },

  /** @param {State} state @param {{user_id: string, username: string, participant_count: number}} event */
  user_joined(state, { user_id, username, participant_count: participantCount }) {
    const known = state.people.find((person) => person.user_id === user_id);
    const person = { role: /** @type {const} */ ("member"), ...known, user_id, username, online: true };
    const people = [...state.people.filter((other) => other.user_id !== user_id), person];
    const next = { ...state, people, participantCount };
    const isBack = known?.online || state.cutOff.includes(user_id) || isMe(state, user_id);
    return isBack ? next : { ...next, notices: addNotice(next, "joined", username) };
  },
  /** @param {State} state @param {{user_id: string, username: string, participant_count: number}} event */
  user_left(state, { user_id, username, participant_count: participantCount }) {
    const people = state.people.filter((person) => person.user_id !== user_id);
    const typing = state.typing.filter((typist) => typist.userId !== user_id);
    return { ...state, people, typing, participantCount, notices: addNotice(state, "left", username) };
  },
  user_typing(state, { user_id: userId, username, is_typing: isTyping, until }) {
    const others = state.typing.filter((typist) => typist.userId !== userId);
    if (isMe(state, userId)) return state;
    return { ...state, typing: isTyping ? [...others, { userId, username, until }] : others };
  },
  typing_expired(state, { now }) {
    return { ...state, typing: state.typing.filter((typist) => typist.until > now) };
  },

  conversation_ended(state, { seq }) {
    return { ...advance(state, seq), active: false, typing: [] };
  },
  me(state, { me }) {
    return { ...state, me };
  },
  /** Seen, but the line that shows where it began stays a moment longer. */
  seen(state) {
    return state.unread.count ? { ...state, unread: { ...state.unread, count: 0 } } : state;
  },
  read(state) {
    return state.unread.from ? { ...state, unread: { from: 0, count: 0 } } : state;
  },
  connection(state, { status, retryAt = 0 }) {
    return { ...state, connection: { status, retryAt } };
  },
};

/**
 * @param {State} state
 * @param {{type: string, [field: string]: any}} event
 * @returns {State}
 */
export function reduce(state, event) {
  return REDUCERS[event.type](state, event);
}

/**
 * Notes that the change `seq` is known, and closes the gap when it was the missing one.
 * @param {State} state
 * @param {number} seq
 * @returns {State}
 */
function advance(state, seq) {
  const known = new Set([...state.ahead, seq]);
  let have = state.seq;
  while (known.delete(have + 1)) have += 1;
  return { ...state, seq: have, ahead: [...known].filter((other) => other > have) };
}

/**
 * @param {State} state
 * @param {Message[]} arrived
 * @param {boolean} seen
 * @returns {State}
 */
function countUnread(state, arrived, seen) {
  const theirs = arrived.filter((message) => !isMe(state, message.user_id));
  if (seen || !theirs.length) return state;
  const { from, count } = state.unread;
  return { ...state, unread: { from: from && count ? from : theirs[0].seq, count: count + theirs.length } };
}

/**
 * @param {State} state
 * @param {Message[]} arrived
 */
function withoutConfirmed(state, arrived) {
  const confirmed = new Set(arrived.filter(({ user_id: id }) => isMe(state, id)).map((message) => message.client_id));
  return state.outbox.filter((outgoing) => !confirmed.has(outgoing.clientId));
}

/**
 * @param {State} state
 * @param {string} clientId
 * @param {Partial<Outgoing>} change
 */
function withOutgoing(state, clientId, change) {
  const outbox = state.outbox.map((entry) => (entry.clientId === clientId ? { ...entry, ...change } : entry));
  return { ...state, outbox };
}

/**
 * Somebody may write without ever having been seen online, over REST.
 * @param {Participant[]} people
 * @param {Message} message
 * @returns {Participant[]}
 */
function withAuthor(people, { user_id, username }) {
  if (people.some((person) => person.user_id === user_id)) return people;
  return [...people, { user_id, username, role: "member", online: false }];
}

/** @param {Participant[]} people */
function onlineAmong(people) {
  return people.filter((person) => person.online).map((person) => person.user_id);
}

/**
 * @param {State} state
 * @param {string} userId
 */
function isMe(state, userId) {
  return state.me?.userId === userId;
}

export class Store {
  /** @param {State} state */
  constructor(state) {
    this.state = state;
    /** @type {{keys: (keyof State)[], show: (state: State) => void}[]} */
    this.watchers = [];
  }

  /**
   * @param {(keyof State)[]} keys `show` runs at once, and again whenever one of these changed
   * @param {(state: State) => void} show
   */
  watch(keys, show) {
    this.watchers.push({ keys, show });
    show(this.state);
  }

  /** @param {{type: string, [field: string]: any}} event */
  dispatch(event) {
    const before = this.state;
    const after = reduce(before, event);
    this.state = after;
    for (const { keys, show } of this.watchers) {
      if (keys.some((key) => before[key] !== after[key])) show(after);
    }
  }
}
