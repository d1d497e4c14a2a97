// The search of an encrypted conversation's page finds what the server's search finds in another.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { Log } from "../../parley/static/js/sealed/log.js";
import { Search } from "../../parley/static/js/sealed/searching/search.js";

const { said, asked } = JSON.parse(await readFile(new URL("../search_cases.json", import.meta.url), "utf8"));

/** Known from a seq on, and all of it where that is 0. */
class Feed {
  constructor(from = 0) {
    this.from = from;
    this.waiting = [];
  }

  get isDone() {
    return this.from === 0;
  }

  further() {
    return this.isDone ? Promise.resolve() : new Promise((done) => this.waiting.push(done));
  }

  /** Once somebody waits for it. */
  async comesTo(from) {
    while (!this.waiting.length) await new Promise((done) => setImmediate(done));
    this.from = from;
    for (const done of this.waiting.splice(0)) done();
  }
}

const without = (message) => Object.fromEntries(Object.entries(message).filter(([, value]) => value !== null));

/** @param {Feed} feed */
function searchOver(feed) {
  const log = { messages: new Map(said.map((message) => [message.seq, without(message)])), erasedThrough: 0 };
  return { log, search: new Search({ log, feed }) };
}

async function all(search, { typed, by, zone = "UTC" }) {
  const found = [];
  for (let cursor; ; ) {
    const reply = await search.ask({ typed, by, cursor, zone });
    assert.ok(reply.success, reply.error);
    found.push(...reply.results.map(({ message, snippet }) => [message.seq, snippet.map(({ text, hit }) => [text, hit])]));
    cursor = reply.next_cursor;
    if (!cursor) return found;
  }
}

for (const { found, ...each } of asked) {
  test(`${JSON.stringify(each)} finds what the server does`, async () => {
    assert.deepEqual(await all(searchOver(new Feed()).search, each), found);
  });
}

test("what isn't read yet is found once it is, and what stands inside of words after all that begins one", async () => {
  const feed = new Feed(30);
  const { search } = searchOver(feed);
  const first = await search.ask({ typed: "tea", by: "time" });
  assert.deepEqual(first.results.map(({ message }) => message.seq), [33, 31]);
  assert.equal(first.reading, true);
  const next = search.ask({ typed: "tea", by: "time", cursor: first.next_cursor });
  await feed.comesTo(20);
  const { results, reading, next_cursor: cursor } = await next;
  assert.deepEqual([results, reading], [[], true]);
  const further = search.ask({ typed: "tea", by: "time", cursor });
  await feed.comesTo(0);
  assert.deepEqual((await further).results, []);
  const last = await search.ask({ typed: "tea", by: "time", cursor: (await further).next_cursor });
  assert.deepEqual([last.results, last.reading, last.next_cursor], [[], undefined, undefined]);
  assert.deepEqual((await all(search, { typed: "eamb", by: "time" })).map(([seq]) => seq), [33]);
});

test("the best are chosen once all is read", async () => {
  const feed = new Feed(30);
  const { search } = searchOver(feed);
  const early = search.ask({ typed: "hello", by: "relevance" });
  await feed.comesTo(0);
  assert.deepEqual(await early, { success: true, results: [], next_cursor: "r0", reading: true });
  assert.deepEqual((await all(search, { typed: "hello", by: "relevance" })).map(([seq]) => seq), [21]);
});

test("what changed is found as it is, and what is deleted or couldn't be read is not", async () => {
  const { log, search } = searchOver(new Feed());
  const found = async (typed) => (await all(search, { typed, by: "time" })).map(([seq]) => seq);
  const before = log.messages.get(35);
  assert.deepEqual(await found("unicorn"), [35]);
  log.messages.set(35, { ...before, message: "Nobody expects a kestrel" });
  assert.deepEqual([await found("unicorn"), await found("kestrel")], [[], [35]]);
  log.messages.set(35, { ...before, message: "", deleted: true });
  assert.deepEqual(await found("from:zoe expects"), []);
  log.messages.set(35, { ...before, type: "unreadable" });
  assert.deepEqual(await found("unicorn"), []);
  log.messages.set(90, { ...before, seq: 90, message: "A new unicorn" });
  assert.deepEqual(await found("unicorn"), [90]);
});

test("what was erased is found no more, and what came instead is", async () => {
  const { log, search } = searchOver(new Feed());
  const [first] = said;
  log.messages.set(1001, { ...without(first), seq: 1001, message: "a pangolin" });
  assert.deepEqual((await all(search, { typed: "pangolin", by: "time" })).map(([seq]) => seq), [1001]);
  Log.prototype.forget.call(log, 1001);
  log.messages.set(1002, { ...without(first), seq: 1002, message: "a pangolin" });
  assert.deepEqual((await all(search, { typed: "pangolin", by: "time" })).map(([seq]) => seq), [1002]);
  assert.deepEqual([...log.messages.keys()], [1002]);
});

test("too much is refused in the server's words", async () => {
  const { search } = searchOver(new Feed());
  const { error } = await search.ask({ typed: "a".repeat(501), by: "time" });
  assert.equal(error, "Search for at most 500 characters.");
  const many = await search.ask({ typed: "ab ".repeat(33), by: "time" });
  assert.equal(many.error, "Search for at most 32 words at a time.");
});
