// @ts-check
// The browser's code as the other side of a test: a line of JSON in, one out.
import { answer } from "../answering.mjs";

const FOLDER = "../../parley/static/js/encryption/";
const { Epoch } = await import(`${FOLDER}keys.js`);
const { Opener, Sealer } = await import(`${FOLDER}envelope.js`);
const { Person } = await import(`${FOLDER}people.js`);
const { admit, begin } = await import(`${FOLDER}epochs.js`);
const { FileOpener, FileSealer, CHUNK_BYTES, HEADER_BYTES, TAG_BYTES } = await import(`${FOLDER}files.js`);

/** @param {string} text */
const unhex = (text) => new Uint8Array(Buffer.from(text, "hex"));
/** @param {Uint8Array} octets */
const hex = (octets) => Buffer.from(octets).toString("hex");

const me = await Person.generate();

/** @type {Record<string, (asked: any) => Promise<any>>} */
const ACTS = {
  async whoami() {
    return { signing: hex(me.public.signing), exchange: hex(me.public.exchange) };
  },
  async seal({ key, user_id: userId, client_id: clientId, body, kind, target, seq, hash }) {
    const epoch = await Epoch.derive(unhex(key));
    const sealer = new Sealer(epoch, await epoch.room(), me, userId);
    const about = { clientId, kind, target: target ? unhex(target) : null, claim: { seq, hash: unhex(hash) } };
    return { envelope: await sealer.seal(unhex(body), about) };
  },
  async open({ key, user_id: userId, client_id: clientId, envelope }) {
    const epoch = await Epoch.derive(unhex(key));
    const opened = await new Opener(await epoch.room(), epoch).open(envelope, { userId, clientId });
    return {
      body: hex(opened.body), kind: opened.kind, target: opened.target && hex(opened.target),
      seq: opened.claim.seq, hash: hex(opened.claim.hash), sender: hex(opened.sender), digest: hex(opened.digest),
    };
  },
  async begin({ key, stay }) {
    const first = await Epoch.derive(unhex(key));
    const people = stay.map((/** @type {any} */ each) => ({ signing: unhex(each.signing), exchange: unhex(each.exchange) }));
    const { epoch, record } = await begin(me, first, await first.room(), people);
    return { record: hex(record), key: hex(epoch.key) };
  },
  async admit({ record, room, owners }) {
    const found = await admit(unhex(record), me, unhex(room), owners.map(unhex));
    return { key: hex(found.epoch.key), before: found.before && hex(found.before.key) };
  },
  async seal_file({ plain }) {
    const octets = unhex(plain);
    const sealer = await FileSealer.begin();
    const sealed = [hex(sealer.header)];
    for (let at = 0; at === 0 || at < octets.length; at += CHUNK_BYTES) {
      const isLast = at + CHUNK_BYTES >= octets.length;
      sealed.push(hex(await sealer.seal(octets.slice(at, at + CHUNK_BYTES), { isLast })));
    }
    return { key: hex(sealer.key), sealed: sealed.join("") };
  },
  async open_file({ key, sealed }) {
    const octets = unhex(sealed);
    const opener = await FileOpener.begin(unhex(key), octets.slice(0, HEADER_BYTES));
    const plain = [];
    for (let at = HEADER_BYTES; at < octets.length; at += CHUNK_BYTES + TAG_BYTES) {
      const isLast = at + CHUNK_BYTES + TAG_BYTES >= octets.length;
      plain.push(hex(await opener.open(octets.slice(at, at + CHUNK_BYTES + TAG_BYTES), { isLast })));
    }
    return { plain: plain.join("") };
  },
};

await answer(ACTS);
