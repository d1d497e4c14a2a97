// @ts-check
// The client for others: what it tells of the log, in which order, and what waits to be sent.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Over, Refused } from "../../parley/static/js/client/errors.js";
import { Feed, KEPT_MAX, happenings, messages } from "../../parley/static/js/client/feed.js";
import { parse } from "../../parley/static/js/client/links.js";
import { Log } from "../../parley/static/js/client/log.js";
import { Outbox } from "../../parley/static/js/client/outbox.js";

/** A line whose answers the test gives. */
class FakeLine {
  live = true;
  roomId = "tea";
  rejoined = 0;
  /** @type {{event: string, fields: any, answer: (ack: any) => void}[]} */
  asked = [];

  /** @param {string} event @param {any} fields */
  ask(event, fields) {
    return new Promise((answer) => this.asked.push({ event, fields, answer }));
  }

  rejoin() {
    this.rejoined += 1;
    this.live = false;
  }
}

/** @param {number} seq @param {number} [changed] */
const said = (seq, changed = seq) => ({ id: `m${seq}`, seq, changed_seq: changed, message: `${seq}`, user_id: "ada" });
const turn = () => new Promise((done) => setImmediate(done));

/** @param {number} [known] */
function logging(known) {
  const line = new FakeLine();
  /** @type {string[]} */
  const told = [];
  const log = new Log(/** @type {any} */ (line), ({ name, data }) => told.push(`${name} ${data.message ?? data.seq}`));
  if (known !== undefined) log.entered(known, undefined);
  return { line, log, told };
}

test("changes are told once, in order, and none before one is in", () => {
  const { log, told } = logging();
  for (const seq of [7, 6, 6]) log.heard("new_message", said(seq), seq);
  assert.deepEqual(told, []);
  log.entered(5, undefined);
  log.heard("new_message", said(6), 6);
  assert.deepEqual(told, ["new_message 6", "new_message 7"]);
});

test("what lies in a gap is asked for, and what came beyond it follows", async () => {
  const { line, log, told } = logging(1);
  log.heard("new_message", said(4), 4);
  log.now();
  assert.deepEqual(line.asked[0].fields, { since: 1 });
  line.asked[0].answer({ ok: true, messages: [said(2), said(3)], seq: 3, more: false, is_active: true });
  await turn();
  assert.deepEqual(told, ["new_message 2", "new_message 3", "new_message 4"]);
  clearTimeout(log.timer);
});

test("what was said and changed while one was away is new, though others were said in between", () => {
  const { log, told } = logging(4);
  log.take(4, { messages: [said(6), said(3, 7)], seq: 7, more: true, is_active: true });
  assert.equal(log.told, 4, "whoever stops here begins there again");
  log.take(7, { messages: [said(5, 8), said(6, 9)], seq: 9, more: false, is_active: true });
  assert.deepEqual(told, ["new_message 6", "message_changed 3", "new_message 5", "message_changed 6"]);
  assert.equal(log.told, 9);
});

test("a server that came back with an older history is followed from there", () => {
  const { log, told } = logging(9);
  log.entered(3, undefined);
  log.heard("new_message", said(4), 4);
  assert.deepEqual(told, ["new_message 4"]);
});

test("a loop that is slow reads from the server what no longer fits", async () => {
  const feed = new Feed(["new_message"]);
  const all = Array.from({ length: KEPT_MAX + 3 }, (_, index) => said(index + 1));
  for (const data of all) feed.take({ name: "new_message", data, history: 0 });
  feed.end(new Over("ended", ""));
  const older = async (/** @type {number} */ after) => ({ messages: /** @type {any} */ (all.slice(after)), has_more: false });
  const seqs = [];
  for await (const { seq } of messages(feed, older, 0, { seq: 0, history: 0 })) seqs.push(seq);
  assert.deepEqual(seqs, all.map(({ seq }) => seq));
});

test("a loop over events that is too late is told so", async () => {
  const feed = new Feed();
  for (let seq = 1; seq <= KEPT_MAX + 1; seq += 1) feed.take({ name: "user_joined", data: {}, history: 0 });
  let heard = 0;
  const listens = async () => {
    for await (const { name } of happenings(feed)) heard += Number(name === "user_joined");
  };
  await assert.rejects(listens, { code: "behind" });
  assert.equal(heard, KEPT_MAX);
});

test("a loop that was put out is told why", async () => {
  const feed = new Feed();
  feed.end(new Over("removed", "An owner removed you."));
  await assert.rejects(feed.next(), { code: "removed" });
});

test("what is not answered goes out again once there is a line, and what is refused is told", async () => {
  const line = new FakeLine();
  const outbox = new Outbox(/** @type {any} */ (line));
  const [first, second] = ["One", "Two"].map((message) => outbox.send("send_message", { message }));
  line.asked[0].answer({ ok: false, code: "no_answer" });
  line.asked[1].answer({ ok: false, code: "no_answer" });
  await turn();
  assert.deepEqual([line.rejoined > 0, line.asked.length], [true, 2]);
  line.live = true;
  outbox.flush();
  assert.deepEqual(line.asked.slice(2).map(({ fields }) => fields.message), ["One", "Two"]);
  line.asked[2].answer({ ok: true, id: "m1" });
  line.asked[3].answer({ ok: false, code: "too_long", error: "Too long." });
  assert.equal((await first).id, "m1");
  await assert.rejects(second, (error) => error instanceof Refused && error.code === "too_long");
});

test("a server that asks for patience is given it", async ({ mock }) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const line = new FakeLine();
  const outbox = new Outbox(/** @type {any} */ (line));
  const sent = outbox.send("send_message", { message: "One" });
  line.asked[0].answer({ ok: false, code: "rate_limited", retry_after: 60 });
  await turn();
  const later = outbox.send("send_message", { message: "Two" });
  mock.timers.tick(59_000);
  assert.equal(line.asked.length, 1);
  mock.timers.tick(1_000);
  assert.equal(line.asked.length, 3);
  for (const { answer } of line.asked.slice(1)) answer({ ok: true });
  await Promise.all([sent, later]);
});

test("a link says where to go, or that it is none", () => {
  const { server, root, roomId, code } = parse("https://a.example/talk/conversation/abc%20d");
  assert.deepEqual([server, root, roomId, code], ["https://a.example/talk", "/talk", "abc d", ""]);
  assert.equal(parse("https://a.example/link/xyz").code, "xyz");
  for (const link of ["nothing", "ftp://a.example/conversation/a", "https://a.example/", "https://a.example/conversation/%"]) {
    assert.throws(() => parse(link), { code: "bad_link" });
  }
  assert.throws(() => parse("https://a.example/conversation/a#k=b"), { code: "encrypted" });
});
