// @ts-check
// Asking the server, a real one, for what is read.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";

import { ask } from "../../parley/static/js/connection/wire.js";

const TOO_MUCH = { success: false, code: "rate_limited", error: "Please wait.", retry_after: 0.2 };

/**
 * @param {object[]} replies one after the other
 * @param {(url: string, asked: number[]) => Promise<void>} act `asked` holds when each request came
 */
async function answering(replies, act) {
  /** @type {number[]} */
  const asked = [];
  const server = createServer((_request, response) => {
    const reply = /** @type {any} */ (replies[asked.length]);
    asked.push(performance.now());
    response.writeHead(reply.success ? 200 : 429, { "Content-Type": "application/json" }).end(JSON.stringify(reply));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(undefined)));
  try {
    const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
    await act(`http://127.0.0.1:${port}/`, asked);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test("who reads too much waits as long as the server wishes, and reads on", () =>
  answering([TOO_MUCH, TOO_MUCH, { success: true, messages: [] }], async (url, asked) => {
    assert.deepEqual(await ask(url), { success: true, messages: [] });
    assert.equal(asked.length, 3);
    assert.ok(asked[2] - asked[1] > 190);
  }));

test("what would change something is refused at once", () =>
  answering([TOO_MUCH], async (url, asked) => {
    assert.equal((await ask(url, {})).code, "rate_limited");
    assert.equal(asked.length, 1);
  }));

test("a refusal that names no time is told", () =>
  answering([{ success: false, code: "rate_limited", error: "Too many wait." }], async (url) => {
    assert.equal((await ask(url)).error, "Too many wait.");
  }));
