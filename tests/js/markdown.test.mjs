// @ts-check
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { mayBeMarked } from "../../parley/static/js/sealed/markdown/may-be.js";
import { partsOf } from "../../parley/static/js/sealed/markdown/parts.js";

const CASES = JSON.parse(readFileSync(new URL("../markdown_cases.json", import.meta.url), "utf8"));

for (const { text, parts, meant = [] } of CASES) {
  test(`${JSON.stringify(text)} comes to what it comes to on the server`, () => {
    assert.deepEqual(partsOf(text, meant), parts ?? undefined);
    if (parts && !meant.length) assert.ok(mayBeMarked(text));
  });
}
