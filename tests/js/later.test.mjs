// @ts-check
// Scripts that are loaded later, and may not come at first.
import assert from "node:assert/strict";
import { test } from "node:test";
import { untilThere } from "../../parley/static/js/browser/later.js";

/** Lets promises go on that wait for nothing. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

test("what doesn't come is asked for again, each time after twice as long", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let tries = 0;
  const there = untilThere(async () => {
    tries += 1;
    if (tries < 4) throw new Error("There is no network.");
    return "a script";
  });
  for (const [after, made] of [[0, 1], [999, 1], [1, 2], [1999, 2], [1, 3], [3999, 3], [1, 4]]) {
    t.mock.timers.tick(after);
    await settle();
    assert.equal(tries, made);
  }
  assert.equal(await there, "a script");
});

test("what never comes is given up, and answers nothing", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let tries = 0;
  let isAnswered = false;
  const answered = () => (isAnswered = true);
  untilThere(() => Promise.reject(new Error(`There is none: ${(tries += 1)}`))).then(answered, answered);
  for (let number = 0; number < 20; number += 1) {
    t.mock.timers.tick(3_600_000);
    await settle();
  }
  assert.equal(tries, 10);
  assert.equal(isAnswered, false);
});
