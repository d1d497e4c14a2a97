// @ts-check
// Calls by HTTP, as whoever has the token; or, on a page of the server's own, as whoever looks at it.
import { OWN_PAGE } from "../connection/line.js";
import { Refused, Unreachable, unreachable } from "./errors.js";

export class Rest {
  /**
   * @param {string} server without a slash at its end
   * @param {string} [token]
   */
  constructor(server, token) {
    this.server = server;
    this.token = token;
  }

  /** Whether this is a page of that very server. */
  get isOwn() {
    return globalThis.location?.origin === new URL(this.server).origin;
  }

  /**
   * Throws `Refused` and `Unreachable`. What is only read waits as long as the server wishes.
   * @param {string} method
   * @param {string} path
   * @param {{body?: object, query?: Record<string, any>}} [more]
   * @returns {Promise<any>}
   */
  async call(method, path, { body, query } = {}) {
    const sent = body && { "Content-Type": "application/json" };
    try {
      return await jsonOf(await this.fetch(path, { method, query, headers: sent, body: body && JSON.stringify(body) }));
    } catch (error) {
      const wait = method === "GET" && error instanceof Refused && error.code === "rate_limited" && error.retryAfter;
      if (!wait) throw error;
      await new Promise((done) => setTimeout(done, wait * 1000));
      return this.call(method, path, { query });
    }
  }

  /**
   * Throws `Refused` and `Unreachable`.
   * @param {string} path
   * @param {{method?: string, query?: Record<string, any>, headers?: Record<string, string>, body?: BodyInit}} [asked]
   */
  async fetch(path, { query, headers, ...asked } = {}) {
    const url = new URL(this.server + path);
    for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) url.searchParams.set(name, value);
    const reply = await fetch(url, { ...asked, headers: { Accept: "application/json", ...headers, ...this.marks() } }).catch((error) => {
      throw unreachable(error, url);
    });
    if (!reply.ok) throw await refusalOf(reply);
    return reply;
  }

  marks() {
    return { ...(this.isOwn && OWN_PAGE), ...(this.token && { Authorization: `Bearer ${this.token}` }) };
  }
}

/** @param {Response} reply */
async function jsonOf(reply) {
  try {
    return await reply.json();
  } catch {
    throw new Unreachable("What answered there is no Parley server.");
  }
}

/** @param {Response} reply */
async function refusalOf(reply) {
  const told = await reply.json().catch(() => ({}));
  const codes = { 404: "not_found", 413: "too_large", 429: "rate_limited" };
  const code = codes[/** @type {404} */ (reply.status)] ?? (reply.status < 500 ? "bad_request" : "unavailable");
  return new Refused({ code, error: `The server answered with status ${reply.status}.`, ...told });
}
