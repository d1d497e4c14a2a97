// @ts-check
// How what one wrote changes until the server has it. Pure.

/**
 * @typedef {import("./store.js").State} State
 * @typedef {import("./store.js").Outgoing} Outgoing
 * @typedef {import("../connection/wire.js").Message} Message
 */

/** @type {Record<string, (state: State, event: any) => State>} */
export const OUTGOING = {
  queued(state, { clientId, text, at, order = state.outbox.length, replyTo, mentions, files }) {
    /** @type {Outgoing} */
    const outgoing = {
      clientId, text, at, order, userId: state.me?.userId ?? "", status: "pending", error: "",
      ...(replyTo && { replyTo }), ...(mentions?.length && { mentions }), ...(files?.length && { files }),
    };
    return { ...state, outbox: [...state.outbox, outgoing], unread: { from: 0, count: 0 } };
  },
  /** What this person wrote here before, on this device, goes before what they have written since. */
  restored(state, { entries }) {
    const known = new Set(state.outbox.map((outgoing) => outgoing.clientId));
    const mine = entries.filter((/** @type {Outgoing} */ entry) =>
      entry.userId === state.me?.userId && !known.has(entry.clientId));
    const outbox = [...state.outbox, ...mine].sort((one, other) => one.order - other.order);
    return mine.length ? { ...state, outbox: unconfirmed({ ...state, outbox }, state.messages) } : state;
  },
  /** Still on its way, but not as fast as one would expect. */
  delayed(state, { clientId, error }) {
    return withOutgoing(state, clientId, { error });
  },
  refused(state, { clientId, error, isForGood = false }) {
    return withOutgoing(state, clientId, { status: "failed", error, isForGood });
  },
  retried(state, { clientId }) {
    return withOutgoing(state, clientId, { status: "pending", error: "", userId: state.me?.userId ?? "" });
  },
  discarded(state, { clientId }) {
    return { ...state, outbox: state.outbox.filter((entry) => entry.clientId !== clientId) };
  },
  /** What somebody wrote never goes out under another's id by itself. */
  me(state, { me }) {
    const isOthers = (/** @type {Outgoing} */ { userId }) => me && userId !== me.userId;
    const outbox = state.outbox.map((entry) => (isOthers(entry) ? { ...entry, ...NOT_YOURS } : entry));
    const owner = me ? me.role === "owner" : state.owner;
    return { ...state, me, owner, outbox };
  },
};

const NOT_YOURS = /** @type {const} */ ({ status: "failed", error: "You rejoined as someone else, so this wasn't sent." });

/**
 * The outbox without what arrived.
 * @param {State} state
 * @param {Message[]} arrived
 */
export function unconfirmed({ outbox, me }, arrived) {
  if (!outbox.length) return outbox;
  const confirmed = new Set(arrived.filter(({ user_id: id }) => id === me?.userId).map((message) => message.client_id));
  return outbox.filter((outgoing) => !confirmed.has(outgoing.clientId));
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
