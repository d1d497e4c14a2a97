// Notifications that no push takes away: they go as one's own list is seen, or as the server refuses a conversation.
import assert from "node:assert/strict";
import { test } from "node:test";

/** @type {any[]} */
let shown = [];
const registration = { getNotifications: async () => [...shown] };
/** @type {any} */
let mine = {};

Object.assign(globalThis, {
  registration,
  document: { addEventListener: () => {} },
  fetch: async () => Response.json(mine),
  caches: { open: async () => ({ delete: async () => true, keys: async () => [] }) },
});
Object.defineProperty(globalThis, "navigator", { value: { serviceWorker: { getRegistration: async () => registration } } });
const { beginBadge } = await import("../../parley/static/js/own/badge.js");
const { note } = await import("../../parley/static/js/worker/pages.js");

/** @param {string} tag @param {string} url */
function shows(tag, url) {
  /** @type {any} */
  const one = { tag, data: { key: tag.split("-")[1], url }, close: () => (shown = shown.filter((each) => each !== one)) };
  shown.push(one);
}

test.beforeEach(() => {
  shown = [];
  shows("talk-1", "/conversation/read#m-3");
  shows("talk-2", "/conversation/unread#m-4");
  shows("talk-3", "/conversation/gone#m-5");
  shows("knocks-1", "/conversation/read");
});

const NEWEST = [{ room_id: "read", unread: 0 }, { room_id: "unread", unread: 2 }];

/** @param {string[]} tags */
async function staysOnly(tags) {
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual(shown.map(({ tag }) => tag), tags);
}

test("what was read elsewhere or is over goes as the app is opened", async () => {
  mine = { success: true, conversations: NEWEST };
  beginBadge();
  await staysOnly(["talk-2", "knocks-1"]);
});

test("of what stands on a later page of the list nothing is concluded", async () => {
  mine = { success: true, conversations: NEWEST, next_cursor: "x" };
  beginBadge();
  await staysOnly(["talk-2", "talk-3", "knocks-1"]);
});

test("without a network all stays", async () => {
  mine = { success: false };
  beginBadge();
  await staysOnly(["talk-1", "talk-2", "talk-3", "knocks-1"]);
});

test("what the server refuses is shown no more", async () => {
  await note("/conversation/gone", new Response("", { status: 404 }));
  await staysOnly(["talk-1", "talk-2", "knocks-1"]);
});
