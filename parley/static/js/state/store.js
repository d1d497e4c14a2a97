// @ts-check
// The page's whole state, and how it changes. Pure: no DOM, no clock, no network. What the screen shows follows from it.
import { CHANGES } from "./changes.js";
import { PAGES } from "./loaded.js";
import { addNotice } from "./notices.js";
import { OUTGOING } from "./outgoing.js";
import { PEOPLE, knowsEverybody } from "./people-pages.js";
import { REACTING } from "./reacting.js";
import { READERS } from "./readers.js";
import { UNREAD } from "./unread.js";
import { changesOf } from "./rules.js";

/**
 * @typedef {import("../connection/wire.js").Message} Message
 * @typedef {import("../connection/wire.js").Participant} Participant
 * @typedef {{userId: string, username: string, role: string}} Me
 * @typedef {{clientId: string, userId: string, text: string, at: string, order: number,
 *   status: "pending" | "failed", error: string, replyTo?: import("../connection/wire.js").Answered, mentions?: string[],
 *   files?: OutgoingFile[], isForGood?: boolean}} Outgoing `error`: why it failed, or why it takes so long; `isForGood`:
 *   trying again would not help
 * @typedef {{key: string, name: string, size: number, type: string, width?: number, height?: number, secret?: string}} OutgoingFile on
 *   its way, or to be sent, under a key of this page's own
 * @typedef {{seq: number, message?: Message}} Change
 * @typedef {{id: string, canUndo: boolean}} Deleting
 * @typedef {{userId: string, username: string, until: number}} Typist
 * @typedef {{status: "connecting" | "connected" | "reconnecting" | "offline" | "stopped", retryAt: number}} Connection
 *
 * @typedef {object} State
 * @property {Me | null} me
 * @property {boolean} active
 * @property {number} seq every change up to this one is known
 * @property {Change[]} ahead known beyond a gap after `seq`, in order
 * @property {Message[]} messages one unbroken stretch of the history, oldest first
 * @property {boolean} hasOlder
 * @property {boolean} hasNewer
 * @property {Outgoing[]} outbox
 * @property {Deleting[]} deleting what is deleted from this page, and for others only when it cannot be undone any more
 * @property {Participant[]} people who is known to be here: of many the first
 * @property {string} peopleCursor where the list of people goes on, empty where it was read to its end
 * @property {string[]} cutOff who was here when the connection broke and is not yet back: their return is no news
 * @property {number} participantCount
 * @property {boolean} someUnnamed of many who came and went not everybody was told of by name
 * @property {Typist[]} typing
 * @property {import("./notices.js").Notice[]} notices
 * @property {{from: number, count: number}} unread `from` is the first unread message's seq, 0 when there is none
 * @property {number} seenThrough the seq up to which all was seen; it counts while something is unread
 * @property {boolean} unreadIsGuess whether the server is to be asked how much is unread
 * @property {number} readSeq how far the server knows that one has read
 * @property {boolean} hidesReading whether one keeps that to oneself
 * @property {Record<string, number>} readers how far others have read who show it, by user id
 * @property {Connection} connection
 * @property {boolean} owner whether this device decides about the conversation
 * @property {boolean} readOnly only owners speak
 * @property {boolean} accountsOnly beside owners only people with an account do
 * @property {boolean} hasAccount whether one is signed in
 * @property {string} door what strangers meet
 * @property {number} keepDays after which messages are erased, 0 for never
 * @property {string} gone why one is not in the conversation any more, empty while one is
 * @property {import("./reacting.js").Reacting[]} reacting what one reacts with, until the server has it
 * @property {{id: string, username: string}[]} knocks who waits at the door, for an owner
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
  deleting: [],
  people: [],
  peopleCursor: "",
  cutOff: [],
  participantCount: 0,
  someUnnamed: false,
  typing: [],
  notices: [],
  unread: { from: 0, count: 0 },
  seenThrough: 0,
  unreadIsGuess: false,
  readSeq: 0,
  hidesReading: false,
  readers: {},
  connection: { status: "connecting", retryAt: 0 },
  owner: false,
  readOnly: false,
  accountsOnly: false,
  hasAccount: false,
  door: "open",
  keepDays: 0,
  gone: "",
  knocks: [],
  reacting: [],
};

/** @type {Record<string, (state: State, event: any) => State>} */
export const REDUCERS = {
  ...CHANGES,
  ...PAGES,
  ...OUTGOING,
  ...PEOPLE,
  ...REACTING,
  ...READERS,
  ...UNREAD,

  /** @param {State} state @param {import("../connection/wire.js").Presence & {at: string}} event `at`: when the page was told */
  user_joined(state, { user_id, username, participant_count: participantCount, others, role = "member", alike, unproven, at }) {
    const known = state.people.find((person) => person.user_id === user_id);
    const person = { user_id, username, role, alike, unproven, online: true };
    const people = [...state.people.filter((other) => other.user_id !== user_id), person];
    const next = { ...state, people, participantCount, someUnnamed: state.someUnnamed || Boolean(others) };
    if (known && known.username !== username && !isMe(state, user_id)) {
      const typing = state.typing.map((typist) => (typist.userId === user_id ? { ...typist, username } : typist));
      return { ...next, typing, notices: addNotice(next, "said", `${known.username} is now ${username}`, at) };
    }
    // Of somebody the page has never heard of: another name, or a mark beside it.
    const isRenamed = !knowsEverybody(state) && !others && participantCount === state.participantCount;
    const isBack = known?.online || isRenamed || state.cutOff.includes(user_id) || isMe(state, user_id);
    return isBack ? next : { ...next, notices: addNotice(next, "joined", username, at) };
  },
  /** One has another name now, in this tab or in another of this browser. */
  renamed(state, { username }) {
    const me = state.me && { ...state.me, username };
    const people = state.people.map((person) => (isMe(state, person.user_id) ? { ...person, username } : person));
    return { ...state, me, people };
  },
  /** @param {State} state @param {import("../connection/wire.js").Presence & {at: string}} event `at`: when the page was told */
  user_left(state, { user_id, username, participant_count: participantCount, others, at }) {
    const people = state.people.filter((person) => person.user_id !== user_id);
    const typing = state.typing.filter((typist) => typist.userId !== user_id);
    const someUnnamed = state.someUnnamed || Boolean(others);
    const notices = addNotice(state, "left", username, at);
    return { ...state, people, typing, participantCount, someUnnamed, notices };
  },
  user_typing(state, { user_id: userId, username, is_typing: isTyping, until }) {
    const others = state.typing.filter((typist) => typist.userId !== userId);
    if (isMe(state, userId)) return state;
    return { ...state, typing: isTyping ? [...others, { userId, username, until }] : others };
  },
  typing_expired(state, { now }) {
    return { ...state, typing: state.typing.filter((typist) => typist.until > now) };
  },

  /** @param {State} state @param {{id: string, canUndo: boolean}} event a message's id */
  deleting(state, { id, canUndo }) {
    return { ...state, deleting: [...state.deleting.filter((each) => each.id !== id), { id, canUndo }] };
  },
  /** It was not deleted after all. */
  kept(state, { id }) {
    return { ...state, deleting: state.deleting.filter((each) => each.id !== id) };
  },

  /** @param {State} state @param {{door: string, read_only: boolean, accounts_only?: boolean, keep_days?: number, at: string}} event `at`: when the page was told */
  conversation_changed(state, { door, read_only: readOnly, accounts_only: accountsOnly = false, keep_days: keepDays = 0, at }) {
    const next = { ...state, door, readOnly, accountsOnly, keepDays };
    return changesOf(state, next).reduce((so, said) =>
      ({ ...so, notices: addNotice(so, "said", said.replace(/\.$/, ""), at) }), next);
  },
  /** What made this device an owner's was taken back. */
  disowned(state) {
    if (!state.owner) return state;
    const me = state.me && { ...state.me, role: "member" };
    const people = state.people.map((person) =>
      isMe(state, person.user_id) ? { ...person, role: /** @type {const} */ ("member") } : person);
    return { ...state, owner: false, me, people, knocks: [] };
  },
  /** @param {State} state @param {{user_id: string, role: "owner" | "member"}} event */
  role_changed(state, { user_id, role }) {
    if (isMe(state, user_id) && role === "member") return REDUCERS.disowned(state, {});
    return { ...state, people: state.people.map((person) => (person.user_id === user_id ? { ...person, role } : person)) };
  },
  /** Somebody came with their token: what they said before stays as it was marked then. */
  proven(state, { user_id }) {
    const people = state.people.map((person) => (person.user_id === user_id ? { ...person, unproven: false } : person));
    return { ...state, people };
  },
  gone(state, { message, isErased = false }) {
    const left = isErased ? { messages: [], ahead: [], notices: [], people: [], peopleCursor: "", hasOlder: false, hasNewer: false } : {};
    return { ...state, ...left, gone: message, active: false, typing: [] };
  },
  knocks(state, { waiting }) {
    return { ...state, knocks: waiting };
  },
  knocked(state, { id, username }) {
    return { ...state, knocks: [...state.knocks.filter((knock) => knock.id !== id), { id, username }] };
  },
  knock_answered(state, { id }) {
    return { ...state, knocks: state.knocks.filter((knock) => knock.id !== id) };
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

  /**
   * Once alone: at once, or as soon as it is so.
   * @param {(keyof State)[]} keys of what that depends on
   * @param {(state: State) => boolean} isSo
   * @param {() => void} act
   */
  first(keys, isSo, act) {
    let isDone = false;
    this.watch(keys, (state) => {
      if (isDone || !isSo(state)) return;
      isDone = true;
      act();
    });
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
