// @ts-check
// How far one has read, by the server's word, and how far the others have. Pure.
import { shortName } from "../people/names.js";

/**
 * @typedef {import("./store.js").State} State
 * @typedef {import("../connection/wire.js").Message} Message
 */

/** So many names stand in a line; of more, how many they are. */
const NAMED = 3;
/** A longer name is cut: the line is one line. */
const NAME_CHARS = 16;

/** @type {Record<string, (state: State, event: any) => State>} */
export const READERS = {
  /** @param {State} state @param {{user_id: string, seq: number, hidden?: boolean}} event */
  read(state, { user_id: userId, seq, hidden = false }) {
    if (userId === state.me?.userId) {
      return { ...state, readSeq: Math.max(state.readSeq, seq), hidesReading: hidden };
    }
    const { [userId]: before = 0, ...others } = state.readers;
    return { ...state, readers: hidden ? others : { ...others, [userId]: Math.max(before, seq) } };
  },
  /** One told the server so; or, `isAll`, this is all that it knows: what it was told before may be lost. */
  own_read(state, { seq, isAll = false }) {
    return { ...state, readSeq: isAll ? seq : Math.max(state.readSeq, seq) };
  },
  hides_reading(state, { hides }) {
    return { ...state, hidesReading: hides };
  },
};

/** @param {{user_id: string, seq: number}[]} [read] */
export function readersOf(read = []) {
  return Object.fromEntries(read.map(({ user_id: userId, seq }) => [userId, seq]));
}

/**
 * Under which of the messages who stopped reading: whoever wrote one has read it, and need not be named there.
 * @param {Message[]} shown
 * @param {State} state
 * @returns {Map<number, string>} the line, by the message's seq
 */
export function seenLines(shown, { readers, people, me, hasNewer }) {
  /** @type {Map<number, string[]>} */
  const names = new Map();
  for (const { user_id: userId, username } of people) {
    const read = readers[userId];
    if (!read || userId === me?.userId) continue;
    const last = lastRead(shown, userId, read);
    if (!last || last.user_id === userId || (hasNewer && last === shown.at(-1))) continue;
    names.set(last.seq, [...(names.get(last.seq) ?? []), username]);
  }
  return new Map([...names].map(([seq, them]) => [seq, `Seen by ${listed(them)}`]));
}

/**
 * @param {Message[]} shown
 * @param {string} userId
 * @param {number} read
 */
function lastRead(shown, userId, read) {
  for (let index = shown.length - 1; index >= 0; index -= 1) {
    if (shown[index].seq <= read || shown[index].user_id === userId) return shown[index];
  }
  return undefined;
}

/** @param {string[]} names */
function listed(names) {
  const all = [...names].sort().map((name) => shortName(name, NAME_CHARS));
  const first = all.slice(0, all.length > NAMED ? NAMED - 1 : -1);
  const last = all.length > NAMED ? `${all.length - first.length} others` : all.at(-1);
  return first.length ? `${first.join(", ")} and ${last}` : String(last);
}
