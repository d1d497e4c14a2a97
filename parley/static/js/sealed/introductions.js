// @ts-check
// Who is who by their keys: those who take part say once by which point keys can be handed to them, and the page notes
// which keys it has seen at work. Whoever wrote with an epoch's key has it.
import { fromBase64url, toBase64url } from "../encryption/octets.js";

/**
 * What was seen of a signing point: as whom it wrote, and in which epoch last. `exchange`, as base64url, where it was
 * introduced.
 * @typedef {{userIds: string[], epoch: number, name?: string, exchange?: string}} Seen
 * @typedef {import("../encryption/people.js").PublicKeys} PublicKeys
 */

const POINT_BYTES = 64;
const NAME_MAX = 64;

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

/**
 * The points that were seen of somebody, to be added to. People choose their user_ids, also such as `constructor`, which
 * every object seems to have.
 * @param {Record<string, string[]>} known
 * @param {string} userId
 * @returns {string[]}
 */
export function pointsOf(known, userId) {
  if (!Object.hasOwn(known, userId)) {
    Object.defineProperty(known, userId, { value: [], enumerable: true, configurable: true, writable: true });
  }
  return known[userId];
}

/** @param {unknown} said */
function isPoint(said) {
  try {
    return typeof said === "string" && fromBase64url(said).length === POINT_BYTES;
  } catch {
    return false;
  }
}

/** What is said of oneself. @param {string} name @param {PublicKeys} keys */
export function introductionOf(name, { exchange }) {
  return { name, exchange: toBase64url(exchange) };
}
