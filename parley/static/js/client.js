// @ts-check
// For programs, and pages of others: takes part in conversations. What it does is in docs/client-js.md.
import { Rest } from "./client/rest.js";

export { BadLink, ClientError, Over, Refused, Unreachable } from "./client/errors.js";
export { Talk, join } from "./client/talk.js";

/**
 * Starts a conversation. Throws `Refused` and `Unreachable`.
 * @param {string} server such as https://talk.example.org
 * @param {{title?: string, description?: string, listed?: boolean, token?: string}} [about]
 * @returns {Promise<{link: string, token: string | undefined}>} its link, to share, and the token that proves whose it is, to keep
 */
export async function start(server, { title, description, listed = false, token } = {}) {
  const at = server.replace(/\/$/, "");
  const body = { title, description, visibility: listed ? "listed" : "unlisted" };
  const made = await new Rest(at, token).call("POST", "/api/conversations/create", { body });
  return { link: `${at}/conversation/${made.room_id}`, token: made.token ?? token };
}
