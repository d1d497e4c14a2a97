// @ts-check
// Of many people a conversation's state has the first; the others come page by page. Pure.

/**
 * @typedef {import("./store.js").State} State
 * @typedef {import("../connection/wire.js").Participant} Participant
 */

/** @type {Record<string, (state: State, event: any) => State>} */
export const PEOPLE = {
  /** What is known already was told since. @param {State} state @param {{participants: Participant[], cursor?: string}} page */
  people_loaded(state, { participants, cursor = "" }) {
    const known = new Set(state.people.map((person) => person.user_id));
    const others = participants.filter((person) => !known.has(person.user_id));
    return { ...state, people: [...state.people, ...others], peopleCursor: cursor };
  },
};

/** @param {State} state */
export function knowsEverybody({ peopleCursor, someUnnamed }) {
  return !peopleCursor && !someUnnamed;
}

/**
 * The people there are to show, and how many there are in all. Whoever looks is among the first.
 * @param {State} state
 * @returns {{people: Participant[], total: number}}
 */
export function peopleOf(state) {
  const { people, participantCount, me, active } = state;
  if (knowsEverybody(state)) return { people, total: people.length };
  if (!me || !active || people.some((person) => person.user_id === me.userId)) {
    return { people, total: participantCount };
  }
  const role = me.role === "owner" ? "owner" : "member";
  const myself = { user_id: me.userId, username: me.username, role: /** @type {const} */ (role), online: true };
  return { people: [myself, ...people], total: participantCount };
}
