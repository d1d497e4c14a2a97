// @ts-check
// An export that a page makes: what is in it, and how it is put together.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Archive, MOST_BYTES } from "../../parley/static/js/sealed/exporting/archive.js";
import { entriesOf, exportPath, fileName } from "../../parley/static/js/sealed/exporting/entries.js";
import { htmlOf, tag } from "../../parley/static/js/sealed/exporting/markup.js";
import { filesIn } from "../../parley/static/js/sealed/files-in.js";

/** @param {number} seq @param {object} [more] */
function said(seq, more = {}) {
  return /** @type {any} */ ({
    id: `${seq}-x`, seq, user_id: "ada", username: "Ada", message: `Message ${seq}`, type: "text",
    timestamp: "2026-11-29T12:00:00.000+00:00", ...more,
  });
}

/** @param {any[]} messages */
function log(messages) {
  return new Map(messages.map((each) => [each.seq, each]));
}

test("what is put into a page is escaped, wherever it stands", () => {
  const hostile = `"><script>alert('&')</script>`;
  const made = tag("a", { title: hostile, hidden: true, lang: undefined }, hostile, tag("b", {}, hostile));
  const safe = "&#34;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;";
  assert.equal(htmlOf(made), `<a title="${safe}" hidden>${safe}<b>${safe}</b></a>`);
});

test("names are made fit for every system, and stay apart", () => {
  assert.equal(exportPath({ id: "ab", name: "lake.png" }), "files/ab/lake.png");
  assert.equal(exportPath({ id: "ab", name: '../a:b*?"<>|\u0001\u202e.txt' }), "files/ab/_a_b________.txt");
  assert.equal(exportPath({ id: "../../x", name: "a" }), "files/______x/a");
  assert.equal(exportPath({ id: "ab", name: " .. " }), "files/ab/file");
  assert.equal(exportPath({ id: "ab", name: `${"x".repeat(300)}.jpeg` }), `files/ab/${"x".repeat(75)}.jpeg`);
  assert.equal(fileName("Tea & “cake” <b>"), "Tea _ _cake_ _b");
  assert.equal(fileName("…"), "conversation");
});

test("what a message answers is told as it is by now", () => {
  const answer = said(3, { reply_to: { id: "", seq: 1, user_id: "", username: "", excerpt: "An earlier message" } });
  const told = entriesOf(log([answer, said(1), said(2, { deleted: true, message: "" })]), () => undefined, false);
  assert.deepEqual(told.map(({ seq }) => seq), [1, 2, 3]);
  assert.deepEqual(told[2].reply_to, { id: "1-x", seq: 1, user_id: "ada", username: "Ada", excerpt: "Message 1" });
});

test("nothing that only this page knows is in it", () => {
  const file = { id: "f", name: "a.txt", type: "application/octet-stream", size: 3, url: "", sealed: true, key: "secret" };
  const [told] = entriesOf(log([said(1, { late: true, attachments: [file], files: [{ key: "k", secret: "s" }] })]), () => ["p"], true);
  assert.deepEqual(told, {
    id: "1-x", seq: 1, changed_seq: 1, user_id: "ada", username: "Ada", message: "Message 1", type: "text",
    timestamp: "2026-11-29T12:00:00.000+00:00", parts: ["p"],
    attachments: [{ id: "f", name: "a.txt", type: "application/octet-stream", size: 3, url: "", path: "files/f/a.txt" }],
  });
});

test("a ZIP file names what is in it, with its length and checksum", async () => {
  const archive = new Archive(new Date("2026-11-29T12:34:56Z"));
  await archive.add("ä.bin", new Blob(["1234", "56789"]));
  await archive.add("empty", new Blob([]));
  const octets = Buffer.from(await archive.end().arrayBuffer());
  assert.equal(octets.readUInt32LE(14), 0xcbf43926); // what every CRC-32 makes of these digits
  assert.equal(octets.readUInt32LE(22), 9);
  const end = octets.length - 22;
  assert.equal(octets.readUInt32LE(end), 0x06054b50);
  assert.equal(octets.readUInt16LE(end + 10), 2);
  const central = octets.readUInt32LE(end + 16);
  assert.equal(octets.readUInt32LE(central), 0x02014b50);
  assert.equal(octets.subarray(central + 46, central + 46 + 6).toString("utf8"), "ä.bin");
});

test("one that would be too large is refused before it is read", async () => {
  const archive = new Archive(new Date());
  const large = /** @type {any} */ ({ size: MOST_BYTES, stream: () => assert.fail("It was read.") });
  await assert.rejects(archive.add("large", large), RangeError);
});

test("files are listed by kind, the latest first, without those that were deleted", () => {
  const picture = { id: "p", name: "a.png", type: "image/png", size: 1, width: 2, height: 2, url: "" };
  const sound = { id: "s", name: "a.wav", type: "audio/wav", size: 1, url: "" };
  const messages = log([
    said(1, { attachments: [picture, sound] }), said(2, { attachments: [{ ...picture, id: "q" }] }),
    said(3, { attachments: [{ ...picture, id: "gone" }], deleted: true }), said(4),
  ]);
  assert.deepEqual(filesIn(messages, ["picture", "video"]).map(({ file }) => file.id), ["q", "p"]);
  assert.deepEqual(filesIn(messages, ["audio"]).map(({ file, message }) => [file.id, message.seq]), [["s", 1]]);
});
