// @ts-check
// The chest in which an account keeps its keys: what opens it, and what doesn't.
import assert from "node:assert/strict";
import { test } from "node:test";

import {
  asked, isPhrase, masterByPasskey, masterByPhrase, newMaster, opened, outlineOf, sealed, wayByPasskey, wayByPhrase, without,
} from "../../parley/static/js/encryption/chest.js";
import { equal, random, Unreadable } from "../../parley/static/js/encryption/octets.js";

const CREDENTIAL = random(20);
const OUTPUT = random(32);
const PHRASE = "apple bell comb drum easel fish glove hat";
const CONTENT = { rooms: { tag: { id: "tea", key: "a" } } };

/** @param {string} reason */
function refused(reason) {
  return (/** @type {unknown} */ error) => error instanceof Unreadable && error.reason === reason;
}

async function made() {
  const master = newMaster();
  const ways = [await wayByPasskey(master, CREDENTIAL, OUTPUT), await wayByPhrase(master, PHRASE)];
  return { master, ways, chest: await sealed(master, ways, { turn: 7, content: CONTENT }) };
}

/** For all who only read it: a phrase takes a tenth of a second. */
const MADE = await made();

test("a passkey and a phrase open it", async () => {
  const { master, chest } = MADE;
  for (const found of [await masterByPasskey(chest, CREDENTIAL, OUTPUT), await masterByPhrase(chest, PHRASE)]) {
    assert.ok(found && equal(found, master));
  }
  const { turn, content, ways } = await opened(master, chest);
  assert.deepEqual({ turn, content }, { turn: 7, content: CONTENT });
  assert.deepEqual(ways.map(isPhrase), [false, true]);
});

test("another passkey is no way in, and says so", async () => {
  const { chest } = MADE;
  assert.equal(await masterByPasskey(chest, random(20), OUTPUT), undefined);
  await assert.rejects(masterByPasskey(chest, CREDENTIAL, random(32)), refused("not_authentic"));
});

test("another phrase doesn't open it", async () => {
  const { chest } = MADE;
  await assert.rejects(masterByPhrase(chest, `${PHRASE}s`), refused("not_authentic"));
});

test("a chest without a phrase has none to try", async () => {
  const master = newMaster();
  const chest = await sealed(master, [await wayByPasskey(master, CREDENTIAL, OUTPUT)], { turn: 1, content: {} });
  assert.equal(await masterByPhrase(chest, PHRASE), undefined);
});

test("whatever is changed in it, nothing of it is used", async () => {
  const { master, chest } = MADE;
  for (let at = 0; at < chest.length; at += 1) {
    const changed = chest.slice();
    changed[at] ^= 1;
    await assert.rejects(opened(master, changed), Unreadable, `at ${at}`);
  }
  for (let length = 0; length < chest.length; length += 1) {
    await assert.rejects(opened(master, chest.slice(0, length)), Unreadable, `of ${length}`);
  }
});

test("no way in can be taken from it or added to it without its key", async () => {
  const { master, ways, chest } = MADE;
  const { head, nonce, rest } = outlineOf(chest);
  const one = head.slice(0, 2 + (head.length - 2) / 2);
  one[1] = 1;
  const cut = new Uint8Array([...one, ...nonce, ...rest]);
  assert.equal(outlineOf(cut).ways.length, ways.length - 1);
  await assert.rejects(opened(master, cut), refused("not_authentic"));
});

test("it is sealed anew each time, under nonces of its own, as are the ways in", async () => {
  const [one, other] = [MADE, await made()];
  const again = await sealed(one.master, one.ways, { turn: 7, content: CONTENT });
  assert.ok(!equal(outlineOf(again).nonce, outlineOf(one.chest).nonce));
  assert.ok(!equal(one.ways[0].salt, other.ways[0].salt));
});

test("a server that asks for fewer or endless rounds of a phrase is not obeyed", async () => {
  const { chest } = MADE;
  const at = 2 + 85 + 1 + 16; // of the second way's rounds
  for (const rounds of [1, 599_999, 10_000_001, 2 ** 32 - 1]) {
    const changed = chest.slice();
    new DataView(changed.buffer).setUint32(at, rounds);
    await assert.rejects(masterByPhrase(changed, PHRASE), refused("malformed"), String(rounds));
  }
});

test("a way takes the place of the one of its kind and passkey", async () => {
  const { master, ways } = MADE;
  const phrase = await wayByPhrase(master, "another one");
  assert.deepEqual(without(ways, phrase), [ways[0]]);
  const passkey = await wayByPasskey(master, random(20), OUTPUT);
  assert.deepEqual(without(ways, passkey), ways);
  assert.deepEqual(without(ways, await wayByPasskey(master, CREDENTIAL, OUTPUT)), [ways[1]]);
});

test("what passkeys are asked about never changes", () => {
  assert.equal(new TextDecoder().decode(asked()), "parley-encryption-1\0chest prf\0");
});
