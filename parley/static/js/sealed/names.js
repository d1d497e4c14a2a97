// @ts-check
// Whom a text means by "@Name", of those whose names the page knows. Pure. `parley/domain/at_names.py` looks in the same
// places for names.
import { OF_WORD, UNSPACED, folded, isSpace, stripped } from "./markdown/characters.js";

/** @typedef {import("./markdown/rules.js").Meant} Meant */

/** A message means no more people. */
export const MEANT_MAX = 20;
/** Accents that are written as characters of their own make a name longer than it is kept. */
const WINDOW = 128;
/** How many stretches of one text are looked at as names. */
const LOOKS_MAX = 300;
const JOINER = "\u200d";
const IS_OF_WORD = new RegExp(`[${OF_WORD}\\p{M}]`, "u");
const IS_UNSPACED = new RegExp(UNSPACED, "u");
const IS_MARK = /\p{M}/u;
const LAST = /[^]$/u;

export class Names {
  constructor() {
    /** @type {Map<string, Set<string>>} by user_id, as they are compared: present ones and earlier */
    this.ofPerson = new Map();
    /** @type {Map<string, Map<string, boolean>>} by name, who has it, and whether it is somebody else's as well */
    this.holders = new Map();
  }

  /**
   * @param {{user_id: string, username: string, alike?: boolean}[]} people
   * @returns {Set<string>} the user_ids of those who had no such name before
   */
  learn(people) {
    const learnt = new Set();
    for (const { user_id: userId, username, alike = false } of people) {
      const name = comparable(username);
      if (!userId || !name) continue;
      const own = this.ofPerson.get(userId) ?? new Set();
      if (!own.has(name)) learnt.add(userId);
      this.ofPerson.set(userId, own.add(name));
      this.holders.set(name, (this.holders.get(name) ?? new Map()).set(userId, alike));
    }
    return learnt;
  }

  /** @param {string} userId */
  knows(userId) {
    return this.ofPerson.has(userId);
  }

  /**
   * @param {string} text
   * @param {string[]} [chosen] whom a name means first, by user_id
   * @param {boolean} [isOnlyChosen] nobody else is meant
   * @returns {Meant}
   */
  meant(text, chosen = [], isOnlyChosen = false) {
    if (!text.includes("@")) return [];
    /** @type {Map<string, string>} */
    const first = new Map();
    for (const userId of chosen.slice(0, MEANT_MAX)) {
      for (const name of this.ofPerson.get(userId) ?? []) if (!first.has(name)) first.set(name, userId);
    }
    return peopleIn(text, (name) => first.get(name) ?? (isOnlyChosen ? undefined : this.holder(name)));
  }

  /** @param {string} name as it is compared */
  holder(name) {
    const holders = [...this.holders.get(name) ?? []];
    return (holders.find(([, isAlike]) => !isAlike) ?? holders[0])?.[0];
  }
}

/**
 * Each name as it is written there, without the "@", and whom it means.
 * @param {string} text
 * @param {(name: string) => string | undefined} whose
 * @returns {Meant}
 */
export function peopleIn(text, whose) {
  /** @type {Map<string, string>} */
  const people = new Map();
  let left = LOOKS_MAX;
  for (let at = text.indexOf("@"); at >= 0 && left > 0 && people.size < MEANT_MAX;) {
    let [end, found] = [at + 1, ""];
    for (const stop of mayBegin(text, at) ? ends(text, at + 1) : []) {
      const userId = whose(comparable(text.slice(at + 1, stop)));
      if (userId !== undefined) [end, found] = [stop, userId];
      left -= 1;
      if (left <= 0) break;
    }
    if (found) people.set(text.slice(at + 1, end), found);
    at = text.indexOf("@", end);
  }
  return [...people];
}

/** The same for what counts as one name. @param {string} name */
export function comparable(name) {
  const words = [...stripped(name)].map((each) => (isSpace(each) ? " " : each)).join("").replace(/ +/g, " ");
  return folded(words.normalize("NFC")).normalize("NFC");
}

/** Whether the "@" there is no part of a word or an address. @param {string} text @param {number} at */
function mayBegin(text, at) {
  const before = LAST.exec(text.slice(Math.max(0, at - 2), at))?.[0] ?? "";
  return before !== "/" && (!IS_OF_WORD.test(before) || IS_UNSPACED.test(before));
}

/**
 * Where what begins there could end, if it were a name.
 * @param {string} text
 * @param {number} start
 * @returns {Generator<number>}
 */
function* ends(text, start) {
  const letters = [...text.slice(start, start + 2 * WINDOW + 2)];
  if (!letters.length || isSpace(letters[0])) return;
  let end = start;
  for (let at = 0; at < Math.min(letters.length, WINDOW); at += 1) {
    const [last, following] = [letters[at], letters[at + 1]];
    if (last === "\n" || last === "\r") return;
    end += last.length;
    if (!isSpace(last) && (following === undefined || !goesOn(last, following))) yield end;
  }
}

/** Whether two characters next to each other are of one word. @param {string} last @param {string} following */
function goesOn(last, following) {
  if (following === JOINER || IS_MARK.test(following)) return true;
  if (IS_UNSPACED.test(last) || IS_UNSPACED.test(following)) return false;
  return IS_OF_WORD.test(last) && IS_OF_WORD.test(following);
}
