// @ts-check
// The server's answers as they are: for what the page doesn't show.
import { askOnce } from "../connection/wire.js";

/** @typedef {(path: string, body?: object) => Promise<any>} Call */

const TRIES = 3;

/**
 * Never rejects. Waits where too much is asked.
 * @type {Call}
 */
export async function call(path, body) {
  for (let tries = 1; ; tries += 1) {
    const reply = await askOnce(path, body);
    if (reply.code !== "rate_limited" || !reply.retry_after || tries === TRIES) return reply;
    await new Promise((done) => setTimeout(done, reply.retry_after * 1000));
  }
}
