// What the worker sends where no page is open, and when it has the browser try again.
import assert from "node:assert/strict";
import { test } from "node:test";

/** @type {Record<string, (event: any) => void>} */
const listeners = {};
/** @type {any[]} what waits */
let waiting = [];
/** @type {(path: string, options: any) => Response} */
let answer = () => new Response("", { status: 404 });
/** @type {string[]} */
let sent = [];

/** @param {any} result */
function request(result) {
  /** @type {any} */
  const made = { result };
  queueMicrotask(() => made.onsuccess?.());
  return made;
}

const store = {
  getAll: () => request([...waiting]),
  delete: (/** @type {string} */ id) => request((waiting = waiting.filter(({ clientId }) => clientId !== id)) && undefined),
};
const database = {
  transaction: () => {
    /** @type {any} */
    const made = { objectStore: () => store };
    setTimeout(() => made.oncomplete?.());
    return made;
  },
};
Object.assign(globalThis, {
  addEventListener: (/** @type {string} */ type, /** @type {any} */ listener) => (listeners[type] = listener),
  indexedDB: { open: () => request(database) },
  fetch: async (/** @type {string} */ path, /** @type {any} */ options) => answer(path, options),
});
await import("../../parley/static/js/worker/outgoing.js");

/** @returns {Promise<any>} rejects where the browser is to try again */
function syncs() {
  /** @type {Promise<any> | undefined} */
  let work;
  listeners.sync({ tag: "outbox", waitUntil: (/** @type {Promise<any>} */ promise) => (work = promise) });
  return work ?? Promise.reject(new Error("Nothing was done."));
}

test.beforeEach(() => {
  waiting = [{ clientId: "1", roomId: "7", to: "abc", userId: "ben", text: "Hi", status: "pending", order: 1 }];
  sent = [];
});

/** @param {string} path @param {any} options */
function works(path, options) {
  if (!options.method) return new Response('<main id="main" data-user-id="ben">');
  sent.push(JSON.parse(options.body).message);
  return Response.json({ success: true, id: "m", seq: 1, timestamp: "" });
}

test("what waits is sent and waits no more", async () => {
  answer = works;
  await syncs();
  assert.deepEqual([sent, waiting], [["Hi"], []]);
});

test("a server that is in trouble is tried again later, and what waits goes on to wait", async () => {
  for (const status of [429, 500, 502, 503]) {
    answer = () => new Response("<h1>In trouble</h1>", { status });
    await assert.rejects(syncs());
    assert.equal(waiting.length, 1);
  }
  answer = works;
  await syncs();
  assert.deepEqual(sent, ["Hi"]);
});

test("one that does not answer is tried again later", async () => {
  answer = () => {
    throw new TypeError("Failed to fetch");
  };
  await assert.rejects(syncs());
  assert.equal(waiting.length, 1);
});

test("what somebody else wrote on this device is not sent, and tried no more", async () => {
  answer = (path, options) => (options.method ? works(path, options) : new Response('<main data-user-id="cleo">'));
  await syncs();
  assert.deepEqual([sent, waiting.length], [[], 1]);
});
