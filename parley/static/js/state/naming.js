// @ts-check
// Whom what stands after an "@" may mean. Pure. What is meant in the end the server decides: `domain/meaning.py`.

/**
 * @typedef {import("./store.js").State} State
 * @typedef {import("../connection/wire.js").Participant} Person
 */

const OFFERED_MAX = 8;
const NAME_MAX_CHARS = 64;
/** Where words are not set apart: Thai, Lao, Myanmar, Khmer, kana, Han, Hangul. A name may begin after any letter of these. */
const UNSPACED = /[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff]/;

/**
 * The name that is being written at the end of a text, as far as it goes.
 * @param {string} before the text up to the cursor
 * @returns {{start: number, name: string} | undefined}
 */
export function soughtAt(before) {
  const at = before.lastIndexOf("@");
  const name = before.slice(at + 1);
  if (at < 0 || name.length > 2 * NAME_MAX_CHARS || /^\s|\n/.test(name)) return undefined;
  const last = before.slice(0, at).match(/.$/u)?.[0] ?? "";
  if (/[\p{L}\p{N}\p{M}_/]/u.test(last) && !UNSPACED.test(last)) return undefined;
  return { start: at + 1, name };
}

/**
 * Those the page knows of: who is in the conversation, and who wrote what is loaded.
 * @param {State} state
 * @returns {Person[]}
 */
export function knownPeople({ people, messages, me }) {
  const known = new Map(people.map((person) => [person.user_id, person]));
  for (const { user_id, username, role = "member", alike, unproven } of messages.slice().reverse()) {
    if (!known.has(user_id)) known.set(user_id, { user_id, username, role, alike, unproven, online: false });
  }
  known.delete(me?.userId ?? "");
  return [...known.values()];
}

/**
 * Those whose names begin so, or have a word that does: who is here before who is away.
 * @param {Person[]} people
 * @param {string} name
 */
export function candidates(people, name) {
  const sought = folded(name);
  const unique = [...new Map(people.map((person) => [person.user_id, person])).values()];
  return unique
    .map((person) => ({ person, rank: rankOf(folded(person.username), sought) + (person.online ? 0 : 2) }))
    .filter(({ rank }) => rank < NONE)
    .sort((one, other) => one.rank - other.rank || byName(one.person, other.person))
    .slice(0, OFFERED_MAX)
    .map(({ person }) => person);
}

const NONE = 10;

/**
 * @param {string} username
 * @param {string} sought
 */
function rankOf(username, sought) {
  if (username.startsWith(sought)) return 0;
  return username.split(/[\s\-.]+/).some((word) => word.startsWith(sought)) ? 1 : NONE;
}

/**
 * @param {Person} one
 * @param {Person} other
 */
function byName({ username: one }, { username: other }) {
  return Number(one > other) - Number(one < other);
}

/** As names are compared here. @param {string} name */
export function folded(name) {
  return name.normalize("NFC").toLowerCase().replace(/\s+/g, " ");
}
