// The history is read to its beginning, whatever comes between.
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Feed } from "../../parley/static/js/sealed/searching/feed.js";

const away = () => {
  throw new TypeError("Failed to fetch");
};
const limited = () => Response.json({ success: false, code: "rate_limited", retry_after: 2 });
const page = (...seqs) => () => Response.json({ success: true, messages: seqs.map((seq) => ({ seq })), has_more: seqs[0] > 1 });

function feedOf(answers) {
  const asked = [];
  const whole = mock.fn(async () => {});
  globalThis.fetch = async (path) => {
    asked.push(new URL(path, "http://localhost").searchParams.get("before"));
    return answers.shift()();
  };
  const messages = new Map();
  const line = { log: { messages }, older: async (found) => found.forEach((each) => messages.set(each.seq, each)) };
  return { asked, messages, whole, feed: new Feed({ line, roomId: () => "room", read: async () => {}, whole }) };
}

test("it goes on after a failure, and after as long as the server wishes", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { asked, messages, feed } = feedOf([page(5, 6), away, limited, page(3, 4), page(1, 2)]);
  let isOver = false;
  const begun = feed.begin().then(() => (isOver = true));
  for (let turn = 0; turn < 1000 && !isOver; turn++) {
    await new Promise((done) => setImmediate(done));
    mock.timers.tick(1000);
  }
  await begun;
  mock.timers.reset();
  assert.deepEqual(asked, [null, "5", "5", "5", "3"]);
  assert.deepEqual([[...messages.keys()].sort(), feed.from, feed.isDone], [[1, 2, 3, 4, 5, 6], 0, true]);
});

test("who waits for more is told, and one that begins anew leaves the first behind", async () => {
  const { asked, feed, whole } = feedOf([page(5, 6), page(5, 6), page(1, 2, 3, 4)]);
  const first = feed.begin();
  const further = feed.further();
  await feed.begin();
  await Promise.all([first, further]);
  assert.deepEqual([asked, feed.isDone], [[null, null, "5"], true]);
  assert.equal(whole.mock.callCount(), 1);
});
