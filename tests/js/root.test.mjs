// Under a path of its host, all that a page or worker asks for or keeps begins with it.
import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.PARLEY = { version: "abc", root: "/talk", assets: [] };
globalThis.addEventListener ??= () => {};
globalThis.location ??= new URL("https://example.org/talk/");
const { HOME, PAGES, roomOf } = await import("../../parley/static/js/kept/names.js");
const { apiOf, pathOf } = await import("../../parley/static/js/browser/root.js");
const { ask } = await import("../../parley/static/js/connection/wire.js");
const { recall, remember } = await import("../../parley/static/js/browser/saved.js");
const { notification } = await import("../../parley/static/js/worker/push.js");

test("pages are known by their paths below it", () => {
  assert.equal(HOME, "/talk/");
  assert.equal(pathOf("a b"), "/talk/conversation/a%20b");
  assert.equal(roomOf("/talk/conversation/abc"), "abc");
  for (const other of [
    "/conversation/abc", "/talk-two/conversation/abc", "/x/talk/conversation/abc", "/talk/conversation/abc/left",
    "/talk/conversation/", "/talk/conversation/abc/talk/conversation/abc",
  ]) assert.equal(roomOf(other), "", other);
});

test("calls go there", async () => {
  const asked = [];
  globalThis.fetch = async (path) => (asked.push(path), new Response('{"success":true}'));
  await ask(`${apiOf("abc")}/unread`);
  assert.deepEqual(asked, ["/talk/api/conversations/abc/unread"]);
});

test("what is kept is its own", () => {
  const kept = new Map([["parley:name", "Somebody else"]]);
  globalThis.localStorage = { getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value) };
  assert.equal(recall("name"), "");
  remember("name", "Ada");
  assert.equal(recall("name"), "Ada");
  assert.equal(kept.get("parley:name"), "Somebody else");
  assert.equal(PAGES, "/talkparley-pages");
});

test("notifications lead there", () => {
  const [, options] = notification({ kind: "talk", subject: "talk", key: "k", room_id: "abc", seq: 3, sender: "Ben", text: "Hi" }, "talk-k");
  assert.equal(options.data.url, "/talk/conversation/abc#m-3");
  assert.equal(options.icon, "/talk/apple-touch-icon.png");
});
