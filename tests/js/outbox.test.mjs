// @ts-check
// What is written goes out in order, one at a time, and again as often as it takes.
import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { Outbox } from "../../parley/static/js/writing/outbox.js";
import { INITIAL, Store } from "../../parley/static/js/state/store.js";

const ADA = { userId: "ada", username: "Ada", role: "member" };
const BUSY = { ok: false, code: "unavailable", error: "The server is busy." };

let store, connection, told, outbox, before, kept;

beforeEach(async () => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  mock.method(Math, "random", () => 0.5);
  store = new Store({ ...INITIAL, me: ADA });
  connection = fakeConnection();
  told = [];
  before = [];
  kept = [];
  const saved = {
    entries: async () => before,
    takeOver() {},
    save: (/** @type {any[]} */ entries) => (kept = entries),
  };
  const tabs = { tell: (/** @type {any} */ event) => told.push(event) };
  outbox = new Outbox(/** @type {any} */ ({ store, connection, saved, tabs }));
});

function fakeConnection() {
  const connection = {
    live: true,
    rejoined: 0,
    asked: [],
    answers: [],
    ask(_event, { message, client_id: clientId }) {
      connection.asked.push([message, clientId]);
      return new Promise((resolve) => connection.answers.push(resolve));
    },
    rejoin: () => (connection.rejoined += 1),
  };
  return connection;
}

async function settle() {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

async function answer(ack) {
  connection.answers.shift()(ack);
  await settle();
}

async function pass(ms) {
  mock.timers.tick(ms);
  await settle();
}

const stored = (seq) => ({ ok: true, id: `id-${seq}`, seq, timestamp: "2026-11-23T12:00:00Z", duplicate: false });
const texts = () => connection.asked.map(([text]) => text);

async function start() {
  outbox.start();
  await settle();
  await pass(0);
}

test("one message is on its way at a time, in the order they were written", async () => {
  await start();
  ["one", "two", "three"].forEach((text) => outbox.send(text));
  await settle();
  assert.deepEqual(texts(), ["one"]);
  await answer(stored(1));
  await answer(stored(2));
  await answer(stored(3));
  assert.deepEqual([texts(), store.state.outbox, kept], [["one", "two", "three"], [], []]);
  assert.deepEqual(told.map(({ type, seq }) => [type, seq]), [["sent", 1], ["sent", 2], ["sent", 3]]);
});

test("what was kept from before goes first", async () => {
  before = [{ clientId: "c0", userId: "ada", text: "before", at: "", order: 0, status: "pending", error: "" }];
  outbox.start();
  outbox.send("since");
  await settle();
  await pass(0);
  await answer(stored(1));
  assert.deepEqual(texts(), ["before", "since"]);
});

test("a busy server is asked again later and later, under the same id", async () => {
  await start();
  outbox.send("one");
  await settle();
  for (const wait of [500, 1000, 2000, 4000, 8000, 15_000, 15_000]) {
    const tries = connection.asked.length;
    await answer(BUSY);
    await pass(wait - 1);
    assert.equal(connection.asked.length, tries);
    await pass(1);
    assert.equal(connection.asked.length, tries + 1);
  }
  await answer(stored(1));
  assert.equal(new Set(connection.asked.map(([, clientId]) => clientId)).size, 1);
  assert.deepEqual(store.state.outbox, []);
});

test("the server's wish to wait is kept, also by a new connection", async () => {
  await start();
  outbox.send("one");
  await settle();
  await answer({ ...BUSY, code: "rate_limited", retry_after: 20 });
  await pass(10_000);
  outbox.resume();
  outbox.send("two");
  await pass(9_999);
  assert.equal(connection.asked.length, 1);
  await pass(600);
  assert.deepEqual(texts(), ["one", "one"]);
});

test("why it takes so long is told only after a few seconds", async () => {
  await start();
  outbox.send("one");
  await settle();
  await answer(BUSY);
  await pass(500);
  await answer(BUSY);
  await pass(1000);
  assert.deepEqual([store.state.outbox[0].status, store.state.outbox[0].error], ["pending", ""]);
  await answer(BUSY);
  await pass(2000);
  assert.deepEqual([store.state.outbox[0].status, store.state.outbox[0].error], ["pending", "The server is busy."]);
});

test("a final refusal fails the one message, and the next goes on", async () => {
  await start();
  for (const code of ["too_large", "bad_request", "conversation_ended", "forbidden", "identity_mismatch"]) {
    outbox.send(code);
    await settle();
    await answer({ ok: false, code, error: "No." });
    assert.deepEqual([store.state.outbox.at(-1)?.status, store.state.outbox.at(-1)?.error], ["failed", "No."]);
  }
  assert.equal(connection.asked.length, 5);
});

test("whoever is no longer in the conversation joins again, then sends again", async () => {
  await start();
  outbox.send("one");
  await settle();
  connection.live = true;
  connection.rejoin = () => {
    connection.rejoined += 1;
    connection.live = false;
  };
  await answer({ ok: false, code: "not_joined", error: "Join first." });
  assert.deepEqual([connection.rejoined, connection.asked.length], [1, 1]);
  connection.live = true;
  outbox.resume();
  await pass(0);
  await answer(stored(1));
  assert.deepEqual([texts(), store.state.outbox], [["one", "one"], []]);
});

test("what was on its way when the connection broke goes out with the next one", async () => {
  await start();
  outbox.send("one");
  await settle();
  connection.live = false;
  await answer({ ok: false, code: "no_answer", error: "The server didn't respond." });
  assert.equal(store.state.outbox[0].status, "pending");
  connection.live = true;
  outbox.resume();
  await pass(0);
  assert.deepEqual(texts(), ["one", "one"]);
});

test("what is discarded while the kept ones are being read does not come back with them", async () => {
  await start();
  outbox.send("better not");
  await settle();
  await answer({ ok: false, code: "forbidden", error: "You may not." });
  const [refused] = store.state.outbox;
  before = [refused]; // as it still stands there
  outbox.resume();
  outbox.discard(refused.clientId);
  await settle();
  assert.deepEqual(store.state.outbox, []);
});

test("a send that is not answered in two seconds goes out again on a new line, under the same id", async () => {
  await start();
  outbox.send("one");
  await settle();
  await pass(1999);
  assert.equal(connection.rejoined, 0);
  await pass(1);
  assert.equal(connection.rejoined, 1);
  connection.live = false;
  await answer({ ok: false, code: "no_answer", error: "" });
  connection.live = true;
  outbox.resume();
  await settle();
  await pass(0);
  await answer(stored(1));
  assert.deepEqual([texts(), store.state.outbox], [["one", "one"], []]);
  assert.equal(connection.asked[0][1], connection.asked[1][1]);
});

test("a server that is slow is asked for one new line, and for another only after it was quick", async () => {
  await start();
  for (const seq of [1, 2, 3]) {
    outbox.send("slow");
    await settle();
    await pass(3000);
    await answer(stored(seq));
  }
  assert.equal(connection.rejoined, 1);
  outbox.send("quick");
  await settle();
  await answer(stored(4));
  outbox.send("slow");
  await settle();
  await pass(2000);
  assert.equal(connection.rejoined, 2);
});

test("an answer in time keeps the line", async () => {
  await start();
  outbox.send("one");
  await settle();
  await pass(1900);
  await answer(stored(1));
  await pass(5000);
  assert.equal(connection.rejoined, 0);
});
