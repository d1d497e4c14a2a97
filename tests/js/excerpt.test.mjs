// How a message begins, where it is only named: the same as on the server.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { excerpt } from "../../parley/static/js/state/excerpt.js";

const cases = JSON.parse(await readFile(new URL("../excerpt_cases.json", import.meta.url), "utf8"));

for (const [text, begins] of cases) {
  test(`${JSON.stringify(text)} begins as on the server`, () => assert.equal(excerpt(text), begins));
}

test("a long one is cut and says so", () => {
  assert.equal([...excerpt("👍".repeat(8000))].length, 120);
  assert.ok(excerpt("word ".repeat(2000)).endsWith("…"));
});
