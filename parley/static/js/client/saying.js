// @ts-check
// What somebody who takes part can do. What is said waits for the server's answer, over lost connections too.

/**
 * @typedef {import("../connection/wire.js").Message} Message
 * @typedef {import("../connection/wire.js").File} File
 * @typedef {import("../connection/wire.js").Participant} Participant
 * @typedef {Message | {id: string} | string} Said a message, what came of sending it, or its id
 *
 * @typedef {object} Aim
 * @property {Said} [replyTo]
 * @property {string[]} [mentions] user_ids, where several have one name
 * @property {(File | string)[]} [files]
 * @property {Record<string, string>} [buttons] a bot's: what stands on each, by the id that it is told
 * @property {string} [clientId] for programs that may send the same again after they were started anew
 * @property {string} [type]
 *
 * @typedef {object} Parts
 * @property {import("./links.js").Link} link
 * @property {import("./rest.js").Rest} rest
 * @property {import("./seat.js").Seat} seat
 * @property {import("./outbox.js").Outbox} outbox
 */

export class Saying {
  #parts;

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /**
   * Says it, once, however often the connection is lost. It is on the server's disk when this returns.
   * @param {string} text
   * @param {Aim} [aim]
   * @returns {Promise<{id: string, seq: number, timestamp: string, duplicate: boolean}>}
   */
  async send(text, { replyTo, mentions, files, buttons, clientId = newId(), type } = {}) {
    const { id, seq, timestamp, duplicate } = await this.#parts.outbox.send("send_message", {
      message: text, client_id: clientId, type, reply_to: replyTo && idOf(replyTo), mentions,
      attachments: files?.map(idOf), buttons: buttons && Object.entries(buttons).map(([key, label]) => ({ id: key, label })),
    });
    return { id, seq, timestamp, duplicate };
  }

  /** @param {Said} message @param {string} text */
  async edit(message, text) {
    await this.#parts.outbox.send("edit_message", { id: idOf(message), message: text });
  }

  /** @param {Said} message */
  async delete(message) {
    await this.#parts.outbox.send("delete_message", { id: idOf(message) });
  }

  /** Adds a reaction, or takes it back. @param {Said} message @param {string} emoji @param {{on?: boolean}} [wish] */
  async react(message, emoji, { on = true } = {}) {
    await this.#parts.outbox.send("react", { id: idOf(message), emoji, on });
  }

  /** For owners. @param {Said} message @param {{on?: boolean}} [wish] */
  async pin(message, { on = true } = {}) {
    await this.#parts.outbox.send("pin_message", { id: idOf(message), on });
  }

  /** Says that all up to that seq was read. @param {number} seq */
  async read(seq) {
    await this.#parts.outbox.send("mark_read", { seq });
  }

  /** Shows the others; nobody misses it where there is no connection. @param {{on?: boolean}} [wish] */
  typing({ on = true } = {}) {
    this.#parts.seat.tell("typing", { is_typing: on });
  }

  /** As a bot, what people can write after a "/", and what each does: they come as the event `asked`. @param {Record<string, string>} commands */
  async offer(commands) {
    const listed = Object.entries(commands).map(([name, description]) => ({ name, description }));
    await this.call("PUT", "/bots/me/commands", { body: { commands: listed } });
  }

  /** As a bot, within three seconds. @param {{ask: {id: string}}} asked the data of that event @param {string} [text] */
  async answer({ ask: { id } }, text) {
    await this.#parts.outbox.send("answer_ask", { id, text });
  }

  // --- files ---

  /**
   * Send it within an hour.
   * @param {Blob | ArrayBuffer | Uint8Array | string} file of a string, its UTF-8
   * @param {{name?: string}} [as]
   * @returns {Promise<File>}
   */
  async upload(file, { name = /** @type {any} */ (file).name ?? "file" } = {}) {
    const headers = { "Content-Type": "application/octet-stream" };
    const body = /** @type {BodyInit} */ (file);
    const reply = await this.#parts.rest.fetch(this.#path("/files"), { method: "POST", query: { name }, headers, body });
    return (await reply.json()).file;
  }

  /** What a file of a message's `attachments` holds. @param {File} file @returns {Promise<Blob>} */
  async download({ url }) {
    return (await this.#parts.rest.fetch(url.slice(this.#parts.link.root.length))).blob();
  }

  /** The latest first; those before that seq. @param {{before?: number}} [which] @returns {Promise<any[]>} */
  async files({ before } = {}) {
    return (await this.call("GET", "/files", { query: { before } })).files;
  }

  // --- looking ---

  /**
   * A page of what was said, oldest first: the newest, or that before or after a seq.
   * @param {{before?: number, after?: number, limit?: number}} [which]
   * @returns {Promise<Message[]>}
   */
  async history({ before, after, limit } = {}) {
    return (await this.call("GET", "/messages", { query: { before, after, limit } })).messages;
  }

  /**
   * What was said about it, the newest first; by "relevance", the best first.
   * @param {string} query
   * @param {{by?: "relevance"}} [order]
   * @returns {AsyncGenerator<{message: Message, snippet: {text: string, hit: boolean}[]}, void>}
   */
  search(query, { by } = {}) {
    return this.#pages("/search", { q: query, by }, "results");
  }

  /** Everybody who takes part, in the order of joining. @returns {AsyncGenerator<Participant, void>} */
  people() {
    return this.#pages("/participants", {}, "participants");
  }

  /**
   * @param {string} of
   * @param {Record<string, any>} query
   * @param {string} listed
   * @returns {AsyncGenerator<any, void>}
   */
  async *#pages(of, query, listed) {
    let cursor;
    do {
      const page = await this.call("GET", of, { query: { ...query, cursor } });
      yield* page[listed];
      cursor = page.next_cursor;
    } while (cursor);
  }

  /** @param {string} of */
  #path(of) {
    return `/api/conversations/${encodeURIComponent(this.#parts.seat.roomId)}${of}`;
  }

  /**
   * @param {string} method
   * @param {string} of
   * @param {{body?: object, query?: Record<string, any>}} [more]
   */
  call(method, of, more) {
    return this.#parts.rest.call(method, this.#path(of), more);
  }
}

/** @param {Said} said */
function idOf(said) {
  return typeof said === "string" ? said : said.id;
}

function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
