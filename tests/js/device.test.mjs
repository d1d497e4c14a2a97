// That our server knows where this browser is notified now.
import assert from "node:assert/strict";
import { test } from "node:test";

const CHOICES = { words: false, quiet_hours: null };
/** @type {Map<string, string>} */
const storage = new Map();
/** @type {any[]} what our server was told */
let told = [];
/** @type {any} */
let devices = [];
let endpoint = "";

const subscription = {
  options: { applicationServerKey: new Uint8Array([1, 2, 3]) },
  get endpoint() {
    return endpoint;
  },
  toJSON: () => ({ endpoint, keys: { p256dh: "p", auth: "a" } }),
};
const registration = { scope: "https://example.org/", pushManager: { getSubscription: async () => subscription } };
Object.assign(globalThis, {
  isSecureContext: true,
  document: { documentElement: { dataset: { worker: "yes" } } },
  matchMedia: () => ({ matches: false }),
  PushManager: class {},
  Notification: { permission: "granted" },
  fetch: async (/** @type {string} */ path, /** @type {any} */ options = {}) => {
    if (options.method === "POST") told.push(JSON.parse(options.body));
    return Response.json({ success: true, public_key: "AQID", devices });
  },
});
for (const [name, value] of Object.entries({
  navigator: { userAgent: "", maxTouchPoints: 0, serviceWorker: { getRegistration: async () => registration } },
  localStorage: {
    getItem: (/** @type {string} */ name) => storage.get(name) ?? null,
    setItem: (/** @type {string} */ name, /** @type {string} */ value) => storage.set(name, value),
    removeItem: (/** @type {string} */ name) => storage.delete(name),
  },
})) Object.defineProperty(globalThis, name, { value, configurable: true });
const { notified, refresh } = await import("../../parley/static/js/notifying/device.js");

test.beforeEach(() => {
  storage.clear();
  storage.set("parley:notified", JSON.stringify({ ...CHOICES, endpoint: "https://push.example/1" }));
  [told, devices, endpoint] = [[], [{}], "https://push.example/1"];
});

test("a server that knows is told nothing", async () => {
  await refresh();
  assert.deepEqual(told, []);
});

test("a new address that nobody could be told of is told, once", async () => {
  endpoint = "https://push.example/2";
  await refresh();
  const [{ endpoint: given, replaces, words }] = told;
  assert.deepEqual([given, replaces, words], ["https://push.example/2", "https://push.example/1", false]);
  await refresh();
  assert.equal(told.length, 1);
});

test("a server that forgot is told again", async () => {
  devices = [];
  await refresh();
  assert.deepEqual(told, [{ endpoint, keys: { p256dh: "p", auth: "a" }, ...CHOICES }]);
});

test("who chose before addresses were noted is told once more", async () => {
  storage.set("parley:notified", JSON.stringify(CHOICES));
  await refresh();
  await refresh();
  assert.deepEqual(told.map(({ endpoint: given, replaces }) => [given, replaces]), [[endpoint, undefined]]);
});

test("what a browser has for a server at another path is not taken for ours", async () => {
  assert.notEqual(await notified(), undefined);
  registration.scope = "https://example.org/other/";
  assert.equal(await notified(), undefined);
  registration.scope = "https://example.org/";
});
