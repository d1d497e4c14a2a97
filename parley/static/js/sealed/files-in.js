// @ts-check
// The files of an encrypted conversation, as far as its messages were read. Pure.
import { kindOf } from "../files/sizes.js";

/**
 * @typedef {import("../connection/wire.js").Message} Message
 * @typedef {import("../connection/wire.js").File} File
 */

/**
 * The latest first.
 * @param {Map<number, Message>} messages
 * @param {readonly string[]} kinds
 * @returns {{file: File, message: Message}[]}
 */
export function filesIn(messages, kinds) {
  const having = [...messages.values()].filter(({ attachments, deleted }) => attachments && !deleted);
  const latest = having.sort((one, other) => other.seq - one.seq);
  return latest.flatMap((message) => (message.attachments ?? []).filter((file) => kinds.includes(kindOf(file))).map((file) => ({ file, message })));
}
