// @ts-check
// Markdown, to be read as it is: what `parley/exports/markdown.py` writes. Pure.
import { clock, day } from "./moments.js";

/** @typedef {import("./entries.js").Entry} Entry */

const SIGNS = /([\\`*_{}[\]<>#|~])/g;

/** @param {import("./entries.js").Export} told @returns {Generator<string>} */
export function* markdown({ head, entries }) {
  const names = new Map(head.people.map(({ user_id, username }) => [user_id, username]));
  for (const { user_id, username } of entries) names.set(user_id, username);
  yield beginning(head);
  let before = "";
  for (const entry of entries) {
    const today = day(entry.timestamp);
    yield (today === before ? "" : `## ${today}\n\n`) + said(entry, names);
    before = today;
  }
}

/** @param {import("./entries.js").Head} head */
function beginning({ conversation: { title, description }, exported_at: exportedAt, server, people }) {
  const lines = [`# ${plain(title)}`, ""];
  if (description) lines.push(description, "");
  lines.push(`*Exported ${moment(exportedAt)} from ${server}. Times are UTC.*`, "");
  if (people.length) lines.push(...people.map(({ username, role }) => `- ${plain(username)}${role === "owner" ? " (owner)" : ""}`), "");
  return `${lines.join("\n")}\n`;
}

/** @param {Entry} entry @param {Map<string, string>} names */
function said(entry, names) {
  const more = [clock(entry.timestamp)];
  if (entry.role) more.push("owner");
  if (entry.edited_at) more.push(`edited ${moment(entry.edited_at)}`);
  if (entry.pinned) more.push("pinned");
  const written = [`**${plain(entry.username)}** (${more.join(", ")})  `];
  const { reply_to: answered, attachments: files = [] } = entry;
  if (answered) {
    const gone = answered.deleted ? "Deleted message" : plain(answered.excerpt);
    written.push(`> ${answered.username ? `${plain(answered.username)}: ` : ""}${gone}`, "");
  }
  if (entry.deleted) written.push("*Deleted*");
  else if (!files.length || entry.message !== files.map(({ name }) => name).join(", ")) {
    written.push(...entry.message.split(/\r\n|\r|\n/).map(shielded));
  }
  written.push(...files.map(({ name, type, size }) => `- File: ${plain(name)} (${type}, ${size.toLocaleString("en-US")} bytes)`));
  if (entry.reactions?.length) written.push("", reactions(entry.reactions, names));
  return `${written.join("\n")}\n\n`;
}

/** @param {import("../../connection/wire.js").Reaction[]} all @param {Map<string, string>} names */
function reactions(all, names) {
  return all.map(({ emoji, count, user_ids: ids }) => {
    const who = ids.filter((id) => names.has(id)).map((id) => plain(names.get(id) ?? "")).join(", ");
    return `${emoji} ${count}${who && ` (${who})`}`;
  }).join(" · ");
}

/** A line of a message, where it would make more than Parley does: a heading, or HTML. @param {string} line */
function shielded(line) {
  const begins = line.replace(/^ +/, "");
  const isMore = begins.startsWith("#") || (begins.length > 2 && /^[=\- ]+$/.test(begins));
  const kept = isMore ? `${line.slice(0, line.length - begins.length)}\\${begins}` : line;
  return kept.replaceAll("<", "&lt;");
}

/** Words that are no Markdown, on one line. @param {string} text */
function plain(text) {
  return text.split(/\s+/).filter(Boolean).join(" ").replace(SIGNS, "\\$1");
}

/** @param {string} timestamp */
function moment(timestamp) {
  return `${day(timestamp)} ${clock(timestamp)}`;
}
