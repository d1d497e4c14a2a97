// @ts-check
// That a search goes on by itself after the network, or the server, was away.
import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

const page = new EventTarget();
/** @type {(() => Response)[]} what the next ones answer */
let answers = [];
Object.assign(globalThis, {
  addEventListener: page.addEventListener.bind(page),
  removeEventListener: page.removeEventListener.bind(page),
  fetch: async () => /** @type {() => Response} */ (answers.shift())(),
});
const { Asking } = await import("../../parley/static/js/search/asking.js");

const away = () => {
  throw new TypeError("Failed to fetch");
};
const found = () => Response.json({ success: true, results: [{ message: { seq: 1 }, snippet: [] }] });
mock.timers.enable({ apis: ["setTimeout"] });

/** @type {string[]} */
let shown = [];
/** @type {InstanceType<typeof Asking>} */
let asking;
beforeEach(() => {
  shown = [];
  asking = new Asking("/api/search", ({ kind }) => shown.push(kind));
});

/** @param {string} kind */
async function shows(kind) {
  for (let turn = 0; turn < 100 && asking.state.kind !== kind; turn++) await new Promise((done) => setImmediate(done));
  assert.equal(asking.state.kind, kind);
}

test("it asks again as there is a network, and where that fails a while later", async () => {
  answers = [away, away, found];
  const asked = asking.now("tea");
  await shows("offline");
  page.dispatchEvent(new Event("online"));
  for (let turn = 0; turn < 100 && answers.length > 1; turn++) await new Promise((done) => setImmediate(done));
  await shows("offline");
  assert.equal(answers.length, 1);
  await new Promise((done) => setImmediate(done));
  mock.timers.tick(5000);
  await asked;
  assert.deepEqual(shown, ["asking", "offline", "offline", "found"]);
});

test("what was asked before is not asked again", async () => {
  answers = [away, found];
  const before = asking.now("tea");
  await shows("offline");
  await asking.now("cake");
  page.dispatchEvent(new Event("online"));
  await before;
  assert.deepEqual([answers.length, asking.state.typed, asking.state.kind], [0, "cake", "found"]);
});
