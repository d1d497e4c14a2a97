import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fitName } from "../../parley/static/js/sealed/files.js";
import { about, fitted, kindOf, labelOf } from "../../parley/static/js/files/sizes.js";

const cases = JSON.parse(readFileSync(new URL("../files_cases.json", import.meta.url), "utf8"));

test("what a file is is said as the server says it", () => {
  for (const [name, size, words] of cases.about) assert.equal(about({ name, size }), words);
});

test("a picture has the place that the server gives it", () => {
  for (const [width, height, ...place] of cases.fitted) assert.deepEqual(fitted({ width, height }), place);
});

test("a player is called as the server calls it", () => {
  for (const [name, type, seconds, words] of cases.label) {
    assert.equal(labelOf({ name, type, duration_s: seconds || undefined }, "Ada"), words);
  }
});

test("only what browsers show safely is shown", () => {
  for (const [type, width, kind] of cases.kind) assert.equal(kindOf({ type, width }), kind);
});

test("a name that a member made up holds up no page, however long it is", () => {
  const begun = performance.now();
  assert.ok(fitName(`a${". ".repeat(24_000)}x`).length <= 200);
  assert.ok(performance.now() - begun < 500);
  assert.deepEqual(["", "...", " . a.b. ", "a/.b"].map(fitName), ["file", "file", "a.b", "b"]);
});
