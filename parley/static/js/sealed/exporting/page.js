// @ts-check
// One page in HTML that looks like the conversation, and needs nothing beside it: what the server makes of
// `templates/exported`. Pure.
import { about, fitted, kindOf, labelOf, said } from "../../files/sizes.js";
import { askedFor, choose, initials } from "../../people/faces.js";
import { titleOf } from "../../room/title.js";
import { isEmojiOnly } from "../../transcript/text.js";
import { htmlOf, Markup, tag } from "./markup.js";
import { clock, date, fullDate, placed } from "./moments.js";
import { words } from "./words.js";

/**
 * @typedef {import("./entries.js").Entry} Entry
 * @typedef {import("./entries.js").ExportedFile} ExportedFile
 */

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' file:; media-src 'self' file:";
const PEOPLE_TOLD = 50;
const NAMED_MAX = 10;
const DOCUMENT = "M5 2.5h6.5L15 6v11.5H5zM11.5 2.5V6H15";

/**
 * @param {import("./entries.js").Export} told
 * @param {string} sheet the styles, which are ours
 * @param {boolean} withFiles whether they lie beside it: else they are only named
 * @returns {Generator<string>}
 */
export function* page({ head, entries }, sheet, withFiles) {
  const names = new Map(head.people.map(({ user_id, username }) => [user_id, username]));
  for (const { user_id, username } of entries) names.set(user_id, username);
  yield beginning(head, sheet);
  const hues = huesOf(head.people);
  /** @type {Entry | undefined} */
  let before;
  for (const entry of entries) {
    const { beginsDay, continued } = placed(before, entry);
    const heading = beginsDay ? [tag("h2", { class: "day" }, tag("time", { datetime: entry.timestamp }, date(entry.timestamp))), "\n"] : "";
    yield htmlOf([...heading, article(entry, continued, { names, hues, withFiles }), "\n"]);
    before = entry;
  }
  yield "</main>\n</body>\n</html>\n";
}

/** @param {import("./entries.js").Head} head @param {string} sheet */
function beginning({ conversation, exported_at: at, server, people }, sheet) {
  const title = titleOf(conversation);
  const listed = people.slice(0, PEOPLE_TOLD).flatMap(({ username, role }, number) => [
    ...(number ? [", "] : []), tag("bdi", {}, username), role === "owner" ? " (owner)" : "",
  ]);
  const who = people.length
    ? [`. ${people.length} ${people.length === 1 ? "person" : "people"}: `, ...listed, people.length > PEOPLE_TOLD ? " and others" : ""]
    : [];
  const metas = [
    { charset: "utf-8" }, { name: "viewport", content: "width=device-width, initial-scale=1" },
    { name: "color-scheme", content: "light dark" }, { name: "referrer", content: "no-referrer" },
    // What people wrote can do nothing here, whatever it is.
    { "http-equiv": "Content-Security-Policy", content: POLICY },
  ].flatMap((attributes) => [tag("meta", attributes), "\n"]);
  const described = conversation.description ? [tag("p", { class: "exported-about", dir: "auto" }, conversation.description), "\n"] : [];
  return htmlOf([
    new Markup('<!doctype html>\n<html lang="en">\n<head>\n'), ...metas, tag("title", {}, title), "\n",
    tag("style", {}, new Markup(sheet)), new Markup('\n</head>\n<body class="exported">\n'),
    tag("header", { class: "exported-head" }, "\n", tag("h1", { dir: "auto" }, title), "\n", described,
      tag("p", { class: "exported-of" }, `Exported ${fullDate(at)}, from ${server}`, who), "\n"),
    new Markup('\n<main class="transcript">\n'),
  ]);
}

/**
 * @param {Entry} entry
 * @param {boolean} continued
 * @param {{names: Map<string, string>, hues: Map<string, number>, withFiles: boolean}} of
 */
function article(entry, continued, { names, hues, withFiles }) {
  const { attachments = [], deleted, message, reply_to: answered, reactions } = entry;
  const files = deleted ? [] : attachments;
  const isWordless = files.length > 0 && message === files.map(({ name }) => name).join(", ");
  const classes = [
    "message", deleted && "deleted", continued && "continued", !files.length && isEmojiOnly(message) && "emoji-only",
  ].filter(Boolean).join(" ");
  const hue = hues.get(entry.user_id) ?? askedFor(entry.user_id);
  const inside = [
    tag("span", { class: "face", "aria-hidden": "true", "data-hue": hue, "data-initials": initials(entry.username) }),
    headOf(entry), answered ? quote(answered) : "",
    files.length ? tag("div", { class: "files" }, files.map((file) => (withFiles ? whole(file, entry.username) : named(file)))) : "",
    isWordless ? "" : tag("div", { class: "message-text rich", dir: "auto" }, deleted ? "Deleted" : words(entry)),
    reactions?.length ? tag("div", { class: "reactions" }, reactions.flatMap((each) => [chip(each, names), " "])) : "",
  ];
  const lines = inside.filter((each) => each !== "").flatMap((each) => [each, "\n"]);
  return tag("article", { class: classes, id: `m-${entry.seq}`, "data-alike": entry.alike ? "yes" : undefined }, "\n", lines);
}

/** @param {Entry} entry */
function headOf({ seq, username, role, alike, unproven, timestamp, edited_at: edited, pinned }) {
  const time = tag("time", { datetime: timestamp, title: fullDate(timestamp) }, `${clock(timestamp)} UTC`);
  const mark = role ? [" ", tag("span", { class: "mark" }, "owner")]
    : alike ? [" ", tag("span", { class: "mark" }, "same name as someone else")] : [];
  return tag("p", { class: "message-head" },
    tag("b", { class: "message-author", dir: "auto" }, username), mark,
    unproven ? [" ", tag("span", { class: "unproven" }, "unproven")] : [],
    " ", tag("a", { class: "message-time", href: `#m-${seq}` }, time),
    edited ? [" ", tag("span", { class: "message-edited" }, "edited ", tag("time", { datetime: edited }, fullDate(edited)))] : [],
    pinned ? [" ", tag("span", { class: "message-edited" }, "pinned")] : []);
}

/** @param {import("../../connection/wire.js").Answered} answered */
function quote({ seq, username, excerpt, deleted }) {
  return tag("a", { class: `quote${deleted ? " gone" : ""}`, href: `#m-${seq}` },
    tag("span", { class: "visually-hidden" }, "In reply to "), tag("bdi", { class: "quote-author" }, username), " ",
    tag("bdi", { class: "quote-text" }, deleted ? "Deleted message" : excerpt));
}

/** @param {ExportedFile} file */
function named(file) {
  return tag("div", { class: "document" }, tag("span", { class: "file-words" },
    tag("bdi", { class: "file-name" }, file.name), tag("span", { class: "file-about" }, about(file))));
}

/** @param {ExportedFile} file @param {string} username */
function whole(file, username) {
  const [width, height] = fitted(file);
  const kind = kindOf(file);
  const url = (file.path ?? "").split("/").map(encodeURIComponent).join("/");
  if (kind === "picture") {
    const image = tag("img", { src: url, width, height, alt: file.name, loading: "lazy", decoding: "async" });
    return tag("a", { class: "picture", "data-said": said(file), href: url, target: "_blank", rel: "noopener" }, image);
  }
  const label = { "aria-label": labelOf(file, username) };
  if (kind === "video") {
    const video = tag("video", { src: url, width, height, controls: true, preload: "metadata", playsinline: true, ...label });
    return tag("div", { class: "film", "data-said": said(file) }, video);
  }
  if (kind === "audio") {
    const audio = tag("audio", { src: url, controls: true, preload: "metadata", ...label });
    return tag("div", { class: "sound", "data-said": said(file) }, tag("bdi", { class: "file-name" }, file.name), audio);
  }
  const sign = tag("svg", { class: "file-sign", width: 20, height: 20, viewBox: "0 0 20 20", "aria-hidden": "true", focusable: "false" },
    tag("path", { d: DOCUMENT }));
  return tag("a", { class: "document", href: url, download: file.name }, sign, tag("span", { class: "file-words" },
    tag("bdi", { class: "file-name" }, file.name), tag("span", { class: "file-about" }, about(file))));
}

/** @param {import("../../connection/wire.js").Reaction} reaction @param {Map<string, string>} names */
function chip({ emoji, count, user_ids: ids }, names) {
  const who = whoReacted(ids, count, names);
  return tag("span", { class: "reaction", title: who }, tag("span", { class: "reaction-emoji" }, emoji), ` ${count}`,
    tag("span", { class: "visually-hidden" }, ` ${who}`));
}

/** @param {string[]} ids @param {number} count @param {Map<string, string>} names */
function whoReacted(ids, count, names) {
  const listed = ids.flatMap((id) => names.get(id) ?? []).slice(0, NAMED_MAX);
  const unnamed = count - listed.length;
  if (!listed.length) return unnamed === 1 ? "1 person" : `${unnamed} people`;
  if (unnamed > 0) listed.push(unnamed === 1 ? "1 other" : `${unnamed} others`);
  const [first, last] = [listed.slice(0, -1).join(", "), listed.at(-1)];
  return first ? `${first} and ${last}` : String(last);
}

/** @param {{user_id: string}[]} people @returns {Map<string, number>} */
function huesOf(people) {
  /** @type {Map<string, number>} */
  const hues = new Map();
  for (const { user_id: id } of people) if (!hues.has(id)) hues.set(id, choose(id, hues.values(), []));
  return hues;
}
