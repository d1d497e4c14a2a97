// @ts-check
// What one reacts with, until the server has it: shown at once, as if it had. Pure.

/**
 * @typedef {import("./store.js").State} State
 * @typedef {import("../connection/wire.js").Reaction} Reaction
 * @typedef {import("../connection/wire.js").Message} Message
 * @typedef {{id: string, emoji: string, on: boolean, isSent: boolean}} Reacting `id` is the message's. Once sent it is
 *   kept for those reactions whose message names others alone.
 */

/** @type {Record<string, (state: State, event: any) => State>} */
export const REACTING = {
  reacting(state, { id, emoji, on }) {
    return { ...state, reacting: [...without(state, id, emoji), { id, emoji, on, isSent: false }] };
  },
  reacted(state, { id, emoji, on }) {
    const message = state.messages.find((each) => each.id === id);
    const known = message?.reactions?.find((each) => each.emoji === emoji);
    const kept = isBeyond(known, state.me?.userId ?? "") ? [{ id, emoji, on, isSent: true }] : [];
    return { ...state, reacting: [...without(state, id, emoji), ...kept] };
  },
  unreacted(state, { id, emoji }) {
    return { ...state, reacting: without(state, id, emoji) };
  },
};

/**
 * With what the server said of one's own reactions beyond those that a message names: to whoever asked alone, so a
 * message that changes does not say it again.
 * @param {State} state
 * @param {Message[]} messages
 * @returns {Reacting[]}
 */
export function withOwn({ reacting }, messages) {
  const own = messages.flatMap(({ id, reactions = [] }) =>
    reactions.flatMap((each) => (each.own ? [{ id, emoji: each.emoji, on: true, isSent: true }] : [])));
  return [...own.filter(({ id, emoji }) => !reacting.some((each) => each.id === id && each.emoji === emoji)), ...reacting];
}

/**
 * @param {State} state
 * @param {string} id
 * @param {string} emoji
 */
function without({ reacting }, id, emoji) {
  return reacting.filter((each) => each.id !== id || each.emoji !== emoji);
}

/**
 * A message's reactions with one's own as they are to be.
 * @param {Message} message
 * @param {State} state
 * @returns {Reaction[]}
 */
export function reactionsOf({ id, reactions = [], deleted }, { me, reacting }) {
  if (deleted) return [];
  const own = me ? reacting.filter((each) => each.id === id) : [];
  return own.reduce((shown, each) => changed(shown, each, me?.userId ?? ""), reactions);
}

/**
 * Whether somebody may be among those whom a message does not name: then they know by what they sent alone.
 * @param {Reaction | undefined} reaction
 * @param {string} ownId
 */
function isBeyond(reaction, ownId) {
  return reaction !== undefined && reaction.count > reaction.user_ids.length && !reaction.user_ids.includes(ownId);
}

/**
 * @param {Reaction[]} reactions
 * @param {Reacting} reacting
 * @param {string} ownId
 * @returns {Reaction[]}
 */
function changed(reactions, { emoji, on, isSent }, ownId) {
  const known = reactions.find((each) => each.emoji === emoji);
  const isNamed = known?.user_ids.includes(ownId) ?? false;
  if (isSent) return isBeyond(known, ownId) ? reactions.map((each) => (each === known ? { ...each, own: on } : each)) : reactions;
  if (isNamed === on) return reactions;
  if (on && !known) return [...reactions, { emoji, count: 1, user_ids: [ownId] }];
  return reactions.flatMap((each) => {
    if (each !== known) return [each];
    const ids = each.user_ids.filter((id) => id !== ownId);
    const next = { ...each, count: each.count + (on ? 1 : -1), user_ids: on ? [...ids, ownId] : ids };
    return next.count > 0 ? [next] : [];
  });
}
