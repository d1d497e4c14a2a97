// @ts-check
// Looks for who is who in what was said before the page. Loaded where keys are changed.
import { apiOf } from "../browser/root.js";
import { headerOf } from "../encryption/envelope.js";
import { equal, fromBase64url, toBase64url } from "../encryption/octets.js";
import { idOf } from "../encryption/people.js";
import { bodyOf } from "./bodies.js";
import { note, pointsOf } from "./introductions.js";

/** @typedef {import("./introductions.js").Seen} Seen */

const PAGE_MESSAGES = 200;

/**
 * Looks through the log for who is who: opens one message of each key in each epoch, and what introduces it.
 * @param {object} parts
 * @param {Record<string, Seen>} parts.seen
 * @param {Record<string, string[]>} [parts.known] by user_id, the signing points in the order in which they were seen
 * @param {import("../encryption/envelope.js").Opener} parts.opener
 * @param {string} parts.roomId
 * @param {import("./calls.js").Call} parts.call
 * @param {number} parts.after the seq up to which it was looked through before
 * @param {() => Promise<boolean>} [parts.isEnough] looked at after each page
 * @returns {Promise<{through: number, isWhole: boolean}>} `isWhole`: whether it came to the end
 */
export async function gather({ seen, known = {}, opener, roomId, call, after, isEnough = async () => false }) {
  for (let through = after; ;) {
    const reply = await call(`${apiOf(roomId)}/messages?after=${through}&limit=${PAGE_MESSAGES}`);
    if (!reply.success) return { through, isWhole: false };
    for (const message of reply.messages) {
      await look(message, { seen, known, opener });
      through = Math.max(through, message.seq);
    }
    if (!reply.has_more || !reply.messages.length || await isEnough()) return { through, isWhole: !reply.has_more };
  }
}

/**
 * @param {import("../connection/wire.js").Message} message
 * @param {{seen: Record<string, Seen>, known: Record<string, string[]>, opener: import("../encryption/envelope.js").Opener}} parts
 */
async function look({ message, user_id: userId, client_id: clientId = "", deleted, type }, { seen, known, opener }) {
  if (deleted || type !== "encrypted") return;
  try {
    const { kind, sender, epoch } = headerOf(message);
    const point = toBase64url(sender);
    const before = seen[point];
    const isKnown = before && before.epoch >= epoch && before.userIds.includes(userId);
    if (isKnown && (kind !== "introduction" || before.exchange)) return;
    const opened = await opener.open(message, { userId, clientId });
    note(seen, point, userId, opened, bodyOf(opened.body) ?? {});
    const points = pointsOf(known, userId);
    if (!points.includes(point)) points.push(point);
  } catch {
    // It says nothing of anybody.
  }
}

/**
 * Whom a link names, by their keys.
 * @param {Record<string, Seen>} seen
 * @param {Uint8Array} owner the id in the link
 * @returns {Promise<import("../encryption/people.js").PublicKeys | undefined>} none where they weren't introduced
 */
export async function withId(seen, owner) {
  for (const [signing, { exchange }] of Object.entries(seen)) {
    if (!exchange) continue;
    const keys = { signing: fromBase64url(signing), exchange: fromBase64url(exchange) };
    if (equal(await idOf(keys), owner)) return keys;
  }
  return undefined;
}
