// @ts-check
// What encrypts, held to the vectors that every program which reads such conversations is held to.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { check } from "../encryption/checking.mjs";

const NAMES = ["keys", "envelopes", "refused", "chain", "epochs", "files"];
const vectors = Object.fromEntries(NAMES.map((name) => [
  name, JSON.parse(readFileSync(new URL(`../encryption/vectors/${name}.json`, import.meta.url), "utf8")),
]));

for (const name of NAMES) {
  test(`the vectors of ${name}`, async () => {
    const { checked, wrong } = await check(name, vectors[name], "../../parley/static/js/encryption/");
    assert.deepEqual(wrong, []);
    assert.ok(checked > 0);
  });
}

test("a vector that is wrong is told", async () => {
  const [first] = vectors.envelopes.envelopes;
  const changed = { ...vectors.envelopes, envelopes: [{ ...first, body: "00" }] };
  const { wrong } = await check("envelopes", changed, "../../parley/static/js/encryption/");
  assert.ok(wrong.length);
});

test("no nonce comes twice in a stream, and no stream in two tabs", async () => {
  const { Stream } = await import("../../parley/static/js/encryption/streams.js");
  const streams = Array.from({ length: 20 }, () => new Stream());
  const ids = new Set();
  for (const stream of streams) {
    const nonces = new Set();
    for (let each = 0; each < 1_000; each += 1) {
      const [id, nonce] = stream.next();
      ids.add(String(id));
      nonces.add(String(nonce.subarray(4)));
    }
    assert.equal(nonces.size, 1_000);
  }
  assert.equal(ids.size, streams.length);
});
