// @ts-check
// The emoji there are, by group, and finding them by what they are called. Pure.
import { TABLE } from "./emoji.js";

/** @typedef {{emoji: string, name: string, words: string[], toned: string}} Entry `toned`: in the first skin tone */

const NAMES = [
  "Smileys and emotion", "People and body", "Animals and nature", "Food and drink", "Travel and places", "Activities",
  "Objects", "Symbols", "Flags",
];
const FIRST_TONE = "🏻";
const BETWEEN = /[\s_:’'().,-]+/;
const FOUND_MAX = 80;
const DOUBLED = /[b-df-hj-np-tv-z]$/;
const ENDINGS = new Set(["", "s", "es", "er", "ed", "ing"]);

/** @type {{name: string, entries: Entry[]}[]} */
export const GROUPS = TABLE.split("\n\n").map((lines, at) => ({ name: NAMES[at], entries: lines.split("\n").map(read) }));
const ALL = GROUPS.flatMap(({ entries }) => entries);

/**
 * @param {string} line
 * @returns {Entry}
 */
function read(line) {
  const [emoji, name, others = "", toned = ""] = line.split("\t");
  return { emoji, name, words: [...name.toLowerCase().split(BETWEEN), ...others.toLowerCase().split(" ")], toned };
}

/**
 * @param {Entry} entry
 * @param {string} tone empty for none
 */
export function inTone({ emoji, toned }, tone) {
  return tone && toned ? toned.replaceAll(FIRST_TONE, tone) : emoji;
}

/**
 * Those of which each word asked for begins a word, the best first.
 * @param {string} query
 * @returns {Entry[]}
 */
export function find(query) {
  const asked = query.toLowerCase().trim().split(BETWEEN).filter(Boolean);
  if (!asked.length) return [];
  const itself = entryOf(query.trim());
  if (itself) return [itself];
  const found = ALL.filter(({ words }) => asked.every((begin) => words.some((word) => word.startsWith(begin))));
  const rank = new Map(found.map((entry) => [entry, rankOf(entry, asked)]));
  return found.sort((one, other) => (rank.get(one) ?? 0) - (rank.get(other) ?? 0)).slice(0, FOUND_MAX);
}

/**
 * @param {Entry} entry
 * @param {string[]} asked
 */
function rankOf({ name, words }, asked) {
  const own = name.toLowerCase().split(BETWEEN);
  if (asked.every((word) => own.includes(word))) return own.length; // the less else it says, the better
  // What it is called, in another form of the word, comes before what it has to do with.
  if (asked.every((word) => own.some((other) => isFormOf(other, word)))) return 50 + own.length;
  if (asked.every((word) => words.includes(word))) return 100;
  return asked.every((begin) => own.some((word) => word.startsWith(begin))) ? 101 : 102;
}

/**
 * Whether an English word is another or a form of it: "swimming" of "swim", "hearts" of "heart".
 * @param {string} word
 * @param {string} stem
 */
function isFormOf(word, stem) {
  if (!word.startsWith(stem)) return false;
  const rest = word.slice(stem.length);
  const isDoubled = DOUBLED.test(stem) && rest.startsWith(stem.slice(-1));
  return ENDINGS.has(isDoubled ? rest.slice(1) : rest);
}

/** @param {string} emoji @returns {Entry | undefined} the one that it is, in whatever skin tone */
export function entryOf(emoji) {
  const tone = /[\u{1f3fb}-\u{1f3ff}]/u.exec(emoji)?.[0] ?? "";
  return ALL.find((entry) => inTone(entry, tone) === emoji);
}
