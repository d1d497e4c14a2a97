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

const HOSTILE = [
  "*", "_", "~", "[", "](", "`", "> ", "- ", "1. ", "\\", "*a_ ", "*a**b", "[a](", "[a](<", '[a](https://a "', "- a\n", "> a\n",
  "`a", "*_~`[](", "> - ", "\n", "```\n", "[[a]", "://", "@", "@Ann ", "https://a/* ", "\u3316", "a.", "\ufdfa", "&lt;", "\t", "ı",
];
const DEEP = [
  `[${"\ufdfa".repeat(480)}](http://x.y) `.repeat(16), `[${"a.b".repeat(160)}](http://x.y) `.repeat(16),
  `${"> ".repeat(25)}a\n${"b\n".repeat(490)}`, `- ${"> ".repeat(18)}a\n${"b\n".repeat(480)}`, "[a](".repeat(20) + "x".repeat(7000),
];
/** Ten times what the worst took on a machine with nothing else to do: the page must not stand still. */
const WORST_MS = 100;

test("no text that somebody may send makes a page stand still", () => {
  const texts = HOSTILE.flatMap((piece) => ["", "**x** ", "- a\n", "`", "["].flatMap((before) =>
    [40, 150, 400, 8000].map((times) => (before + piece.repeat(times)).slice(0, 8000))));
  for (const text of [...texts, ...DEEP]) {
    let least = Infinity;
    for (let tries = 0; tries < 3 && least >= WORST_MS; tries += 1) {
      const started = performance.now();
      partsOf(text, [["Ann", "ann-1"]]);
      least = Math.min(least, performance.now() - started);
    }
    assert.ok(least < WORST_MS, `${JSON.stringify(text.slice(0, 40))} took ${least} ms`);
  }
});

test("what is longer than a message may be is shown as it was written", () => {
  assert.ok(partsOf(`**a** ${"🎉".repeat(7994)}`));
  assert.equal(partsOf(`**a** ${"🎉".repeat(7995)}`), undefined);
});

test("what no server would take harms nothing", () => {
  for (const text of ["*\ud800*", "[\udc00](https://a.example/) *a*", "**\u0000**", "*a\u2028b*"]) assert.ok(partsOf(text));
});
