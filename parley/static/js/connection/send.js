// @ts-check
// A REST call that is neither a GET nor a POST; see also `ask` in wire.js.
import { ROOT } from "../browser/root.js";
import { OWN_PAGE } from "./line.js";

/**
 * Never rejects.
 * @param {"PUT" | "PATCH" | "DELETE"} method
 * @param {string} path
 * @param {object} body
 * @param {{keepalive?: boolean}} [options] `keepalive`: it goes out though the page is closed meanwhile
 * @returns {Promise<any>} the reply, also when it tells of an error: `{success, error?, …}`
 */
export async function send(method, path, body, { keepalive = false } = {}) {
  try {
    const headers = { "Content-Type": "application/json", Accept: "application/json", ...OWN_PAGE };
    const reply = await fetch(ROOT + path, { method, headers, keepalive, body: JSON.stringify(body) });
    return await reply.json();
  } catch {
    return { success: false, code: "no_answer", error: "The server didn't respond. Try again." };
  }
}
