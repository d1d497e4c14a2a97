// @ts-check
// What stands in the transcript, in order: pure, from the state.
import { noticeText } from "./notices.js";
import { isFor } from "./quotes.js";
import { seenLines } from "./readers.js";
import { dayOf } from "../browser/time.js";
import { reactionsOf } from "./reacting.js";

/**
 * @typedef {import("./store.js").State} State
 * @typedef {import("./store.js").Outgoing} Outgoing
 * @typedef {import("../connection/wire.js").Message} Message
 * @typedef {{kind: "day", key: string, timestamp: string}} DayItem
 * @typedef {{kind: "notice", key: string, text: string, timestamp: string}} NoticeItem
 * @typedef {{kind: "unread", key: string}} UnreadItem
 * @typedef {{kind: "message", key: string, message: Message, outgoing?: Outgoing, mine: boolean, continued: boolean,
 *   forYou: boolean, quotesMe: boolean, deleting?: import("./store.js").Deleting,
 *   reactions: import("../connection/wire.js").Reaction[], ownId: string}} MessageItem
 * @typedef {{kind: "seen", key: string, text: string}} SeenItem
 * @typedef {DayItem | NoticeItem | SeenItem | UnreadItem | MessageItem} Item
 */

const GROUP_MS = 5 * 60 * 1000;

/**
 * @param {State} state
 * @returns {Item[]}
 */
export function itemsOf(state) {
  /** @type {Item[]} */
  const items = [];
  const waiting = noticesAmong(state);
  const shown = state.hasNewer ? state.messages : [...state.messages, ...beyondGap(state)];
  const firstUnread = firstUnreadAmong(shown, state);
  const seen = seenLines(shown, state);
  for (const message of shown) {
    while (waiting.length && waiting[0].afterSeq < message.seq) addNoticeItem(items, waiting.shift());
    if (message === firstUnread) items.push({ kind: "unread", key: "unread" });
    addMessage(items, message, state);
    const line = seen.get(message.seq);
    if (line) items.push({ kind: "seen", key: `seen-${message.seq}`, text: line });
  }
  if (!state.hasNewer) waiting.forEach((notice) => addNoticeItem(items, notice));
  for (const outgoing of state.outbox) addMessage(items, asMessage(outgoing, state), state, outgoing);
  return items;
}

/**
 * What came while something before it is still missing is shown all the same.
 * @param {State} state
 */
function beyondGap({ ahead, messages }) {
  const last = messages.at(-1)?.seq ?? 0;
  return ahead.flatMap(({ message }) => (message && message.seq > last ? [message] : []));
}

/**
 * The first one may not be loaded; then the line stands further up, with it.
 * @param {Message[]} shown
 * @param {State} state
 */
function firstUnreadAmong(shown, { unread, me, hasOlder }) {
  if (!unread.from || (hasOlder && shown[0]?.seq > unread.from)) return undefined;
  return shown.find((message) => message.seq >= unread.from && message.user_id !== me?.userId);
}

/** @param {State} state */
function noticesAmong({ notices, messages, hasOlder }) {
  const oldest = messages[0]?.seq ?? 0;
  return notices.filter((notice) => !hasOlder || notice.afterSeq >= oldest);
}

/**
 * @param {Item[]} items
 * @param {import("./notices.js").Notice | undefined} notice
 */
function addNoticeItem(items, notice) {
  if (!notice) return;
  if (opensDay(items, notice.at)) addDay(items, notice.at);
  items.push({ kind: "notice", key: `notice-${notice.id}`, text: noticeText(notice), timestamp: notice.at });
}

/**
 * @param {Item[]} items
 * @param {Message} message
 * @param {State} state
 * @param {Outgoing} [outgoing]
 */
function addMessage(items, message, state, outgoing) {
  const before = lastMessage(items);
  if (opensDay(items, message.timestamp, true)) addDay(items, message.timestamp);
  const follows = ["message", "seen"].includes(items.at(-1)?.kind ?? "") && before !== undefined;
  // That a message was edited is said beside the time, which stands with the name.
  const isCall = message.type === "call";
  const continued = follows && isCall === (before.type === "call") && !message.reply_to && before.user_id === message.user_id
    && gap(before, message) <= GROUP_MS && !message.edited_at;
  // Within a group there is no room for it, and making room would move what somebody reads.
  const deleting = state.deleting.find(({ id }) => id === message.id);
  if (continued && items.at(-1)?.kind === "seen") items.pop();
  items.push({
    kind: "message",
    key: outgoing ? `c-${outgoing.clientId}` : `m-${message.seq}`,
    message,
    outgoing,
    forYou: isFor(message, state.me),
    quotesMe: state.me !== null && message.reply_to?.user_id === state.me.userId,
    deleting,
    reactions: deleting ? [] : reactionsOf(message, state),
    ownId: state.me?.userId ?? "",
    mine: outgoing !== undefined || (message.user_id === state.me?.userId && !isCall),
    continued,
  });
}

/**
 * Notices have the time of this page, which may be ahead of the server: beside one, only a later day is another.
 * @param {Item[]} items
 * @param {string} timestamp
 * @param {boolean} [isMessage]
 */
function opensDay(items, timestamp, isMessage = false) {
  const before = lastDated(items);
  if (!before) return true;
  const [last, day] = [dayOf(before.timestamp), dayOf(timestamp)];
  return isMessage && before.kind === "message" ? day !== last : day > last;
}

/** @param {Item[]} items */
function lastDated(items) {
  for (let index = items.length - 1; index >= 0; index -= 1) {
    const item = items[index];
    if (item.kind === "message") return { kind: item.kind, timestamp: item.message.timestamp };
    if (item.kind === "notice") return item;
  }
  return undefined;
}

/** The day goes before a mark of unread ones that begin with it.
 * @param {Item[]} items
 * @param {string} timestamp
 */
function addDay(items, timestamp) {
  const key = `day-${dayOf(timestamp)}`;
  // A clock that was set back can bring a day twice; keys must stay apart.
  const again = items.filter((item) => item.key.startsWith(key)).length;
  /** @type {DayItem} */
  const day = { kind: "day", key: again ? `${key}-${again}` : key, timestamp };
  if (items.at(-1)?.kind === "unread") items.splice(-1, 0, day);
  else items.push(day);
}

/** @param {Item[]} items */
function lastMessage(items) {
  for (let index = items.length - 1; index >= 0; index -= 1) {
    const item = items[index];
    if (item.kind === "message") return item.message;
  }
  return undefined;
}

/**
 * @param {Message} before
 * @param {Message} after
 */
function gap(before, after) {
  return Date.parse(after.timestamp) - Date.parse(before.timestamp);
}

/**
 * @param {Outgoing} outgoing
 * @param {State} state
 * @returns {Message}
 */
function asMessage({ clientId, text, at, replyTo, files }, { me }) {
  return {
    id: "", seq: 0, client_id: clientId, message: text, timestamp: at, ...(replyTo && { reply_to: replyTo }),
    ...(files && { files }),
    user_id: me?.userId ?? "", username: me?.username ?? "",
  };
}
