// @ts-check
// What stands between a page and the server, and between it and this device's storage. In a conversation that the
// server can read, nothing. What encrypts puts itself here before the page begins: see sealed/page.js.

/**
 * @typedef {import("./wire.js").Socket} Socket
 * @typedef {import("./wire.js").Message} Message
 * @typedef {import("../state/store.js").Outgoing} Outgoing
 */

/**
 * Where the server can't find messages, `search` does; `files` knows of sealed files, `signing` who is who in a call. Every page loads what stands here, so
 * what most have none of is only named.
 * @typedef {{saved: Pick<typeof saved, "recall" | "remember" | "remembered">, socket: (socket: Socket) => Socket,
 *   reply: (reply: any, path: string, again: (path: string) => Promise<any>) => any, messages: Message[] | undefined,
 *   lock: (entry: Outgoing) => any, unlock: (entries: any[]) => Outgoing[] | Promise<Outgoing[]>,
 *   search?: import("../sealed/searching/start.js").Searching, files?: import("../sealed/files.js").SealedFiles,
 *   signing?: () => Promise<import("../sealed/fingerprints.js").Fingerprints>}} Between
 */

import * as saved from "../browser/saved.js";

/** @type {Between} */
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

  /** @param {Outgoing} entry @returns {any} to be kept on this device */
  lock: (entry) => entry,

  /** @param {any[]} entries that were kept @returns {Outgoing[] | Promise<Outgoing[]>} */
  unlock: (entries) => entries,
};
