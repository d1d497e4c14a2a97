// @ts-check
// What owners decided, as everyone here is told: how it is, and what has changed. Pure. `templates/parts/rules.html` says
// the same.

/**
 * @typedef {{door: string, readOnly: boolean, accountsOnly: boolean, keepDays: number, active: boolean}} Rules
 */

/** @type {Record<string, string>} */
const DOORS = {
  locked: "Locked: no one new can join.",
  passphrase: "New people need the passphrase.",
  knock: "New people need the owner's approval.",
};

/** @param {Rules} rules */
export function doorNote({ door, active }) {
  return (active && DOORS[door]) || "";
}

/** @param {Rules} rules */
export function keepNote({ keepDays }) {
  return keepDays ? `Messages are deleted after ${lengthOf(keepDays)}.` : "";
}

/** @param {Rules} rules */
export function postingNote({ readOnly, accountsOnly, active }) {
  if (!active) return "";
  if (readOnly) return "Only the owner can post.";
  return accountsOnly ? "Only people with an account can post." : "";
}

/**
 * Whether whoever looks could post, once they have a name.
 * @param {import("./store.js").State} state
 */
function hasWord({ owner, me, readOnly, accountsOnly, hasAccount }) {
  return owner || me?.role === "owner" || !(readOnly || (accountsOnly && !hasAccount));
}

/** @param {import("./store.js").State} state */
export function mayPost(state) {
  return state.me !== null && state.active && hasWord(state);
}

/**
 * Whether an account is what they lack for it.
 * @param {import("./store.js").State} state
 */
export function needsAccount(state) {
  return !state.readOnly && !hasWord(state);
}

/**
 * To whom the link is to send, and to whom there is only something to say.
 * @param {import("./store.js").State} state
 * @param {boolean} isReader
 */
export function emptyNote(state, isReader) {
  const { owner, me } = state;
  if (owner) return "No messages yet. Share the link to invite people.";
  if (!hasWord(state) || (isReader && !me)) return "No messages yet.";
  return me ? "No messages yet. Say hello." : "No messages yet. Enter your name and say hello.";
}

/**
 * What somebody is told who is there when it changes.
 * @param {Rules} before
 * @param {Rules} now
 * @returns {string[]} a sentence each
 */
export function changesOf(before, now) {
  const said = [];
  if (now.door !== before.door) said.push(DOORS[now.door] ?? "Anyone with the link can join again.");
  if (now.readOnly !== before.readOnly) said.push(now.readOnly ? "Only the owner can post now." : "Everyone can post again.");
  if (now.accountsOnly !== before.accountsOnly) {
    said.push(now.accountsOnly ? "Only people with an account can post now." : "People without an account can post again.");
  }
  if (now.keepDays !== before.keepDays) {
    said.push(now.keepDays ? `Messages are now deleted after ${lengthOf(now.keepDays)}.` : "Messages are no longer deleted after a time.");
  }
  return said;
}

/** @param {number} days */
function lengthOf(days) {
  if (days === 365) return "1 year";
  return days === 1 ? "1 day" : `${days} days`;
}
