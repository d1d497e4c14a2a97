// What the worker keeps of pages, and that nothing which was asked for before brings back what was forgotten.
import assert from "node:assert/strict";
import { test } from "node:test";

/** @type {Map<string, Response>} */
let kept = new Map();
/** @type {Record<string, (event: any) => void>} */
const listeners = {};
/** @type {Record<string, () => Promise<Response>>} by path */
let answers = {};

const cache = {
  match: async (/** @type {string} */ path) => kept.get(path)?.clone(),
  put: async (/** @type {string} */ path, /** @type {Response} */ answer) => void kept.set(path, answer),
  delete: async (/** @type {string} */ path) => kept.delete(path),
  keys: async () => [...kept.keys()].map((path) => ({ url: `https://talk.example${path}` })),
  matchAll: async () => [...kept.values()],
};
const none = { ...cache, put: async () => {}, keys: async () => [] };

Object.assign(globalThis, {
  PARLEY: { version: "1", assets: [] },
  location: { origin: "https://talk.example" },
  addEventListener: (/** @type {string} */ type, /** @type {any} */ listener) => (listeners[type] = listener),
  registration: { getNotifications: async () => [] },
  clients: { matchAll: async () => [] },
  caches: { open: async (/** @type {string} */ name) => (name === "parley-pages" ? cache : none), keys: async () => [], has: async () => false },
  fetch: async (/** @type {any} */ asked) => answers[asked.url ? new URL(asked.url).pathname : asked](),
});
globalThis.navigator ??= /** @type {any} */ ({}); // older versions of Node.js have none
await import("../../parley/static/js/worker/answers.js");

const OFFLINE = () => Promise.resolve(new Response("/static/1/"));
const page = () => new Response('<html><main data-user-id="ben"> /static/1/');
const LIST = '<html> /static/1/ <a href="/conversation/tea">Tea</a>';

/**
 * @param {string} type
 * @param {object} event
 * @returns {Promise<any>} once all is done
 */
function happens(type, event) {
  /** @type {Promise<any>[]} */
  const work = [];
  const wait = (/** @type {any} */ promise) => work.push(Promise.resolve(promise));
  listeners[type]({ ...event, waitUntil: wait, respondWith: wait });
  return Promise.all(work);
}

/** @param {string} path */
function opens(path) {
  return happens("fetch", { request: { method: "GET", mode: "navigate", url: `https://talk.example${path}` } });
}

/** @param {string} type @param {string} path */
function says(type, path) {
  return happens("message", { data: { type, path } });
}

test.beforeEach(() => {
  kept = new Map();
  answers = { "/offline": OFFLINE, "/conversation/tea": async () => page(), "/": async () => new Response(LIST) };
});

test("pages that are opened are kept", async () => {
  await opens("/conversation/tea");
  await opens("/");
  assert.deepEqual([...kept.keys()], ["/conversation/tea", "/"]);
});

for (const path of ["/conversation/tea", "/"]) {
  test(`an answer for ${path} from before it was over keeps nothing`, async () => {
    /** @type {(answer: Response) => void} */
    let comes = () => {};
    const [real, late] = [answers[path], new Promise((resolve) => (comes = resolve))];
    answers[path] = () => late;
    const asking = says("changed", path);
    await says("over", "/conversation/tea");
    comes(await real());
    await asking;
    assert.deepEqual([...kept.keys()], []);
    // Whoever is there again has it again.
    answers[path] = real;
    await opens(path);
    assert.deepEqual([...kept.keys()], [path]);
  });
}

test("a list that does not name what is kept is kept itself", async () => {
  answers["/conversation/cake"] = async () => page();
  await opens("/conversation/cake");
  await opens("/conversation/tea");
  await opens("/");
  assert.deepEqual([...kept.keys()], ["/conversation/tea", "/"]);
});
