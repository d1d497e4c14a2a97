// @ts-check
// In a call the server passes on by which keys pages talk to each other, and could put its own in their place. So in an
// encrypted conversation each signs the fingerprints of its keys as it signs messages, and shows that it has the room's key.
import { counted, derive, equal, fromBase64url, labelled, toBase64url } from "../encryption/octets.js";
import { requireSigned, verifierOf } from "../encryption/people.js";
import { pointsOf } from "./introductions.js";

/**
 * Whose they are: `peer` in the call `callId`.
 * @typedef {{callId: string, userId: string, peer: string}} Whose
 * @typedef {{point: string, signature: string, proof: string}} Signed
 */

/** Somebody's new key may be told after their signal. */
const TRIES = 12;
const AGAIN_MS = 250;
const HMAC = { name: "HMAC", hash: "SHA-256" };
const FINGERPRINT = /^a=fingerprint:(\S+) (\S+)\s*$/gm;

export class Fingerprints {
  /**
   * @param {object} parts
   * @param {import("../encryption/envelope.js").Opener} parts.opener
   * @param {import("../encryption/people.js").Person} parts.person
   * @param {import("./log.js").Log} parts.log
   */
  constructor({ opener, person, log }) {
    this.opener = opener;
    this.person = person;
    this.log = log;
  }

  /** @param {string} sdp @param {Whose} whose @returns {Promise<Signed>} */
  async sign(sdp, whose) {
    const octets = this.octets(sdp, whose);
    const [signature, proof] = await Promise.all([this.person.sign(octets), this.proof(octets)]);
    return { point: toBase64url(this.person.public.signing), signature: toBase64url(signature), proof: toBase64url(proof) };
  }

  /** Whether they are that person's, by a key they are known by. @param {string} sdp @param {any} signed @param {Whose} whose */
  async check(sdp, signed, whose) {
    if (typeof signed?.point !== "string" || !whose.userId) return false;
    for (let tries = 1; tries <= TRIES; tries += 1) {
      if (this.isKnown(signed.point, whose.userId) && await this.isTrue(sdp, signed, whose)) return true;
      await new Promise((done) => setTimeout(done, AGAIN_MS));
    }
    return false;
  }

  /** Of somebody who wrote nothing that this page has read, no key is known: then the room's own has to do. @param {string} point @param {string} userId */
  isKnown(point, userId) {
    const points = pointsOf(this.log.known, userId);
    return points.length === 0 || points.includes(point) || point === toBase64url(this.person.public.signing);
  }

  /** @param {string} sdp @param {Signed} signed @param {Whose} whose */
  async isTrue(sdp, { point, signature, proof }, whose) {
    try {
      const octets = this.octets(sdp, whose);
      if (!equal(await this.proof(octets), fromBase64url(proof))) return false;
      await requireSigned(await verifierOf(fromBase64url(point)), fromBase64url(signature), octets);
      return true;
    } catch {
      return false;
    }
  }

  /** @param {string} sdp @param {Whose} whose */
  octets(sdp, { callId, userId, peer }) {
    return labelled("call", this.opener.room, counted(callId), counted(userId), counted(peer), counted(fingerprintsOf(sdp)));
  }

  /** Only who has the room's newest key can make it. @param {Uint8Array<ArrayBuffer>} octets */
  async proof(octets) {
    const key = await crypto.subtle.importKey("raw", await derive("call", this.opener.current.secret), HMAC, false, ["sign"]);
    return new Uint8Array(await crypto.subtle.sign("HMAC", key, octets));
  }
}

/** Each that a description names, once, in one order. Throws where it names none. @param {string} sdp */
export function fingerprintsOf(sdp) {
  const found = [...sdp.matchAll(FINGERPRINT)].map(([, hash, value]) => `${hash.toLowerCase()} ${value.toUpperCase()}`);
  if (!found.length) throw new Error("There is no fingerprint.");
  return [...new Set(found)].sort().join("\n");
}
