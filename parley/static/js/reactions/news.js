// @ts-check
// Tells a screen reader who reacted to one's own messages: a few seconds' worth at once.
import { nameIn } from "../people/names.js";
import { announce } from "../transcript/announcer.js";

/** @typedef {import("../connection/wire.js").Message} Message */

const GATHERED_MS = 3000;
const QUOTED_CHARS = 40;

/** @type {Map<string, Message>} one's messages as they were when something began to happen to them */
const waiting = new Map();

/**
 * @param {import("../state/store.js").Store} store
 * @param {Message} before as the message was
 */
export function tellReactions(store, before) {
  if (!waiting.size) setTimeout(() => tell(store), GATHERED_MS);
  if (!waiting.has(before.id)) waiting.set(before.id, before);
}

/** @param {import("../state/store.js").Store} store */
function tell({ state }) {
  const news = [...waiting.values()].flatMap((before) => newOf(before, state.messages.find(({ id }) => id === before.id)));
  waiting.clear();
  const foreign = news.filter(({ userId }) => userId !== state.me?.userId);
  if (foreign.length === 1) announce(wordsOf(foreign[0], nameIn(state)));
  if (foreign.length > 1) announce(`${foreign.length} new reactions to your messages`);
}

/**
 * @param {Message} before
 * @param {Message} [now]
 */
function newOf({ reactions: before = [] }, now) {
  return (now?.reactions ?? []).flatMap(({ emoji, user_ids: ids }) => {
    const known = before.find((each) => each.emoji === emoji)?.user_ids ?? [];
    return ids.filter((id) => !known.includes(id)).map((userId) => ({ userId, emoji, text: now?.message ?? "" }));
  });
}

/**
 * @param {{userId: string, emoji: string, text: string}} news
 * @param {(userId: string) => string | undefined} nameOf
 */
function wordsOf({ userId, emoji, text }, nameOf) {
  const letters = [...text];
  const quoted = letters.length > QUOTED_CHARS ? `${letters.slice(0, QUOTED_CHARS).join("")}…` : text;
  return `${nameOf(userId) ?? "Somebody"} reacted with ${emoji} to: ${quoted}`;
}
