// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import { Marking, mentionsOf } from "../../parley/static/js/sealed/marking.js";
import { Names } from "../../parley/static/js/sealed/names.js";

const ANN = { user_id: "ann-1", username: "Ann" };
const BEN = { user_id: "ben-1", username: "Ben" };
const MENTION = [["p", ["Hi ", ["mention", "ben-1", "@Ben"]]]];

/** @param {Marking} marking @param {number} count @returns {Promise<Map<number, any>>} */
function told(marking, count) {
  const all = new Map();
  return new Promise((resolve) => marking.follow((found) => {
    for (const [seq, { parts }] of found) all.set(seq, parts);
    if (all.size >= count) resolve(all);
  }));
}

test("what is not read yet follows, and later texts are read at once", async () => {
  const marking = new Marking();
  assert.equal(marking.partsOf(1, "plain, and nothing is loaded", []), undefined);
  assert.equal(marking.loading, undefined);
  for (let seq = 2; seq < 300; seq += 1) assert.equal(marking.partsOf(seq, `*${seq}*`, []), undefined);
  const found = await told(marking, 298);
  assert.deepEqual(found.get(299), [["p", [["em", ["299"]]]]]);
  assert.ok(!found.has(1));
  marking.begin();
  assert.deepEqual(marking.partsOf(300, "*now*", []), [["p", [["em", ["now"]]]]]);
});

test("who isn't known by name yet is marked once they are", async () => {
  const marking = new Marking();
  await marking.load();
  marking.begin();
  assert.equal(marking.partsOf(1, "Hi @Ben", ["ben-1"]), undefined);
  const found = told(marking, 1);
  marking.learn([ANN]);
  marking.learn([BEN]);
  assert.deepEqual((await found).get(1), MENTION);
});

test("only those are mentioned whom the message names, however others are called", async () => {
  const marking = new Marking();
  await marking.load();
  marking.learn([ANN, BEN, { user_id: "ben-2", username: "ben", alike: true }]);
  marking.begin();
  assert.deepEqual(marking.partsOf(1, "Hi @Ben", ["ben-1", "ann-1"]), MENTION);
  assert.deepEqual(marking.partsOf(2, "Hi @Ben", ["ben-2"]), [["p", ["Hi ", ["mention", "ben-2", "@Ben"]]]]);
  assert.equal(marking.partsOf(3, "Hi @Ben", []), undefined);
  assert.deepEqual(marking.partsOf(4, "Hi @Ben", undefined), MENTION);
});

test("what is sent says whom it mentions, but for code and links", async () => {
  const marking = new Marking();
  marking.learn([ANN, BEN]);
  assert.deepEqual(await marking.mentioned("Hi @Ann and @ben, @Ann"), ["ann-1", "ben-1"]);
  assert.deepEqual(await marking.mentioned("`@Ann` [@Ben](https://a.example/)"), []);
  assert.deepEqual(await marking.mentioned("ann@Ann"), []);
  marking.learn([{ ...BEN, username: "Benjamin" }, { user_id: "new-1", username: "Ben" }]);
  assert.deepEqual(await marking.mentioned("@Ben", ["new-1"]), ["new-1"]);
  assert.deepEqual(await marking.mentioned("@Ben, @Benjamin", ["ben-1"]), ["ben-1"]);
});

test("of two of one name it means the one whose name it is", () => {
  const names = new Names();
  names.learn([{ ...BEN, alike: true }, { user_id: "ben-2", username: "BEN" }]);
  assert.deepEqual(names.meant("@Ben"), [["Ben", "ben-2"]]);
});

test("a body may claim anything", () => {
  assert.equal(mentionsOf("ben-1"), undefined);
  assert.deepEqual(mentionsOf(["ben-1", 7, null]), ["ben-1"]);
  assert.equal(mentionsOf(Array.from({ length: 1000 }, String))?.length, 20);
});
