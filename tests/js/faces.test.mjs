// @ts-check
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { HUES, askedFor, choose, initials } from "../../parley/static/js/people/faces.js";

const CASES = JSON.parse(readFileSync(new URL("../faces_cases.json", import.meta.url), "utf8"));

for (const [name, expected] of CASES.initials) {
  test(`the mark of ${JSON.stringify(name)} is the server's`, () => assert.equal(initials(name), expected));
}

for (const [userId, hue] of CASES.asked_for) {
  test(`the id ${JSON.stringify(userId)} asks for the colour that it asks the server for`, () =>
    assert.equal(askedFor(userId), hue));
}

test("nobody has a colour twice before all are taken, nor a family of them", () => {
  /** @type {number[]} */
  const taken = [];
  for (let number = 0; number < HUES; number += 1) taken.push(choose(`person ${number}`, taken, []));
  assert.equal(new Set(taken).size, HUES);
  assert.equal(new Set(taken.slice(0, 6).map((hue) => hue % 6)).size, 6);
});

test("when all are taken, one is chosen that nobody has who is here", () => {
  const all = Array.from({ length: HUES }, (_, hue) => hue);
  const free = (askedFor("late") + 7) % HUES;
  assert.equal(choose("late", all, all.filter((hue) => hue !== free)), free);
  assert.equal(choose("late", all, all), askedFor("late"));
});
