// @ts-check
// What whoever comes back is told in words: how much was said and by whom, what of it means them, and which files came. Pure.
import { shortName } from "../people/names.js";

/** So many are named; of more, how much they said together. */
const NAMED = 3;
/** A longer name is cut. */
const NAME_CHARS = 24;

/**
 * @typedef {{username: string, count: number}} Author
 * @typedef {{pictures: number, videos: number, audio: number, documents: number}} Files
 *
 * @typedef {object} Missed
 * @property {number} unread
 * @property {boolean} [more]
 * @property {Author[]} by
 * @property {number[]} mentions
 * @property {number[]} replies
 * @property {Files} files
 */

/** @param {Missed} missed */
export function missedInWords({ unread, more, by, mentions, replies, files }) {
  const counted = `${more ? "Over " : ""}${unread.toLocaleString("en")} ${unread === 1 ? "message" : "messages"}`;
  const others = unread - by.slice(0, NAMED).reduce((sum, { count }) => sum + count, 0);
  const authors = by.length === 1 ? `from ${shortName(by[0].username, NAME_CHARS)}` : `${named(by)}${others ? ` and ${others} more` : ""}`;
  const facts = [
    mentions.length && `${mentions.length} mention${mentions.length === 1 ? "s" : ""} you`,
    replies.length && `${replies.length} answer${replies.length === 1 ? "s" : ""} you`,
  ].filter(Boolean);
  const said = by.length === 1 ? `${counted} ${authors}.` : `${counted}: ${authors}.`;
  return [said, facts.length && `${facts.join(" and ")}.`, filesInWords(files)].filter(Boolean).join(" ");
}

/** @param {Author[]} by */
function named(by) {
  const shown = by.slice(0, NAMED).map(({ username, count }) => `${count} from ${shortName(username, NAME_CHARS)}`);
  const last = by.length <= NAMED && shown.length > 1 ? ` and ${shown.pop()}` : "";
  return `${shown.join(", ")}${last}`;
}

/** @param {Files} files */
function filesInWords({ pictures, videos, audio, documents }) {
  /** @type {[number, string][]} */
  const kinds = [[pictures, "picture"], [videos, "video"], [audio, "audio clip"], [documents, "file"]];
  const words = kinds.filter(([count]) => count).map(([count, name]) => `${count.toLocaleString("en")} ${name}${count === 1 ? "" : "s"}`);
  const last = words.pop();
  if (!last) return "";
  const verb = pictures + videos + audio + documents === 1 ? "was" : "were";
  return `${words.length ? `${words.join(", ")} and ${last}` : last} ${verb} shared.`;
}
