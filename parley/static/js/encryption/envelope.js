// @ts-check
// A message as the server has it: sealed, signed, and bound to where it stands.

import { NOTHING_SEEN } from "./chain.js";
import {
  cipherOf, counted, decrypt, derive, encrypt, equal, fromBase64url, labelled, numbered, Reader, sha256, toBase64url,
  together, Unreadable,
} from "./octets.js";
import { POINT_BYTES, requireSigned, SIGNATURE_BYTES, verifierOf } from "./people.js";
import { NONCE_BYTES, Stream, STREAM_BYTES } from "./streams.js";

/** @typedef {import("./chain.js").Claim} Claim */
/** @typedef {import("./keys.js").Epoch} Epoch */
/** @typedef {import("./people.js").Person} Person */

export const KINDS = Object.freeze({ message: 1, edit: 2, introduction: 3, about: 4, reaction: 5 });
/** @typedef {keyof typeof KINDS} Kind */
/** @type {ReadonlyMap<number, Kind>} */
const KIND_OF = new Map(Object.entries(KINDS).map(([kind, number]) => [number, /** @type {Kind} */ (kind)]));
/** @type {readonly Kind[]} */
const ABOUT_ANOTHER = ["edit", "reaction"];
/** @type {readonly Kind[]} */
const ABOUT_NONE = ["introduction", "about"];

const VERSION = 1;
const HEADER_BYTES = 162;
const TAG_BYTES = 16;
const COMMITMENT_BYTES = 32;
const NO_TARGET = new Uint8Array(32);
// What is encrypted is made as long as one of these, so that the server sees nine lengths only.
const SIZES = [256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 49152];
export const BODY_MAX_BYTES = 49152 - SIGNATURE_BYTES - 44;
const KEPT = 1_000;

/**
 * A message that is what it says it is.
 * @typedef {object} Opened
 * @property {Kind} kind
 * @property {number} epoch
 * @property {Uint8Array} sender the public key it is signed by
 * @property {Uint8Array | null} target the digest of the message it answers, edits or reacts to
 * @property {Claim} claim what its sender had seen by then
 * @property {Uint8Array} body
 * @property {Uint8Array} digest
 */

/** By which others refer to it. @param {Uint8Array} envelope */
export function digestOf(envelope) {
  return sha256("digest", envelope);
}

/**
 * What everybody sees of an envelope's header, without a key; nothing of it is checked. Throws `Unreadable`.
 * @param {string} envelope
 * @returns {{kind: Kind, epoch: number, sender: Uint8Array, target: Uint8Array}}
 */
export function headerOf(envelope) {
  const reader = new Reader(fromBase64url(envelope.slice(0, HEADER_BYTES / 3 * 4)));
  const version = reader.number(1);
  const kind = KIND_OF.get(reader.number(1));
  if (version !== VERSION || !kind) throw new Unreadable("unknown_version");
  const epoch = reader.number(4);
  const sender = reader.take(POINT_BYTES);
  reader.take(STREAM_BYTES + NONCE_BYTES + COMMITMENT_BYTES);
  return { kind, epoch, sender, target: reader.take(32) };
}

/** Of one person, in one tab. Those of several never share a key. */
export class Sealer {
  #keys = new Kept();

  /**
   * @param {Epoch} epoch @param {Uint8Array} room @param {Person} person @param {string} userId
   * @param {Pick<Stream, "next">} [stream]
   */
  constructor(epoch, room, person, userId, stream = new Stream()) {
    this.epoch = epoch;
    this.room = room;
    this.person = person;
    this.userId = userId;
    this.stream = stream;
  }

  /**
   * What is sent as the message. To send it again, send what this gave: not another one. Rejects with a `RangeError`
   * where the body is too long, or the kind asks for another target.
   * @param {Uint8Array} body
   * @param {{clientId: string, kind?: Kind, target?: Uint8Array | null, claim?: Claim}} about
   */
  async seal(body, { clientId, kind = "message", target, claim = NOTHING_SEEN }) {
    const about = target ?? NO_TARGET;
    if (!fits(kind, about)) throw new RangeError("This kind asks for another target.");
    const [stream, nonce] = this.stream.next();
    const sender = this.person.public.signing;
    const make = () => streamKey(this.epoch, this.room, sender, stream);
    const { key, commitment } = await this.#keys.get(toBase64url(stream), make);
    const start = together(new Uint8Array([VERSION, KINDS[kind]]), numbered(this.epoch.number, 4));
    const header = together(start, sender, stream, nonce, commitment, about);
    const bound = bind(this.room, this.userId, clientId, header);
    const signed = padded(together(numbered(claim.seq, 8), claim.hash, numbered(body.length, 4), body));
    const signature = await this.person.sign(toSign(await sha256("bound", bound), signed));
    return toBase64url(together(header, await encrypt(key, nonce, together(signature, signed), bound)));
  }
}

/** Opens what anybody in the room sealed, in the epochs it knows. */
export class Opener {
  #keys = new Kept();
  #verifiers = new Kept();

  /** @param {Uint8Array} room @param {Epoch[]} epochs */
  constructor(room, ...epochs) {
    this.room = room;
    this.epochs = new Map(epochs.map((epoch) => [epoch.number, epoch]));
  }

  /** @param {Epoch} epoch */
  add(epoch) {
    this.epochs.set(epoch.number, epoch);
  }

  /** The newest, which one writes in. */
  get current() {
    return /** @type {Epoch} */ (this.epochs.get(Math.max(...this.epochs.keys())));
  }

  /**
   * The two ids as the server tells them: where it lies, this fails. Rejects with `Unreadable`.
   * @param {string} envelope
   * @param {{userId: string, clientId: string}} by
   * @returns {Promise<Opened>}
   */
  async open(envelope, { userId, clientId }) {
    const octets = fromBase64url(envelope);
    const digest = digestOf(octets); // beside all that follows
    const reader = new Reader(octets);
    const version = reader.number(1);
    const kind = KIND_OF.get(reader.number(1));
    if (version !== VERSION || !kind) throw new Unreadable("unknown_version");
    const number = reader.number(4);
    const sender = reader.take(POINT_BYTES);
    const stream = reader.take(STREAM_BYTES);
    const nonce = reader.take(NONCE_BYTES);
    const commitment = reader.take(COMMITMENT_BYTES);
    const target = reader.take(32);
    const sealed = reader.rest();
    if (!SIZES.includes(sealed.length - TAG_BYTES)) throw new Unreadable("malformed");
    const epoch = this.epochs.get(number);
    if (!epoch) throw new Unreadable("unknown_epoch");
    const name = String.fromCharCode(...octets.subarray(2, 86)); // all that the key comes from
    const derived = await this.#keys.get(name, () => streamKey(epoch, this.room, sender, stream));
    if (!equal(commitment, derived.commitment)) throw new Unreadable("not_authentic");
    const bound = bind(this.room, userId, clientId, octets.subarray(0, HEADER_BYTES));
    const hashed = sha256("bound", bound);
    const plain = await decrypt(derived.key, nonce, sealed, bound);
    const signed = plain.slice(SIGNATURE_BYTES);
    const verifier = await this.#verifiers.get(String.fromCharCode(...sender), () => verifierOf(sender));
    await requireSigned(verifier, plain.slice(0, SIGNATURE_BYTES), toSign(await hashed, signed));
    if (!fits(kind, target)) throw new Unreadable("malformed");
    const inner = new Reader(signed);
    const claim = { seq: inner.number(8), hash: inner.take(32) };
    const body = inner.take(inner.number(4));
    if (!equal(padded(signed.slice(0, inner.at)), signed)) throw new Unreadable("malformed");
    const answers = equal(target, NO_TARGET) ? null : target;
    return { kind, epoch: number, sender, target: answers, claim, body, digest: await digest };
  }
}

/** The latest of what takes a while to make. */
class Kept {
  /** @type {Map<string, Promise<any>>} */
  #made = new Map();

  /** @template T @param {string} name @param {() => Promise<T>} make @returns {Promise<T>} */
  get(name, make) {
    let made = this.#made.get(name);
    if (!made) {
      made = make();
      this.#made.set(name, made);
      if (this.#made.size > KEPT) this.#made.delete(/** @type {string} */ (this.#made.keys().next().value));
    }
    return made;
  }
}

/** @param {Epoch} epoch @param {Uint8Array} room @param {Uint8Array} sender @param {Uint8Array} stream */
async function streamKey(epoch, room, sender, stream) {
  const both = await derive("stream", epoch.secret, together(room, sender, stream), 64);
  return { key: await cipherOf(both.slice(0, 32)), commitment: both.slice(32) };
}

/**
 * The associated data: all that the server must not change.
 * @param {Uint8Array} room @param {string} userId @param {string} clientId @param {Uint8Array} header
 */
function bind(room, userId, clientId, header) {
  return labelled("envelope", room, counted(userId), counted(clientId), header);
}

/** @param {Uint8Array} hashed what it is bound to @param {Uint8Array} signed */
function toSign(hashed, signed) {
  return labelled("signature", hashed, signed);
}

/** As long as the smallest size that fits, together with the signature before it. @param {Uint8Array} octets */
function padded(octets) {
  const size = SIZES.find((each) => octets.length <= each - SIGNATURE_BYTES);
  if (!size) throw new RangeError(`A message has at most ${BODY_MAX_BYTES} bytes.`);
  const whole = new Uint8Array(size - SIGNATURE_BYTES);
  whole.set(octets);
  return whole;
}

/** @param {Kind} kind @param {Uint8Array} target */
function fits(kind, target) {
  return !(equal(target, NO_TARGET) ? ABOUT_ANOTHER : ABOUT_NONE).includes(kind);
}
