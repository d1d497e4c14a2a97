// @ts-check
// What stands between a page and the server, and between it and this device's storage. In a conversation that the
// server can read, nothing. What encrypts puts itself here before the page begins: see sealed/page.js.

/**
 * @typedef {import("./wire.js").Socket} Socket
 * @typedef {import("./wire.js").Message} Message
 * @typedef {import("../state/store.js").Outgoing} Outgoing
 */

import * as saved from "../browser/saved.js";

export const between = {
  /** Where what is half written is kept. */
  saved,

  /** @param {Socket} socket @returns {Socket} */
  socket: (socket) => socket,

  /**
   * What a call of the API came to; `path` and `body` as they were sent, `again` asks once more.
   * @param {any} reply
   * @param {string} _path
   * @param {(path: string) => Promise<any>} _again
   * @returns {any}
   */
  reply: (reply, _path, _again) => reply,

  /** @type {Message[] | undefined} those of the page, where the server rendered none */
  messages: undefined,

  /** @type {import("../sealed/searching/start.js").Searching | undefined} what finds messages, where the server can't */
  search: undefined,

  /** What knows of sealed files. @type {import("../sealed/files.js").SealedFiles | undefined} */
  files: undefined,

  /** @param {Outgoing} entry @returns {any} to be kept on this device */
  lock: (entry) => entry,

  /** @param {any[]} entries that were kept @returns {Outgoing[] | Promise<Outgoing[]>} */
  unlock: (entries) => entries,
};
