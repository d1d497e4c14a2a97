// What the worker does with what a push service brings: the browsers that tests drive allow no notification.
import assert from "node:assert/strict";
import { test } from "node:test";

/** @type {Record<string, (event: any) => void>} */
const listeners = {};
/** @type {any[]} */
let shown = [];
/** @type {any[]} */
let tabs = [];
/** @type {string[]} */
let opened = [];
/** @type {number | undefined} */
let badge;

Object.assign(globalThis, {
  addEventListener: (/** @type {string} */ type, /** @type {any} */ listener) => (listeners[type] = listener),
  clients: { matchAll: async () => tabs, openWindow: async (/** @type {string} */ url) => opened.push(url) },
  registration: {
    showNotification: async (/** @type {string} */ title, /** @type {any} */ options) => {
      shown = shown.filter(({ tag }) => tag !== options.tag);
      const one = { title, ...options, close: () => (shown = shown.filter((each) => each !== one)) };
      shown.push(one);
    },
    getNotifications: async ({ tag = "" } = {}) => shown.filter((each) => !tag || each.tag === tag),
  },
});
Object.assign((globalThis.navigator ??= /** @type {any} */ ({})), {
  setAppBadge: async (/** @type {number} */ count) => (badge = count),
  clearAppBadge: async () => (badge = 0),
});
await import("../../parley/static/js/worker/push.js");

/**
 * @param {string} type
 * @param {object} event
 */
async function happens(type, event) {
  /** @type {Promise<any> | undefined} */
  let work;
  listeners[type]({ ...event, waitUntil: (/** @type {Promise<any>} */ promise) => (work = promise) });
  await work;
}

/** @param {object} pushed */
function comes(pushed) {
  const data = { kind: "talk", subject: "talk", title: "A talk", room_id: "abc", count: 1, ...pushed };
  return happens("push", { data: { json: () => data } });
}

test.beforeEach(() => {
  [shown, tabs, opened, badge] = [[], [], [], undefined];
});

test("a notification says what was said, and leads there", async () => {
  await comes({ key: "7", seq: 3, sender: "Ben", text: "Hi", at: 5 });
  const [{ title, body, data, timestamp, renotify }] = shown;
  assert.deepEqual([title, body, timestamp, renotify], ["A talk", "Ben: Hi", 5, true]);
  assert.equal(data.url, "/conversation/abc#m-3");
  assert.equal(badge, 1);
});

test("a conversation has one, which takes the place of the one before", async () => {
  await comes({ key: "7", seq: 3, sender: "Ben", text: "Hi" });
  await comes({ key: "7", seq: 4, sender: "Ben", text: "You there?", count: 2 });
  await comes({ key: "8", seq: 1, sender: "Cleo", text: "Hello" });
  assert.deepEqual(shown.map(({ body }) => body), ["2 new messages\nBen: You there?", "Cleo: Hello"]);
  assert.equal(badge, 2);
});

test("what only corrects it makes no sound", async () => {
  await comes({ key: "7", seq: 3, sender: "Ben", text: "At nine", silent: true });
  assert.deepEqual([shown[0].silent, shown[0].renotify], [true, false]);
});

test("what is read is taken away, and the badge with it", async () => {
  await comes({ key: "7", seq: 3, sender: "Ben", text: "Hi" });
  await comes({ kind: "gone", key: "7" });
  assert.deepEqual([shown, badge], [[], 0]);
});

test("without words it names the conversation, and no link", async () => {
  await comes({ key: "7", title: "Conversation abc", seq: 3 });
  await comes({ key: "8", seq: 3, count: 4 });
  const titles = shown.map(({ title, body }) => [title, body]);
  assert.deepEqual(titles, [["New message in Untitled conversation", ""], ["4 new messages in A talk", ""]]);
});

test("files without words are said to be files", async () => {
  await comes({ key: "7", seq: 3, sender: "Ben", text: "", attachments: 1 });
  await comes({ key: "8", seq: 3, sender: "Ben", text: "", attachments: 3 });
  assert.deepEqual(shown.map(({ body }) => body), ["Ben sent a file", "Ben sent 3 files"]);
});

test("what has no words and no files is a message", async () => {
  await comes({ key: "7", seq: 3, sender: "Ben" });
  assert.deepEqual(shown.map(({ body }) => body), ["Ben sent a message"]);
});

test("who knocks and what is answered is said in words", async () => {
  await comes({ kind: "knocks", subject: "knocks", key: "1", sender: "Ben" });
  await comes({ kind: "knocks", subject: "knocks", key: "2", sender: "Ben", count: 3 });
  await comes({ kind: "knocks", subject: "knocks", key: "3" });
  await comes({ kind: "door", subject: "door", key: "4", answer: "admitted" });
  await comes({ kind: "door", subject: "door", key: "5", answer: "declined" });
  assert.deepEqual(shown.map(({ title, body }) => `${title}: ${body}`), [
    "A talk: Ben wants to join.",
    "A talk: Ben and 2 more want to join.",
    "A talk: Someone is waiting to be let in.",
    "You can come in: The conversation you asked to join is open to you.",
    "Request declined: The owner didn't let you in. You can knock again.",
  ]);
});

test("a call rings until it is over, and is missed in its place", async () => {
  await comes({ kind: "call", subject: "call", key: "7", sender: "Ben" });
  assert.deepEqual([shown[0].title, shown[0].body], ["Ben is calling", "A talk"]);
  assert.deepEqual([shown[0].requireInteraction, shown[0].data.url], [true, "/conversation/abc#call"]);
  await comes({ kind: "call", subject: "call", key: "7", sender: "Ben", missed: true, seq: 3, silent: true });
  assert.equal(shown.length, 1);
  assert.deepEqual([shown[0].title, shown[0].requireInteraction, shown[0].renotify], ["Missed call from Ben", undefined, false]);
  assert.equal(shown[0].data.url, "/conversation/abc#m-3");
  await comes({ kind: "gone", subject: "call", key: "7" });
  assert.deepEqual(shown, []);
});

test("without words a call names nobody", async () => {
  await comes({ kind: "call", subject: "call", key: "7" });
  await comes({ kind: "call", subject: "call", key: "8", missed: true, seq: 3 });
  assert.deepEqual(shown.map(({ title }) => title), ["Someone is calling", "Missed call"]);
});

test("a tap on a call leads into it, in the page that is there", async () => {
  /** @type {any[]} */
  const told = [];
  await comes({ kind: "call", subject: "call", key: "7", sender: "Ben" });
  tabs = [{ url: "https://talk.example/conversation/abc", focused: false, focus: () => told.push("focus"), postMessage: (/** @type {any} */ said) => told.push(said) }];
  await happens("notificationclick", { notification: shown[0] });
  assert.deepEqual(told, [{ type: "call" }, "focus"]);
});

test("none is shown of a conversation that is being looked at", async () => {
  tabs = [{ url: "https://talk.example/conversation/abc#m-1", focused: true }];
  await comes({ key: "7", seq: 3, sender: "Ben", text: "Seen" });
  assert.deepEqual(shown, []);
  await comes({ key: "8", room_id: "xyz", seq: 3, sender: "Ben", text: "Elsewhere" });
  tabs[0].focused = false;
  await comes({ key: "7", seq: 4, sender: "Ben", text: "In the background" });
  assert.deepEqual(shown.map(({ body }) => body), ["Ben: Elsewhere", "Ben: In the background"]);
});

test("a tap goes to the conversation, in the tab that has it", async () => {
  await comes({ key: "7", seq: 3, sender: "Ben", text: "Hi" });
  await happens("notificationclick", { notification: shown[0] });
  assert.deepEqual([opened, shown, badge], [["/conversation/abc#m-3"], [], 0]);
  let focused = 0;
  tabs = [{ url: "https://talk.example/conversation/abc", focus: async () => (focused += 1) }];
  await comes({ key: "7", seq: 4, sender: "Ben", text: "Again" });
  await happens("notificationclick", { notification: shown[0] });
  assert.deepEqual([opened.length, focused], [1, 1]);
});

test("who is invited is told by whom and where to, and led to the invitations", async () => {
  await comes({ kind: "invite", subject: "invite", key: "7", title: "Lake", room_id: "", sender: "Ada", at: 5 });
  assert.deepEqual([shown[0].title, shown[0].body], ["Lake", "Ada invites you to join."]);
  assert.equal(shown[0].data.url, "/conversations#invites");
  await comes({ kind: "invite", subject: "invite", key: "8", title: "", room_id: "" });
  assert.deepEqual([shown[1].title, shown[1].body], ["Invitation", "You are invited to join."]);
  await comes({ kind: "gone", subject: "invite", key: "7" });
  assert.deepEqual(shown.map(({ tag }) => tag), ["invite-8"]);
});

test("admins are told that reports wait, and led to them", async () => {
  await comes({ kind: "reports", subject: "reports", key: "0", title: "", room_id: "", count: 2 });
  const [{ title, body, tag, data }] = shown;
  assert.deepEqual([title, body, tag, data.url], ["2 reports are waiting", "", "reports-0", "/admin/reports"]);
  tabs = [{ focused: true, url: "https://parley.test/admin/reports" }];
  await comes({ kind: "reports", subject: "reports", key: "0", title: "", room_id: "", count: 3 });
  assert.equal(shown[0].title, "2 reports are waiting");
});
