// By whose keys pages talk to each other in a call of an encrypted conversation.
import assert from "node:assert/strict";
import { test } from "node:test";

const { Fingerprints, fingerprintsOf } = await import("../../parley/static/js/sealed/fingerprints.js");
const { Opener } = await import("../../parley/static/js/encryption/envelope.js");
const { Epoch, newKey } = await import("../../parley/static/js/encryption/keys.js");
const { toBase64url } = await import("../../parley/static/js/encryption/octets.js");
const { Person } = await import("../../parley/static/js/encryption/people.js");

const SDP = "v=0\r\na=fingerprint:sha-256 AA:BB\r\nm=audio 9\r\na=fingerprint:sha-256 aa:bb\r\n";
const SWAPPED = SDP.replaceAll("AA:BB", "CC:DD").replaceAll("aa:bb", "cc:dd");
const WHOSE = { callId: "call", userId: "u-ben", peer: "p-ben" };

const epoch = await Epoch.derive(newKey().key);
const room = await epoch.room();
const [ada, ben, eve] = await Promise.all([Person.generate(), Person.generate(), Person.generate()]);

/** As Ada's page has it. @param {InstanceType<typeof Person>} person @param {Record<string, string[]>} [known] @param {InstanceType<typeof Epoch>} [newest] */
function fingerprints(person, known = {}, newest = epoch) {
  return new Fingerprints({ opener: new Opener(room, newest), person, log: /** @type {any} */ ({ known }) });
}

const knowsBen = () => ({ "u-ben": [toBase64url(ben.public.signing)] });

test("a description names each of its fingerprints once", () => {
  assert.equal(fingerprintsOf(SDP), "sha-256 AA:BB");
  assert.throws(() => fingerprintsOf("v=0"));
});

test("what somebody signed with the key they are known by is theirs", async () => {
  const signed = await fingerprints(ben).sign(SDP, WHOSE);
  assert.equal(await fingerprints(ada, knowsBen()).check(SDP, signed, WHOSE), true);
  assert.equal(await fingerprints(ada).check(SDP, signed, WHOSE), true); // nothing of theirs was read yet
});

test("swapped fingerprints, or those of another call, place or person, are not", { timeout: 60_000 }, async () => {
  const signed = await fingerprints(ben).sign(SDP, WHOSE);
  const page = fingerprints(ada, knowsBen());
  const answers = await Promise.all([
    page.check(SWAPPED, signed, WHOSE),
    page.check(SDP, signed, { ...WHOSE, callId: "another" }),
    page.check(SDP, signed, { ...WHOSE, peer: "p-eve" }),
    page.check(SDP, undefined, WHOSE),
    page.check(SDP, { ...signed, signature: signed.proof }, WHOSE),
    page.check(SDP, await fingerprints(eve).sign(SDP, WHOSE), WHOSE), // by a key that isn't Ben's
  ]);
  assert.deepEqual(answers, answers.map(() => false));
});

test("a server without the room's key can't make somebody up", { timeout: 60_000 }, async () => {
  const guessed = await Epoch.derive(newKey().key);
  const signed = await fingerprints(eve, {}, guessed).sign(SDP, { ...WHOSE, userId: "u-new" });
  assert.equal(await fingerprints(ada).check(SDP, signed, { ...WHOSE, userId: "u-new" }), false);
});

test("a key that is told a moment after the signal is still known in time", { timeout: 60_000 }, async () => {
  const known = { "u-ben": [toBase64url(eve.public.signing)] };
  const signed = await fingerprints(ben).sign(SDP, WHOSE);
  const checked = fingerprints(ada, known).check(SDP, signed, WHOSE);
  await undefined;
  known["u-ben"].push(toBase64url(ben.public.signing));
  assert.equal(await checked, true);
});
