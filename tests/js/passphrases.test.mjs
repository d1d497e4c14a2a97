// @ts-check
// Passphrases that the page suggests, and links as they come out of other programs.
import assert from "node:assert/strict";
import { test } from "node:test";

import { fragmentOf, newKey, parseFragment } from "../../parley/static/js/encryption/keys.js";
import { GROUPS } from "../../parley/static/js/reactions/words.js";
import { below, suggested, wordsOf } from "../../parley/static/js/sealed/suggesting.js";
import { tidied } from "../../parley/static/js/sealed/tidied.js";

test("a suggestion is worth as much as four words of a Diceware list", async () => {
  const words = wordsOf(GROUPS);
  assert.equal(new Set(words).size, words.length);
  const drawn = (await suggested()).split(" ");
  assert.ok(drawn.every((word) => words.includes(word)));
  assert.ok(drawn.length * Math.log2(words.length) >= 51);
  assert.notEqual(await suggested(), await suggested());
});

test("all words are as likely", () => {
  const counts = new Array(7).fill(0);
  for (let each = 0; each < 70_000; each += 1) counts[below(7)] += 1;
  // Six standard deviations, of 10,000 each.
  for (const count of counts) assert.ok(Math.abs(count - 10_000) < 560, String(counts));
});

test("what a remainder would favour is drawn again", () => {
  const { getRandomValues } = crypto;
  const drawn = [2 ** 32 - 1, 12];
  crypto.getRandomValues = /** @type {any} */ ((/** @type {Uint32Array} */ into) => into.fill(/** @type {number} */ (drawn.shift())));
  try {
    assert.equal(below(10), 2);
    assert.equal(drawn.length, 0);
  } finally {
    crypto.getRandomValues = getRandomValues;
  }
});

test("spaces that nobody sees are no part of a passphrase", () => {
  assert.equal(tidied("  four random\t words\u00a0 here "), "four random words here");
});

for (const written of ["&amp;", "%26", "%26amp;", "%26amp%3B"]) {
  test(`a link whose & came as ${written} is read as it was`, () => {
    const link = newKey({ withPassphrase: true, owner: new Uint8Array(16).fill(7) });
    const passedOn = fragmentOf(link).replaceAll("&", written);
    assert.deepEqual(parseFragment(`#${passedOn}`), link);
    assert.deepEqual(parseFragment(passedOn.replaceAll("=", "%3D")), link);
  });
}
