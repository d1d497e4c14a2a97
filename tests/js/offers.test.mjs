// @ts-check
// What the field of a search offers while one types.
import assert from "node:assert/strict";
import { test } from "node:test";

import { complete, offerOf, offersAt } from "../../parley/static/js/search/offers.js";

const NOW = new Date(2026, 0, 1, 12);
const at = (typed, caret = typed.length) => offersAt(typed, caret, NOW);
const texts = (typed, caret) => at(typed, caret)?.offers.map(({ text }) => text.trim());

test("an empty field offers every operator, each with a line of help", () => {
  const { what, offers } = at("");
  assert.equal(what, "operators");
  assert.deepEqual(offers.map(({ text }) => text), ["from:", "has:", "before:", "after:", "on:", '"', "-"]);
  assert.ok(offers.every(({ help }) => help));
  assert.deepEqual(at("  ")?.offers, offers);
});

test("the beginning of an operator offers it, and a word does not", () => {
  assert.deepEqual(texts("cake be"), ["before:"]);
  assert.deepEqual([at("cake -fr")?.start, ...(texts("cake -fr") ?? [])], [6, "from:"]);
  for (const typed of ["cake", "b", "cake ", "fromage", "say “fr", '"has fr']) assert.equal(at(typed), undefined, typed);
});

test("what stands after an operator is offered where the cursor is", () => {
  assert.deepEqual(texts("has:"), ["file", "image", "link", "reaction"]);
  assert.deepEqual(texts("-HAS:L"), ["link"]);
  assert.deepEqual(texts("has:i cake", 5), ["image"]);
  assert.equal(at("has:i cake"), undefined);
  assert.equal(at("cake has:")?.start, 9);
});

test("names are sought, with their spaces between quotation marks", () => {
  const sought = { "from:": "", "from:Ad": "ad", '-from:"Ada By': "ada by", 'from:"Ada Byron"': "ada byron", "from:@ben": "ben" };
  for (const [typed, name] of Object.entries(sought)) {
    assert.deepEqual([at(typed)?.what, at(typed)?.sought], ["people", name], typed);
  }
  assert.equal(at("from:Ada By"), undefined);
});

test("days are the reader's, and those on which something can have been sent", () => {
  assert.deepEqual(texts("on:"), ["2026-01-01", "2025-12-31", "2026-01", "2026"]);
  assert.deepEqual(texts("before:"), ["2026-01-01", "2026-01", "2026"]);
  assert.deepEqual(texts("after:"), ["2025-12-31", "2025-12", "2025"]);
  assert.deepEqual(texts("on:yes"), ["2025-12-31"]);
  assert.deepEqual(texts("on:2026-0"), ["2026-01-01", "2026-01"]);
});

test("a name stands as the search reads it", () => {
  const written = { Ada: "Ada ", "Ada Byron": '"Ada Byron" ', 'Ada "the" Byron': '«Ada "the" Byron» ', "\"x\"": '«"x"» ' };
  for (const [username, text] of Object.entries(written)) assert.equal(offerOf({ username }).text, text);
  assert.equal(offerOf({ username: '"a « 「 b', user_id: "u-1" }).text, "u-1 ");
});

test("nothing is looked for by an operator that is not complete", () => {
  for (const typed of ["from:", " -has: ", "on:"]) assert.equal(complete(typed), "", typed);
  assert.equal(complete("cake from:"), "cake");
  assert.equal(complete("cake on:2026"), "cake on:2026");
});
