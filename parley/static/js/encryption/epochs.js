// @ts-check
// New epochs: a new key, handed to each who stays, so that whoever is removed cannot read on.

import { Epoch } from "./keys.js";
import {
  cipherOf, decrypt, derive, encrypt, equal, labelled, numbered, random, Reader, secretOf, toBase64url, together,
  Unreadable,
} from "./octets.js";
import { idOf, newExchange, octetsOf, requireSigned, shared, SIGNATURE_BYTES, verifierOf } from "./people.js";

/** @typedef {import("./people.js").Person} Person */
/** @typedef {import("./people.js").PublicKeys} PublicKeys */

const VERSION = 1;
const KEY_BYTES = 32;
const HEAD_BYTES = 165;
const KEYS_BYTES = 65;
const HISTORY_BYTES = 16 + 1 + KEYS_BYTES + 16;
const WRAPPED_BYTES = KEYS_BYTES + 16;
const ID_BYTES = 16;
// Each key here encrypts once.
const NONCE = new Uint8Array(12);

/**
 * What a record of a new epoch gave; `before` is the one before it, where it was passed on.
 * @typedef {{epoch: Epoch, room: Uint8Array, before: Epoch | null}} Admitted
 */

/**
 * The next epoch, and the record of it that the server keeps for all. Its `key` makes the new link.
 * @param {Person} maker
 * @param {Epoch} before
 * @param {Uint8Array} room
 * @param {PublicKeys[]} stay
 * @param {{stretched?: Uint8Array, withHistory?: boolean, key?: Uint8Array}} [how]
 * @returns {Promise<{epoch: Epoch, record: Uint8Array}>}
 */
export async function begin(maker, before, room, stay, how = {}) {
  const { stretched, withHistory = true, key = random(KEY_BYTES) } = how;
  const number = before.number + 1;
  const epoch = await Epoch.derive(key, { stretched, number });
  const ephemeral = await newExchange();
  const head = together(
    new Uint8Array([VERSION]), numbered(number, 4), maker.public.signing, await octetsOf(ephemeral.publicKey),
    await epoch.commitment(),
  );
  const passedOn = withHistory ? together(new Uint8Array([1]), keysOf(before)) : new Uint8Array(1 + KEYS_BYTES);
  const history = await seal(await historyKey(epoch), together(room, passedOn), labelled("history", head));
  const parts = [head, history, numbered(stay.length, 2)];
  for (const person of stay) {
    const secret = await shared(ephemeral.privateKey, person.exchange);
    const wrapping = await wrappingKey(secret, room, head, person);
    parts.push(await idOf(person), await seal(wrapping, keysOf(epoch), labelled("wrap", room, head)));
  }
  const record = together(...parts);
  return { epoch, record: together(record, await maker.sign(labelled("epoch record", room, record))) };
}

/**
 * For somebody who stays. `owners`: the signing keys of those who may begin an epoch. Rejects with `Unreadable`:
 * `not_for_us` where nothing in it is.
 * @param {Uint8Array<ArrayBuffer>} record @param {Person} me @param {Uint8Array} room @param {Uint8Array[]} owners
 * @returns {Promise<Admitted>}
 */
export async function admit(record, me, room, owners) {
  const { head, wrapped } = await checked(record, room, owners);
  const mine = wrapped.get(toBase64url(await idOf(me.public)));
  if (!mine) throw new Unreadable("not_for_us");
  const wrapping = await wrappingKey(await me.sharedWith(head.slice(69, 133)), room, head, me.public);
  const epoch = await epochOf(await unseal(wrapping, mine, labelled("wrap", room, head)), numberOf(head));
  return admitted(record, epoch, room);
}

/**
 * For somebody who has the new link: the room's tag, and the epoch before. Without `owners` anybody may have made it:
 * whoever gave the link answers for it.
 * @param {Uint8Array<ArrayBuffer>} record @param {Epoch} epoch @param {Uint8Array[] | null} [owners]
 */
export async function history(record, epoch, owners = null) {
  const found = await admitted(record, epoch, null);
  await checked(record, found.room, owners);
  return found;
}

/**
 * What everybody sees of a record: which epoch it begins, whose signing point it bears, and the ids of those whom it
 * hands the key to. Nothing of it is checked but its form. Throws `Unreadable`.
 * @param {Uint8Array<ArrayBuffer>} record
 */
export function outlineOf(record) {
  const { head, wrapped } = partsOf(record);
  return { number: numberOf(head), maker: head.slice(5, 69), ids: [...wrapped.keys()] };
}

/**
 * @param {Uint8Array<ArrayBuffer>} record @param {Epoch} epoch @param {Uint8Array | null} room
 * @returns {Promise<Admitted>}
 */
async function admitted(record, epoch, room) {
  const { head, sealed } = partsOf(record);
  if (epoch.number !== numberOf(head)) throw new Unreadable("unknown_epoch");
  if (!equal(await epoch.commitment(), head.slice(133))) throw new Unreadable("not_authentic");
  const reader = new Reader(await unseal(await historyKey(epoch), sealed, labelled("history", head)));
  const found = reader.take(16);
  const isPassedOn = reader.number(1);
  if (room && !equal(found, room)) throw new Unreadable("wrong_room");
  return { epoch, room: found, before: isPassedOn ? await epochOf(reader.rest(), epoch.number - 1) : null };
}

/** @param {Uint8Array<ArrayBuffer>} record @param {Uint8Array} room @param {Uint8Array[] | null} owners */
async function checked(record, room, owners) {
  const parts = partsOf(record);
  const maker = parts.head.slice(5, 69);
  if (owners && !owners.some((owner) => equal(owner, maker))) throw new Unreadable("not_by_an_owner");
  const signed = labelled("epoch record", room, record.subarray(0, record.length - SIGNATURE_BYTES));
  await requireSigned(await verifierOf(maker), parts.signature, signed);
  return parts;
}

/** @param {Uint8Array<ArrayBuffer>} record */
function partsOf(record) {
  const reader = new Reader(record);
  const head = reader.take(HEAD_BYTES);
  if (head[0] !== VERSION) throw new Unreadable("unknown_version");
  const sealed = reader.take(HISTORY_BYTES);
  /** @type {Map<string, Uint8Array<ArrayBuffer>>} */
  const wrapped = new Map();
  for (let left = reader.number(2); left > 0; left -= 1) {
    wrapped.set(toBase64url(reader.take(ID_BYTES)), reader.take(WRAPPED_BYTES));
  }
  const signature = reader.take(SIGNATURE_BYTES);
  if (reader.rest().length || !numberOf(head)) throw new Unreadable("malformed");
  return { head, sealed, wrapped, signature };
}

/** @param {Uint8Array<ArrayBuffer>} head */
function numberOf(head) {
  return new Reader(head.slice(1, 5)).number(4);
}

/** @param {Epoch} epoch */
function keysOf({ key, stretched }) {
  const hasPassphrase = new Uint8Array([stretched.length ? 1 : 0]);
  return together(key, hasPassphrase, stretched.length ? stretched : new Uint8Array(KEY_BYTES));
}

/** @param {Uint8Array<ArrayBuffer>} keys @param {number} number */
async function epochOf(keys, number) {
  const reader = new Reader(keys);
  const key = reader.take(KEY_BYTES);
  return Epoch.derive(key, reader.number(1) ? { number, stretched: reader.rest() } : { number });
}

/** @param {Epoch} epoch */
function historyKey(epoch) {
  return derive("history", epoch.secret, numbered(epoch.number, 4));
}

/** @param {Uint8Array} secret @param {Uint8Array} room @param {Uint8Array} head @param {PublicKeys} person */
async function wrappingKey(secret, room, head, { signing, exchange }) {
  return derive("wrap", await secretOf(secret), together(room, head, signing, exchange));
}

/** @param {Uint8Array} key @param {Uint8Array} plain @param {Uint8Array} bound */
async function seal(key, plain, bound) {
  return encrypt(await cipherOf(key), NONCE, plain, bound);
}

/** @param {Uint8Array} key @param {Uint8Array} sealed @param {Uint8Array} bound */
async function unseal(key, sealed, bound) {
  return decrypt(await cipherOf(key), NONCE, sealed, bound);
}
