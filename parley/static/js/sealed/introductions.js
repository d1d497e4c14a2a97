// @ts-check
// Who is who by their keys: those who take part say once by which point keys can be handed to them, and the page notes
// which keys it has seen at work. Whoever wrote with an epoch's key has it.
import { apiOf } from "../browser/root.js";
import { headerOf } from "../encryption/envelope.js";
import { equal, fromBase64url, toBase64url } from "../encryption/octets.js";
import { idOf } from "../encryption/people.js";
import { bodyOf } from "./bodies.js";

/**
 * What was seen of a signing point: as whom it wrote, and in which epoch last. `exchange`, as base64url, where it was
 * introduced.
 * @typedef {{userIds: string[], epoch: number, name?: string, exchange?: string}} Seen
 * @typedef {import("../encryption/people.js").PublicKeys} PublicKeys
 */

const POINT_BYTES = 64;
const NAME_MAX = 64;
const PAGE_MESSAGES = 200;

/**
 * Notes a message that was opened.
 * @param {Record<string, Seen>} seen by signing point, as base64url
 * @param {string} point its sender's
 * @param {string} userId
 * @param {import("../encryption/envelope.js").Opened} opened
 * @param {{name?: unknown, exchange?: unknown}} body
 * @returns {boolean} whether that was news
 */
export function note(seen, point, userId, { kind, epoch }, body) {
  const known = (seen[point] ??= { userIds: [], epoch: -1 });
  const isIntroduced = kind === "introduction" && !known.exchange && isPoint(body.exchange);
  const isNews = isIntroduced || epoch > known.epoch || !known.userIds.includes(userId);
  if (!isNews) return false;
  if (!known.userIds.includes(userId)) known.userIds.push(userId);
  known.epoch = Math.max(known.epoch, epoch);
  if (isIntroduced) {
    known.exchange = /** @type {string} */ (body.exchange);
    if (typeof body.name === "string") known.name = body.name.slice(0, NAME_MAX);
  }
  return true;
}

/** @param {unknown} said */
function isPoint(said) {
  try {
    return typeof said === "string" && fromBase64url(said).length === POINT_BYTES;
  } catch {
    return false;
  }
}

/**
 * Whom a link names, by their keys.
 * @param {Record<string, Seen>} seen
 * @param {Uint8Array} owner the id in the link
 * @returns {Promise<PublicKeys | undefined>} none where they weren't introduced
 */
export async function withId(seen, owner) {
  for (const [signing, { exchange }] of Object.entries(seen)) {
    if (!exchange) continue;
    const keys = { signing: fromBase64url(signing), exchange: fromBase64url(exchange) };
    if (equal(await idOf(keys), owner)) return keys;
  }
  return undefined;
}

/** What is said of oneself. @param {string} name @param {PublicKeys} keys */
export function introductionOf(name, { exchange }) {
  return { name, exchange: toBase64url(exchange) };
}

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
    const points = (known[userId] ??= []);
    if (!points.includes(point)) points.push(point);
  } catch {
    // It says nothing of anybody.
  }
}
