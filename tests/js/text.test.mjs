// @ts-check
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { isEmojiOnly, parse } from "../../parley/static/js/text.js";

const CASES = JSON.parse(readFileSync(new URL("../rich_text_cases.json", import.meta.url), "utf8"));

for (const { text, parts, emoji_only: emojiOnly } of CASES) {
  test(`${JSON.stringify(text)} is read as the server reads it`, () => {
    assert.deepEqual(parse(text), parts);
    assert.equal(isEmojiOnly(text), emojiOnly);
  });
}

test("a long run of backticks, brackets or fences is read in time", () => {
  const started = performance.now();
  for (const piece of ["`", "https://", "https://a)", "```\n", "(", "*_", "🎉"]) parse(piece.repeat(8000 / piece.length));
  assert.ok(performance.now() - started < 500);
});
