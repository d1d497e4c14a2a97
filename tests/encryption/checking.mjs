// @ts-check
// Checks the browser's code against the vectors, in Node.js and in browsers: so nothing of either is used here.

/** @param {string} text of hexadecimal digits */
export function unhex(text) {
  return Uint8Array.from(text.match(/../g) ?? [], (octet) => parseInt(octet, 16));
}

/** @param {Uint8Array} octets */
export function hex(octets) {
  return [...octets].map((octet) => octet.toString(16).padStart(2, "0")).join("");
}

/** @param {Uint8Array} octets */
const url = (octets) =>
  btoa(String.fromCharCode(...octets)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/**
 * @param {string} name of the vectors
 * @param {any} vectors
 * @param {string} folder of the modules, ending with a slash
 * @returns {Promise<{checked: number, wrong: string[]}>} what is not as it should be
 */
export async function check(name, vectors, folder) {
  /** @type {string[]} */
  const wrong = [];
  let checked = 0;
  const is = (/** @type {string} */ what, /** @type {unknown} */ found, /** @type {unknown} */ expected) => {
    checked += 1;
    if (JSON.stringify(found) !== JSON.stringify(expected)) wrong.push(`${what}: ${found}, not ${expected}`);
  };
  const refused = async (/** @type {string} */ what, /** @type {Promise<unknown>} */ tried, /** @type {string} */ reason) =>
    is(what, await tried.then(() => "read", (error) => error.reason ?? String(error)), reason);
  const load = (/** @type {string} */ module) => import(`${folder}${module}.js`);
  const checks = { keys, envelopes, refused: bad, chain, epochs, files };
  await checks[/** @type {keyof typeof checks} */ (name)]();
  return { checked, wrong };

  async function keys() {
    const { Epoch, fragmentOf, parseFragment, stretched } = await load("keys");
    for (const each of vectors.keys) {
      const link = parseFragment(`#${each.fragment}`);
      is("fragment", fragmentOf(link), each.fragment);
      const more = each.passphrase ? await stretched(link, each.passphrase) : new Uint8Array();
      is("stretched", hex(more), each.stretched);
      const epoch = await Epoch.derive(link.key, { stretched: more });
      is("proof", hex(await epoch.proof()), each.proof);
      is("proof_hash", hex(await epoch.proofHash()), each.proof_hash);
      is("room", hex(await epoch.room()), each.room);
      is("commitment", hex(await epoch.commitment()), each.commitment);
    }
    const { idOf, safetyNumber } = await load("people");
    const room = unhex(vectors.keys[0].room);
    for (const each of vectors.people) {
      const person = await personOf(each.signing_private, each.exchange_private, each);
      is("signing", hex(person.public.signing), each.signing);
      is("exchange", hex(person.public.exchange), each.exchange);
      is("id", hex(await idOf(person.public)), each.id);
      is("safety_number", await safetyNumber(room, person.public.signing), each.safety_number);
    }
  }

  async function envelopes() {
    const { Epoch } = await load("keys");
    const { Opener, Sealer } = await load("envelope");
    const epoch = await Epoch.derive(unhex(vectors.key));
    const room = await epoch.room();
    for (const each of vectors.envelopes) {
      const { user_id: userId, client_id: clientId, kind } = each;
      const opened = await new Opener(room, epoch).open(each.envelope, { userId, clientId });
      is("kind", opened.kind, kind);
      is("body", hex(opened.body), each.body);
      is("digest", hex(opened.digest), each.digest);
      is("target", opened.target && hex(opened.target), each.target);
      is("claim", { seq: opened.claim.seq, hash: hex(opened.claim.hash) }, each.claim);
      // Made again, it is the same to the last bit, with the signature that was found in it.
      const { decrypt } = await signatureIn(each, epoch, room);
      const person = { public: { signing: opened.sender }, sign: async () => decrypt };
      const stream = { next: () => [unhex(vectors.stream), unhex(vectors.nonce)] };
      const sealer = new Sealer(epoch, room, person, userId, stream);
      is("envelope", await sealer.seal(opened.body, { clientId, ...opened }), each.envelope);
    }
  }

  /** @param {any} each @param {any} epoch @param {Uint8Array} room */
  async function signatureIn({ envelope, user_id, client_id }, epoch, room) {
    const octets = await load("octets");
    const all = octets.fromBase64url(envelope);
    const both = await octets.derive("stream", epoch.secret, octets.together(room, all.slice(6, 86)), 64);
    const bound = octets.labelled(
      "envelope", room, octets.counted(user_id), octets.counted(client_id), all.slice(0, 162),
    );
    const key = await octets.cipherOf(both.slice(0, 32));
    return { decrypt: (await octets.decrypt(key, all.slice(86, 98), all.slice(162), bound)).slice(0, 64) };
  }

  async function bad() {
    const { Epoch } = await load("keys");
    const { Opener } = await load("envelope");
    const epoch = await Epoch.derive(unhex(vectors.key));
    const opener = new Opener(await epoch.room(), epoch);
    for (const { what, envelope, user_id: userId, client_id: clientId, reason } of vectors.refused) {
      await refused(what, opener.open(envelope, { userId, clientId }), reason);
    }
  }

  async function chain() {
    const { Chain } = await load("chain");
    const log = new Chain({ fromBeginning: true });
    for (const { seq, digest, hash_after: after } of vectors.links) {
      is("faults", await log.take({ seq, digest: unhex(digest), claim: log.claim() }), []);
      is("hash", hex(log.claim().hash), after);
    }
    for (const { what, from_beginning: fromBeginning, log: links, faults, claim } of vectors.shown) {
      const shown = new Chain({ fromBeginning });
      const found = [];
      for (const link of links) found.push(...(await shown.take(linkOf(link))));
      is(what, found, faults);
      is(`claim: ${what}`, { seq: shown.claim().seq, hash: hex(shown.claim().hash) }, claim);
    }
  }

  /** @param {any} written */
  function linkOf({ seq, digest, claim, epoch }) {
    return { seq, digest: unhex(digest), claim: claim && { seq: claim.seq, hash: unhex(claim.hash) }, epoch };
  }

  async function epochs() {
    const { admit, history } = await load("epochs");
    const { Epoch } = await load("keys");
    const bob = await personOf(vectors.signing_private, vectors.exchange_private);
    const owners = [unhex(vectors.maker)];
    for (const each of vectors.records) {
      const record = unhex(each.record);
      const stretched = unhex(each.stretched);
      const byLink = await Epoch.derive(unhex(each.key), { stretched, number: 1 });
      for (const found of [await admit(record, bob, unhex(each.room), owners), await history(record, byLink, owners)]) {
        is("key", hex(found.epoch.key), each.key);
        is("proof", hex(await found.epoch.proof()), hex(await byLink.proof()));
        is("room", hex(found.room), each.room);
        is("before", found.before && hex(found.before.key), each.before);
      }
      await refused("other owners", admit(record, bob, unhex(each.room), []), "not_by_an_owner");
    }
  }

  async function files() {
    const { FileOpener, HEADER_BYTES } = await load("files");
    for (const { key, plain, sealed } of vectors.files) {
      const [header, chunk] = [unhex(sealed).slice(0, HEADER_BYTES), unhex(sealed).slice(HEADER_BYTES)];
      const opener = await FileOpener.begin(unhex(key), header);
      is("plain", hex(await opener.open(chunk, { isLast: true })), plain);
      await refused("cut off", (await FileOpener.begin(unhex(key), header)).open(chunk, { isLast: false }), "not_authentic");
    }
  }

  /**
   * From a private number: the vectors have the points beside it, or they are known by another way.
   * @param {string} signing @param {string} exchange @param {any} [points]
   */
  async function personOf(signing, exchange, points) {
    const { Person } = await load("people");
    const pair = async (/** @type {string} */ number, /** @type {string} */ name, /** @type {any} */ uses) => {
      // Not every browser finds the point that belongs to a number by itself.
      const [x, y] = pointOf(BigInt(`0x${number}`)).map((each) => url(unhex(each.toString(16).padStart(64, "0"))));
      const jwk = { kty: "EC", crv: "P-256", x, y };
      const algorithm = { name, namedCurve: "P-256" };
      const privateKey = await crypto.subtle.importKey("jwk", { ...jwk, d: url(unhex(number)) }, algorithm, true, uses);
      const publicKey = await crypto.subtle.importKey("jwk", jwk, algorithm, true, name === "ECDSA" ? ["verify"] : []);
      return { privateKey, publicKey };
    };
    const person = await Person.of(await pair(signing, "ECDSA", ["sign"]), await pair(exchange, "ECDH", ["deriveBits"]));
    if (points) is("spelled", url(person.public.signing), url(unhex(points.signing)));
    return person;
  }
}

const PRIME = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
/** @typedef {[bigint, bigint]} Point */
/** @type {Point} */
const GENERATOR = [
  0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
  0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
];

/** On P-256, so many times the generator: for tests alone, as it takes as long as the number tells. @param {bigint} number */
function pointOf(number) {
  /** @type {Point | undefined} */
  let sum;
  let power = GENERATOR;
  for (let rest = number; rest; rest >>= 1n) {
    if (rest & 1n) sum = sum ? added(sum, power) : power;
    power = added(power, power);
  }
  return /** @type {Point} */ (sum);
}

/** @param {Point} one @param {Point} other @returns {Point} */
function added([x, y], [otherX, otherY]) {
  const isSame = x === otherX && y === otherY;
  const slope = isSame ? (3n * x * x - 3n) * inverse(2n * y) : (otherY - y) * inverse(otherX - x);
  const sumX = modulo(slope * slope - x - otherX);
  return [sumX, modulo(slope * (x - sumX) - y)];
}

/** By Fermat. @param {bigint} number */
function inverse(number) {
  let result = 1n;
  let power = modulo(number);
  for (let rest = PRIME - 2n; rest; rest >>= 1n) {
    if (rest & 1n) result = modulo(result * power);
    power = modulo(power * power);
  }
  return result;
}

/** @param {bigint} number */
function modulo(number) {
  return ((number % PRIME) + PRIME) % PRIME;
}
