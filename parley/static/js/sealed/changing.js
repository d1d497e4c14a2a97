// @ts-check
// Changes the key: makes another one, and hands it to all who stay. Only whom the link names as the founder can, and only
// where their keys are. Loaded by who does.
import { apiOf, ROOT } from "../browser/root.js";
import { Sealer } from "../encryption/envelope.js";
import { begin } from "../encryption/epochs.js";
import { newKey, stretched } from "../encryption/keys.js";
import { equal, fromBase64url, random, toBase64url, utf8 } from "../encryption/octets.js";
import { idOf, isExchange, Person } from "../encryption/people.js";
import * as calls from "./calls.js";
import { openerOf } from "./epochs.js";
import { gather } from "./gathering.js";
import { introductionOf } from "./introductions.js";
import { forget, keep, keptOf } from "./kept.js";
import { hold, renew } from "./renewing.js";

/**
 * @typedef {import("./kept.js").Kept} Kept
 * @typedef {import("./calls.js").Call} Call
 * @typedef {import("../encryption/people.js").PublicKeys} PublicKeys
 * @typedef {import("../encryption/envelope.js").Opener} Opener
 * @typedef {{kept: Kept, opener: Opener, person: Person, roomId: string, call: Call}} Place
 *
 * `stay`: whose keys are known, and get the new one; `names` theirs, but for one's own. `others`: the names of who takes
 * part and needs the new link. `removed`: by user_id, when.
 * @typedef {{stay: PublicKeys[], names: string[], others: string[], removed: Map<string, string>}} Around
 * @typedef {{userId: string, username: string}} Me
 */

/** A record has at most 256 KiB, and 97 bytes for each who stays. */
const STAY_MAX = 2_600;
const TRIES = 3;
const PAGE_PEOPLE = 200;
const WORDS = {
  absent: "Join the conversation first: then the others can tell that the new key is from you.",
  left_out: "This browser doesn't have the newest key. Open the new link first.",
  forged: "The server offers a key that you didn't make. Change nothing, and ask whoever runs the server.",
  set_back: "The server has gone back to an earlier key. Ask whoever runs it.",
  unreachable: "The server didn't respond. Try again.",
  busy: "The key is being changed in another window. Try again in a moment.",
};

/** @typedef {import("./renewing.js").Outcome} Outcome */

/** Why it wasn't changed, in words. */
export class Trouble extends Error {}

/** Whether the key can be changed with what this browser has. @param {Kept} kept */
export async function isFounder(kept) {
  const person = await Person.of(kept.signing, kept.exchange);
  return equal(await idOf(person.public), kept.owner);
}

/**
 * Whom the new key goes to, if it is made now. Rejects with `Trouble`.
 * @param {string} roomId
 * @param {string} [remove] the user_id of somebody who is about to be removed
 * @param {Call} [call]
 */
export async function whoStays(roomId, remove = "", call = calls.call) {
  return lookAround(await placeAt(roomId, call), remove);
}

/**
 * One window at a time. Rejects with `Trouble`, in words.
 * @param {object} wish
 * @param {string} wish.roomId
 * @param {Me} wish.me
 * @param {string} [wish.passphrase] for the new link
 * @param {string} [wish.remove] the user_id of somebody who is removed with it
 * @param {boolean} [wish.replacesLink]
 * @param {(kept: Kept, removed: Map<string, string>) => Promise<boolean>} [wish.isNeeded]
 * @param {Call} [wish.call]
 * @returns {Promise<{roomId: string, others: string[]} | undefined>} nothing where it wasn't needed
 */
export async function change({ call = calls.call, ...wish }) {
  return navigator.locks.request(`${ROOT}parley:key:${wish.roomId}`, () => changeAlone({ ...wish, call }));
}

/** @param {Parameters<typeof change>[0] & {call: Call}} wish */
async function changeAlone({ roomId, me, passphrase = "", remove = "", replacesLink = false, isNeeded, call }) {
  if (!me.userId) throw new Trouble(WORDS.absent);
  for (let tries = 1; tries <= TRIES; tries += 1) {
    const place = await placeAt(roomId, call);
    const around = await lookAround(place, remove);
    if (isNeeded && !await isNeeded(place.kept, around.removed)) return undefined;
    await introduce(place, me);
    const link = newKey({ withPassphrase: Boolean(passphrase), owner: place.kept.owner });
    const adds = passphrase ? await stretched(link, passphrase) : undefined;
    const { opener, person } = place;
    const made = await begin(person, opener.current, opener.room, around.stay, { key: link.key, stretched: adds });
    const body = { record: toBase64url(made.record), read_proof_hash: toBase64url(await made.epoch.proofHash()) };
    const reply = replacesLink
      ? await call(`${apiOf(roomId)}/link`, body)
      : await insistently(call, `${apiOf(roomId)}/epochs`, { ...body, ...(remove && { remove }) });
    if (!reply.success && reply.code !== "epoch_taken") throw new Trouble(reply.error);
    if (!reply.success && !await isThere(place, made.epoch)) continue;
    const now = reply.success && replacesLink ? reply.room_id : roomId;
    await settle(place, made, now, around);
    return { roomId: now, others: around.others };
  }
  throw new Trouble(WORDS.busy);
}

/**
 * As it was each time: it may be there, and only its answer lost.
 * @param {Call} call
 * @param {string} path
 * @param {object} body
 */
async function insistently(call, path, body) {
  let reply = await call(path, body);
  for (let tries = 1; tries < TRIES && reply.code === "no_answer"; tries += 1) reply = await call(path, body);
  return reply;
}

/** Whether the next key is there, and is this one. @param {Place} place @param {import("../encryption/keys.js").Epoch} epoch */
async function isThere({ kept, opener, person, roomId, call }, epoch) {
  await renew({ kept, opener, person, roomId, call });
  return equal(opener.current.key, epoch.key);
}

/**
 * The new one is kept, and who was not given it.
 * @param {Place} place
 * @param {{epoch: import("../encryption/keys.js").Epoch, record: Uint8Array}} made
 * @param {string} roomId as it is now
 * @param {Around} around
 */
async function settle({ kept, opener, call }, { epoch, record }, roomId, { removed }) {
  opener.add(epoch);
  hold(kept, opener, record);
  kept.records = { ...kept.records, [epoch.number]: record };
  const manage = await call(`${apiOf(roomId)}/manage`);
  /** @type {{user_id: string, removed_at: string}[]} */
  const now = manage.success ? manage.removed : [];
  // Of whoever was removed meanwhile nothing is said: they may have been given it.
  kept.without = Object.fromEntries(now.filter(({ user_id: id }) => removed.has(id)).map((each) => [each.user_id, each.removed_at]));
  const before = kept.roomId;
  kept.roomId = roomId;
  await keep(kept, { isNew: before !== roomId }).catch(() => {}); // it was handed to oneself, too
  if (before !== roomId) await forget(before).catch(() => {});
}

/** What this browser has, with the newest key. @param {string} roomId @param {Call} call @returns {Promise<Place>} */
async function placeAt(roomId, call) {
  const kept = await keptOf(roomId);
  if (!kept) throw new Trouble(WORDS.left_out);
  const opener = await openerOf(kept);
  const person = await Person.of(kept.signing, kept.exchange);
  const place = { kept, opener, person, roomId, call };
  let outcome = await renew(place);
  if (outcome === "set_back") outcome = await giveBack(place);
  if (outcome !== "current") throw new Trouble(WORDS[outcome]);
  return place;
}

/**
 * A server that was restored from a backup has lost the newest keys' records, and nobody goes back to an earlier key. It
 * gets them again, as they were made.
 * @param {Place} place
 * @returns {Promise<Outcome>}
 */
export async function giveBack({ kept, opener, person, roomId, call }) {
  const { current, epochs } = opener;
  const { epoch: last = current.number } = await call(`${apiOf(roomId)}/epochs?after=${current.number}`);
  for (let number = last + 1; number <= current.number; number += 1) {
    const [record, epoch] = [kept.records?.[number], epochs.get(number)];
    if (!record || !epoch) return "set_back";
    const body = { record: toBase64url(record), read_proof_hash: toBase64url(await epoch.proofHash()) };
    const reply = await insistently(call, `${apiOf(roomId)}/epochs`, body);
    if (!reply.success) throw new Trouble(reply.error);
  }
  return renew({ kept, opener, person, roomId, call });
}

/** The server has the newest key again, where it can. Rejects with `Trouble`. @param {string} roomId @param {Call} [call] */
export async function restore(roomId, call = calls.call) {
  await navigator.locks.request(`${ROOT}parley:key:${roomId}`, () => placeAt(roomId, call));
}

/**
 * By user_id, when: no plain object, for people choose their user_ids, also such as `constructor`.
 * @param {{removed: {user_id: string, removed_at: string}[]}} manage
 * @param {string} [remove] who is about to be
 * @returns {Map<string, string>}
 */
export function removedOf({ removed }, remove = "") {
  const when = new Map(removed.map(({ user_id: id, removed_at: at }) => [id, at]));
  if (remove && !when.has(remove)) when.set(remove, "");
  return when;
}

/** @param {Place} place @param {string} remove @returns {Promise<Around>} */
async function lookAround({ kept, opener, person, roomId, call }, remove) {
  const manage = await call(`${apiOf(roomId)}/manage`);
  if (!manage.success) throw new Trouble(manage.error);
  const seen = (kept.seen ??= {});
  const { through, isWhole } = await gather({ seen, known: kept.known, opener, roomId, call, after: kept.gathered ?? 0 });
  kept.gathered = through;
  await keep(kept).catch(() => {});
  if (!isWhole) throw new Trouble(WORDS.unreachable);
  const removed = removedOf(manage, remove);
  const stay = (await holders(kept, [...removed.keys()])).slice(0, STAY_MAX);
  const reached = new Set(stay.flatMap(({ signing }) => seen[toBase64url(signing)]?.userIds ?? []));
  const people = [...await participants(roomId, call), ...manage.left];
  const own = seen[toBase64url(person.public.signing)]?.userIds ?? [];
  const others = people.filter(({ user_id: id }) => !removed.has(id) && !reached.has(id) && !own.includes(id));
  const names = stay.map(({ signing }) => seen[toBase64url(signing)]?.name ?? "Somebody");
  return { stay: [person.public, ...stay], names, others: [...new Set(others.map(({ username }) => username))], removed };
}

/**
 * Who has the current key, by what was handed to them or what they wrote with it, and is known by where to hand the next
 * to; but for oneself, and who was removed under any of their names. A second key of somebody isn't theirs for sure:
 * whoever was removed may have written it, with the server's help.
 * @param {Kept} kept
 * @param {string[]} removed user_ids
 */
export async function holders({ seen = {}, known, owner, epoch = 0, wrapped = [] }, removed) {
  const isGone = (/** @type {string[]} */ userIds) => userIds.some((id) => removed.includes(id));
  /** @type {PublicKeys[]} */
  const found = [];
  for (const [point, { userIds, exchange, epoch: last }] of Object.entries(seen)) {
    if (!exchange || isGone(userIds) || !userIds.some((id) => known[id]?.[0] === point)) continue;
    const keys = { signing: fromBase64url(point), exchange: fromBase64url(exchange) };
    // Anybody may say one that isn't on the curve, and nobody else is to go without the new key for it.
    if (!await isExchange(keys.exchange)) continue;
    const id = await idOf(keys);
    if (!equal(id, owner) && (last === epoch || wrapped.includes(toBase64url(id)))) found.push(keys);
  }
  return found;
}

/**
 * Whether somebody has the current key who was removed since it was made.
 * @param {Kept} kept
 * @param {Map<string, string>} removed by user_id, when
 */
export async function isHeldByRemoved(kept, removed) {
  const { without = {}, seen = {}, epoch = 0, wrapped = [] } = kept;
  if ([...removed].some(([id, at]) => without[id] !== at)) return true;
  for (const [point, { userIds, exchange, epoch: last }] of Object.entries(seen)) {
    if (!userIds.some((id) => removed.has(id))) continue;
    if (last === epoch) return true;
    const keys = { signing: fromBase64url(point), exchange: fromBase64url(exchange ?? "") };
    if (exchange && wrapped.includes(toBase64url(await idOf(keys)))) return true;
  }
  return false;
}

/** @param {string} roomId @param {Call} call @returns {Promise<{user_id: string, username: string}[]>} */
async function participants(roomId, call) {
  const found = [];
  for (let cursor = ""; ;) {
    const query = new URLSearchParams({ limit: String(PAGE_PEOPLE), ...(cursor && { cursor }) });
    const reply = await call(`${apiOf(roomId)}/participants?${query}`);
    if (!reply.success) throw new Trouble(reply.error);
    found.push(...reply.participants);
    cursor = reply.next_cursor ?? "";
    if (!cursor) return found;
  }
}

/** Without it nobody could tell by whom the new key is. @param {Place} place @param {Me} me */
async function introduce({ kept, opener, person, roomId, call }, { userId, username }) {
  if (kept.seen?.[toBase64url(person.public.signing)]?.exchange) return;
  const clientId = toBase64url(random(12));
  const body = utf8(JSON.stringify(introductionOf(username, person.public)));
  const sealer = new Sealer(opener.current, opener.room, person, userId);
  const message = await sealer.seal(body, { clientId, kind: "introduction" });
  const reply = await call(`${apiOf(roomId)}/messages`, { message, type: "encrypted", client_id: clientId });
  if (!reply.success) throw new Trouble(reply.error);
  kept.introduced = { userId, seq: reply.seq };
}
