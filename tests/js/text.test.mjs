// @ts-check
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { isEmojiOnly, isLong, parse } from "../../parley/static/js/transcript/text.js";

const CASES = JSON.parse(readFileSync(new URL("../rich_text_cases.json", import.meta.url), "utf8"));

for (const { text, parts, emoji_only: emojiOnly } of CASES) {
  test(`${JSON.stringify(text)} is read as the server reads it`, () => {
    assert.deepEqual(parse(text), parts);
    assert.equal(isEmojiOnly(text), emojiOnly);
  });
}

test("what fills more than a screen is long, as the server has it", () => {
  for (const text of ["", "\n".repeat(20), "\r\n".repeat(20), "x".repeat(1500), "🎉".repeat(1500)]) assert.ok(!isLong(text));
  for (const text of ["\n".repeat(21), "\r\n".repeat(21), "\r".repeat(21), "x".repeat(1501), "🎉".repeat(1501)]) {
    assert.ok(isLong(text));
  }
});

const HOSTILE = [
  ["", "```a\n"], ["", "```\n"], ["", "```\na\n```\n"], ["https://a", ")"], ["https://a", "])}"], ["https://a", "(."],
  ["", "https://"], ["", "https://a) "], ["", "`"], ["", "`a"], ["", "``a"], ["", "("], ["", "["], ["", "*_"], ["", "a"],
  ["", "\n"], ["", "🎉\u200d"], ["", "https://a/_ "], ["*a ", "https://a/* "], ["https://a", "「"], ["https://a", "「a」"],
  ["", "https://「"], ["https://a/", "*_"], ["https://a?", "*"],
];

/**
 * The least of some tries, in milliseconds of CPU: what else the machine does only ever adds to it.
 * @param {string} text
 * @param {number} [enough] so little that no more need be tried
 */
function work(text, enough = 0) {
  let least = Infinity;
  for (let tries = 0; tries < 5 && least >= enough; tries += 1) {
    const before = process.cpuUsage();
    parse(text);
    isEmojiOnly(text);
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

for (const [start, piece] of HOSTILE) {
  test(`${JSON.stringify(start + piece)}… costs no more than its length`, () => {
    const [short, long] = [2000, 128_000].map((length) => start + piece.repeat(length / piece.length));
    work(short); // compiled now
    // 64 times as long: what is linear takes 64 times as much, what is quadratic 4096 times.
    const most = Math.max(work(short), 0.1) * 512;
    assert.ok(work(long, most) < most);
  });
}
