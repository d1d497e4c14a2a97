// @ts-check
// New keys of an encrypted conversation as a page takes them: from an honest server, and from one that lies.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Sealer } from "../../parley/static/js/encryption/envelope.js";
import { begin } from "../../parley/static/js/encryption/epochs.js";
import { Epoch, newKey } from "../../parley/static/js/encryption/keys.js";
import { toBase64url, utf8 } from "../../parley/static/js/encryption/octets.js";
import { idOf, Person } from "../../parley/static/js/encryption/people.js";
import { giveBack, holders, isHeldByRemoved, removedOf } from "../../parley/static/js/sealed/changing.js";
import { whole } from "../../parley/static/js/sealed/coming.js";
import { openerOf } from "../../parley/static/js/sealed/epochs.js";
import { introductionOf } from "../../parley/static/js/sealed/introductions.js";
import { SealedFiles } from "../../parley/static/js/sealed/files.js";
import { Line } from "../../parley/static/js/sealed/line.js";
import { Log } from "../../parley/static/js/sealed/log.js";
import { SEALED } from "../../parley/static/js/sealed/reducing.js";
import { renew, traced } from "../../parley/static/js/sealed/renewing.js";
import { addNotice } from "../../parley/static/js/state/notices.js";
import { INITIAL } from "../../parley/static/js/state/store.js";

const ROOM_ID = "r";

/** A conversation that Ada started, and the server that keeps its messages and records. */
class Talk {
  /** @type {any[]} */
  messages = [];
  /** @type {Uint8Array[]} */
  records = [];
  /** @type {string[]} what was asked for */
  asked = [];

  static async begin() {
    const talk = new Talk();
    talk.ada = await talk.visitor("ada", await Person.generate());
    return talk;
  }

  /** Somebody by the link as it was first. @param {string} userId */
  async visitor(userId, person) {
    const known = person ?? (await Person.generate());
    this.first ??= { ...newKey({ owner: await idOf(known.public) }), stretched: new Uint8Array() };
    const kept = /** @type {any} */ ({ ...this.first, roomId: ROOM_ID, signing: known.signing, exchange: known.exchange, known: {} });
    return this.opens(userId, kept, known);
  }

  /** A page of what a browser keeps. */
  async opens(userId, kept, person) {
    const opener = await openerOf(kept);
    const told = { saved: 0, faults: [], met: [], outcomes: [] };
    const call = (/** @type {string} */ path) => this.answers(path);
    const save = async () => void (told.saved += 1);
    const renewed = async () => {
      const outcome = await renew({ kept, opener, person, roomId: ROOM_ID, call, save });
      told.outcomes.push(outcome);
      return outcome !== "unreachable";
    };
    const files = new SealedFiles();
    kept.seen ??= {};
    const log = new Log({
      files, opener, known: kept.known, seen: kept.seen,
      found: (faults) => told.faults.push(...faults.map(({ what }) => what)), met: (who, _, __, isAnother) => told.met.push([who, isAnother]),
    });
    return { userId, kept, person, opener, told, log, line: new Line({ log, files, userId, person, renew: renewed }), renewed };
  }

  async introduces({ userId, opener, person, kept, line }) {
    const { fields } = await line.going("introduce", { room_id: ROOM_ID, name: userId });
    return this.stores(userId, fields);
  }

  async says(who, text) {
    const { fields } = await who.line.going("send_message", { message: text, client_id: `${who.userId}-${this.messages.length}` });
    return this.stores(who.userId, fields);
  }

  stores(userId, fields) {
    const seq = this.messages.length + 1;
    const message = { id: `id-${seq}`, seq, changed_seq: seq, user_id: userId, username: userId, timestamp: "2026-11-29T12:00:00Z", ...fields };
    this.messages.push(message);
    return message;
  }

  /** As the founder's page does, or as somebody else tries to. */
  async changes(stay, { by = this.ada, from = by.opener.current, how = {} } = {}) {
    const everybody = [by.person.public, ...stay.map(({ person }) => person.public)];
    const made = await begin(by.person, from, by.opener.room, everybody, how);
    this.records.push(made.record);
    by.opener.add(made.epoch);
    return made;
  }

  /** What a server says. A lie may stand in for it. @type {((path: string) => any) | undefined} */
  lie = undefined;

  async answers(path) {
    this.asked.push(path);
    const lie = this.lie?.(path);
    if (lie) return lie;
    const after = Number(/after=(\d+)/.exec(path)?.[1]);
    if (path.includes("/messages?")) {
      const page = this.messages.filter(({ seq }) => seq > after).slice(0, 3);
      return { success: true, messages: page, has_more: (page.at(-1)?.seq ?? after) < this.messages.length };
    }
    return this.epochs(after);
  }

  epochs(after, records = this.records, epoch = records.length) {
    const page = records.slice(after, after + 2).map((record, at) => ({ number: after + at + 1, record: toBase64url(record) }));
    return { success: true, epoch, epochs: page, has_more: after + page.length < records.length };
  }

  /** Ada and Ben, who said who they are. */
  static async ofTwo() {
    const talk = await Talk.begin();
    await talk.introduces(talk.ada);
    const ben = await talk.visitor("ben");
    await talk.introduces(ben);
    return { talk, ada: talk.ada, ben };
  }
}

const texts = (read) => read.map(({ message }) => message?.message).filter(Boolean);

test("whoever stays takes each key in turn, keeps all of them, and reads on", async () => {
  const { talk, ada, ben } = await Talk.ofTwo();
  await talk.says(ada, "Under the first");
  for (let turn = 0; turn < 3; turn += 1) {
    await talk.changes([ben]);
    await talk.says(ada, `Under ${turn + 1}`);
  }
  await ben.renewed();
  assert.deepEqual([ben.told.outcomes, ben.told.saved, ben.opener.current.number], [["current"], 1, 3]);
  assert.deepEqual(texts(await ben.log.readAll(talk.messages)), ["Under the first", "Under 1", "Under 2", "Under 3"]);
  // As it is opened the next time.
  const again = await talk.opens("ben", structuredClone({ ...ben.kept, signing: undefined, exchange: undefined }), ben.person);
  assert.equal(again.opener.current.number, 3);
  assert.deepEqual(again.opener.room, ada.opener.room);
  assert.deepEqual(texts(await again.log.readAll(talk.messages)), ["Under the first", "Under 1", "Under 2", "Under 3"]);
});

test("the link that those who stay give names the newest key and its founder, with its passphrase", async () => {
  const { talk, ben } = await Talk.ofTwo();
  const { epoch } = await talk.changes([ben], { how: { stretched: new Uint8Array(32).fill(7) } });
  await ben.renewed();
  assert.deepEqual([ben.kept.key, ben.kept.iterations, ben.kept.epoch], [epoch.key, 600_000, 1]);
  assert.deepEqual(ben.kept.owner, talk.first.owner);
});

test("whoever is removed can open nothing of what follows, whatever the server gives them", async () => {
  const { talk, ada, ben } = await Talk.ofTwo();
  const eve = await talk.visitor("eve");
  await talk.introduces(eve);
  const { record } = await talk.changes([ben]);
  const secret = await talk.says(ada, "Without Eve");
  await eve.renewed();
  assert.deepEqual([eve.told.outcomes, eve.opener.current.number], [["left_out"], 0]);
  const [read] = await eve.log.readAll([secret]);
  assert.equal(read.message?.type, "unreadable");
  assert.match(String(read.message?.message), /another key/);
  await assert.rejects(traced({ epoch: await Epoch.derive(eve.opener.current.key, { number: 1 }), roomId: ROOM_ID, call: (path) => talk.answers(path) }));
  assert.ok(!Buffer.from(record).includes(Buffer.from(talk.ada.opener.current.key)));
});

test("a record that somebody else made is not taken, with whatever the server says of it", async () => {
  const { talk, ada, ben } = await Talk.ofTwo();
  const eve = await talk.visitor("eve");
  await talk.introduces(eve);
  // Eve still has the key, and the server's help: she wraps hers for everybody.
  await talk.changes([ada, ben], { by: eve });
  await ben.renewed();
  assert.deepEqual([ben.told.outcomes, ben.opener.current.number, ben.told.saved], [["forged"], 0, 0]);
  const sealed = await talk.says(ben, "Still under the first");
  assert.equal((await ada.log.readAll([sealed]))[0].message?.message, "Still under the first");
});

test("a founder that nobody was introduced to makes no keys, and one by another name neither", async () => {
  const talk = await Talk.begin();
  const ben = await talk.visitor("ben");
  await talk.introduces(ben);
  await talk.changes([ben]);
  await ben.renewed();
  // Eve says that she is Ada, under Ada's user_id: her keys aren't those that the link names.
  const eve = await talk.visitor("ada");
  await talk.introduces(eve);
  await ben.renewed();
  assert.deepEqual(ben.told.outcomes, ["forged", "forged"]);
  // The first key still is Ada's, and she may say so late.
  const late = new Sealer(await Epoch.derive(talk.first.key), ben.opener.room, talk.ada.person, "ada");
  const body = utf8(JSON.stringify(introductionOf("Ada", talk.ada.person.public)));
  talk.stores("ada", { message: await late.seal(body, { clientId: "late", kind: "introduction" }), type: "encrypted", client_id: "late" });
  await ben.renewed();
  assert.deepEqual(ben.told.outcomes, ["forged", "forged", "current"]);
  const asked = talk.asked.filter((path) => path.includes("/messages?"));
  assert.ok(asked.length >= 3 && asked[0].includes("after=0"));
});

test("what the server leaves out, swaps, repeats, changes or serves to others is noticed", async () => {
  const { talk, ben } = await Talk.ofTwo();
  const cleo = await talk.visitor("cleo");
  await talk.introduces(cleo);
  const [one, two, three] = [await talk.changes([ben, cleo]), await talk.changes([ben, cleo]), await talk.changes([ben, cleo])].map(({ record }) => record);
  const cut = two.slice(0, -1);
  const changed = two.slice();
  changed[200] ^= 1;
  /** @type {[string, Uint8Array[], string, number][]} */
  const lies = [
    ["the first left out", [two, three], "forged", 0],
    ["one left out within", [one, three], "forged", 0],
    ["swapped", [two, one, three], "forged", 0],
    ["shown twice", [one, one, two], "forged", 0],
    ["cut", [one, cut, three], "forged", 0],
    ["changed", [one, changed, three], "forged", 1],
    ["none of them", [], "forged", 0],
  ];
  for (const [name, records, outcome, reached] of lies) {
    const fresh = await talk.opens("ben", { ...ben.kept, seen: {} }, ben.person);
    talk.lie = (path) => (path.includes("/epochs") ? talk.epochs(Number(/after=(\d+)/.exec(path)?.[1]), records, 3) : undefined);
    await fresh.renewed();
    assert.deepEqual([fresh.told.outcomes, fresh.opener.current.number], [[outcome], reached], name);
  }
  talk.lie = undefined;
});

test("a record of another conversation by the same founder is not taken", async () => {
  const { talk, ada, ben } = await Talk.ofTwo();
  const other = await Epoch.derive(newKey().key);
  const { record } = await begin(ada.person, other, await other.room(), [ada.person.public, ben.person.public]);
  talk.records.push(record);
  await ben.renewed();
  assert.deepEqual(ben.told.outcomes, ["forged"]);
});

test("nobody goes back to an earlier key, and what is written waits", async () => {
  const { talk, ben } = await Talk.ofTwo();
  await talk.changes([ben]);
  await ben.renewed();
  talk.records.pop();
  const sent = [];
  const socket = socketOf(async (_, fields) => {
    sent.push(fields.message);
    return { ok: false, code: "epoch_over", error: "", epoch: 0 };
  });
  const ack = await ben.line.socket(socket).timeout(1).emitWithAck("send_message", { message: "Not under the first", client_id: "c" });
  assert.deepEqual([ack.ok, ack.code], [false, "unavailable"]);
  assert.deepEqual(ben.told.outcomes.at(-1), "set_back");
  assert.deepEqual(sent.map(epochIn), [1]);
});

test("a server that was restored gets the lost records again, as they were made", async () => {
  const { talk, ada, ben } = await Talk.ofTwo();
  const made = [await talk.changes([ben]), await talk.changes([ben]), await talk.changes([ben])];
  await ben.renewed();
  const records = Object.fromEntries(made.map(({ epoch, record }) => [epoch.number, record]));
  const kept = { ...ada.kept, records };
  talk.records.splice(1);
  /** @type {any[]} */
  const posted = [];
  const call = async (path, body) => {
    if (!body) return talk.answers(path);
    posted.push(body);
    talk.records.push(new Uint8Array(Buffer.from(body.record, "base64url")));
    return { success: true, number: talk.records.length };
  };
  const place = { kept, opener: ada.opener, person: ada.person, roomId: ROOM_ID, call };
  assert.equal(await giveBack(place), "current");
  assert.deepEqual(posted.map(({ record }) => record), [made[1], made[2]].map(({ record }) => toBase64url(record)));
  assert.equal(posted[1].read_proof_hash, toBase64url(await made[2].epoch.proofHash()));
  await ben.renewed();
  assert.equal(ben.told.outcomes.at(-1), "current");
  talk.records.splice(1);
  assert.equal(await giveBack({ ...place, kept: ada.kept }), "set_back");
  assert.equal(posted.length, 2);
});

test("a server that doesn't answer is asked again, and nothing is decided by it", async () => {
  const { talk, ben } = await Talk.ofTwo();
  await talk.changes([ben]);
  for (const lie of [{ success: false, code: "no_answer" }, { success: true }, { success: true, epoch: 1, epochs: [{}], has_more: true }]) {
    talk.lie = () => lie;
    await ben.renewed();
    assert.equal(ben.told.outcomes.at(-1), "unreachable", JSON.stringify(lie));
  }
  talk.lie = () => ({ success: false, code: "read_proof_required" });
  await ben.renewed();
  assert.equal(ben.told.outcomes.at(-1), "left_out");
  talk.lie = undefined;
  await ben.renewed();
  assert.equal(ben.told.outcomes.at(-1), "current");
});

test("what was refused goes out once more, under the new key and the same name", async () => {
  const { talk, ada, ben } = await Talk.ofTwo();
  await talk.changes([ben]);
  /** @type {any[]} */
  const sent = [];
  const socket = socketOf(async (_, fields) => {
    sent.push(fields);
    if (epochIn(fields.message) < 1) return { ok: false, code: "epoch_over", error: "", epoch: 1 };
    return { ok: true, id: "x", seq: 9, timestamp: "" };
  });
  const through = ben.line.socket(socket);
  const ack = await through.timeout(1).emitWithAck("send_message", { message: "Across", client_id: "c-1" });
  assert.ok(ack.ok);
  assert.deepEqual(sent.map(({ message, client_id: id }) => [epochIn(message), id]), [[0, "c-1"], [1, "c-1"]]);
  const stored = talk.stores("ben", sent[1]);
  assert.equal((await ada.log.readAll([stored]))[0].message?.message, "Across");
  // The next one needs no refusal.
  await through.timeout(1).emitWithAck("send_message", { message: "After", client_id: "c-2" });
  assert.equal(sent.length, 3);
});

test("while the new key can't be had, it waits as it was sealed", async () => {
  const { talk, ben } = await Talk.ofTwo();
  await talk.changes([ben]);
  talk.lie = () => ({ success: false, code: "no_answer" });
  /** @type {string[]} */
  const sent = [];
  const socket = socketOf(async (_, fields) => {
    sent.push(fields.message);
    return epochIn(fields.message) < 1 ? { ok: false, code: "epoch_over", error: "", epoch: 1 } : { ok: true, id: "x", seq: 9, timestamp: "" };
  });
  const through = ben.line.socket(socket).timeout(1);
  const said = { message: "Across", client_id: "c-1" };
  assert.equal((await through.emitWithAck("send_message", said)).code, "unavailable");
  assert.equal((await through.emitWithAck("send_message", said)).code, "unavailable");
  assert.equal(sent[0], sent[1]);
  talk.lie = undefined;
  assert.ok((await through.emitWithAck("send_message", said)).ok);
  assert.deepEqual(sent.map(epochIn), [0, 0, 0, 1]);
});

test("events are read in their order, each with its key, and what came too early is read once the key is there", async () => {
  const { talk, ada, ben } = await Talk.ofTwo();
  /** @type {[string, any][]} */
  const shown = [];
  const told = new Map();
  const socket = socketOf(async () => ({ ok: true }), told);
  const through = ben.line.socket(socket);
  for (const event of ["new_message", "epoch_began"]) through.on(event, (fields) => shown.push([event, fields.message ?? fields.number]));
  ben.line.reread = (messages) => shown.push(["reread", messages.map(({ message }) => message)]);
  const before = await talk.says(ada, "Before");
  await talk.changes([ben]);
  const after = await talk.says(ada, "After");
  told.get("new_message")(before);
  told.get("epoch_began")({ number: 1, seq: 4 });
  told.get("new_message")(after);
  await ben.line.next(async () => {});
  assert.deepEqual(shown, [["new_message", "Before"], ["epoch_began", 1], ["new_message", "After"]]);
  shown.length = 0;
  await talk.changes([ben]);
  talk.lie = () => ({ success: false, code: "no_answer" });
  told.get("new_message")(await talk.says(ada, "Early"));
  await ben.line.next(async () => {});
  assert.match(shown[0][1], /another key/);
  talk.lie = undefined;
  told.get("epoch_began")({ number: 2, seq: 7 });
  await ben.line.next(async () => {});
  await ben.line.next(async () => {});
  assert.deepEqual(shown.slice(1), [["epoch_began", 2], ["reread", ["Early"]]]);
  await ben.log.follow(9, false);
  assert.deepEqual(ben.told.faults, []);
});

test("somebody who was left behind speaks under the old key with the server's help, and that is told", async () => {
  const { talk, ada, ben } = await Talk.ofTwo();
  const eve = await talk.visitor("eve");
  await talk.changes([ben]);
  await ben.renewed();
  await talk.says(ada, "Under the new");
  await talk.says(eve, "Under the old");
  await ben.log.readAll(talk.messages);
  await ben.log.follow(talk.messages.length, true);
  assert.deepEqual(ben.told.faults, ["outdated"]);
});

test("what one has no key for still counts in the log's hash", async () => {
  const { talk, ada, ben } = await Talk.ofTwo();
  const eve = await talk.visitor("eve");
  const log = () => ada.log.readAll(talk.messages).then(() => ada.log.follow(talk.messages.length, true));
  await talk.changes([ben]);
  await log();
  await talk.says(ada, "One");
  await log();
  await talk.says(ada, "Two");
  await eve.log.readAll(talk.messages);
  await eve.log.follow(talk.messages.length, true);
  assert.deepEqual(eve.told.faults, []);
  const [first] = talk.messages.filter(({ seq }) => seq === 3);
  assert.ok(eve.log.digestAt(first.seq));
});

test("by the new link one comes to the room, and back to what was said first", async () => {
  const { talk, ada, ben } = await Talk.ofTwo();
  await talk.says(ada, "Under the first");
  for (let turn = 0; turn < 3; turn += 1) {
    await talk.changes([ben]);
    await talk.says(ada, `Under ${turn + 1}`);
  }
  const { current } = ada.opener;
  const call = (path) => talk.answers(path);
  const found = await traced({ epoch: await Epoch.derive(current.key, { number: 3 }), roomId: ROOM_ID, call });
  assert.deepEqual([found.room, found.epochs.map(({ number }) => number)], [ada.opener.room, [0, 1, 2, 3]]);
  const before = found.epochs.slice(0, -1);
  const person = await Person.generate();
  const cleo = await talk.opens("cleo", { ...talk.first, key: current.key, epoch: 3, room: found.room, before, known: {} }, person);
  assert.deepEqual(texts(await cleo.log.readAll(talk.messages)), ["Under the first", "Under 1", "Under 2", "Under 3"]);
  for (const [name, lie] of Object.entries({
    "one left out": talk.epochs(0, [talk.records[0], talk.records[2]], 3), "an older number": talk.epochs(0, talk.records.slice(0, 2), 2),
    "others swapped": talk.epochs(0, [talk.records[1], talk.records[0], talk.records[2]], 3),
  })) {
    talk.lie = () => lie;
    await assert.rejects(traced({ epoch: current, roomId: ROOM_ID, call }), { outcome: "forged" }, name);
  }
  talk.lie = undefined;
  await assert.rejects(traced({ epoch: current, roomId: ROOM_ID, call, founder: ben.person.public.signing }), { outcome: "forged" });
});

test("whoever comes back by another link goes by the founder they know, whoever the link names", async () => {
  const { talk, ada, ben } = await Talk.ofTwo();
  const eve = await talk.visitor("eve");
  await talk.introduces(eve);
  await ben.log.readAll(talk.messages);
  const call = (path) => talk.answers(path);
  const by = (epoch, owner) => whole({ kept: { ...talk.first, roomId: ROOM_ID, key: epoch.key, owner }, epoch, known: ben.kept, roomId: ROOM_ID, call });
  // Eve made a key with the server's help, and sends a link that says she began it.
  const { epoch: false_ } = await talk.changes([ben], { by: eve });
  await assert.rejects(by(false_, await idOf(eve.person.public)), { outcome: "forged" });
  // Where Ada isn't known by her keys, it is still hers to make the next one.
  const fresh = { ...ben.kept, seen: {} };
  const kept = await whole({ kept: { ...talk.first, key: false_.key, owner: await idOf(eve.person.public) }, epoch: false_, known: fresh, roomId: ROOM_ID, call });
  assert.deepEqual(kept.owner, talk.first.owner);
  // Some programs cut a link: what it says no more is known.
  talk.records.pop();
  const { epoch } = await talk.changes([]);
  const cut = await by(epoch, new Uint8Array());
  assert.deepEqual([cut.owner, cut.epoch, cut.signing], [talk.first.owner, 1, ben.kept.signing]);
  const back = await talk.opens("ben", cut, ben.person);
  const { epoch: next } = await talk.changes([ben], { from: epoch });
  await back.renewed();
  assert.deepEqual([back.told.outcomes, back.opener.current.key], [["current"], next.key]);
  // Whoever had a link without it takes it from the next.
  const unnamed = await whole({ kept: { ...talk.first, key: next.key }, epoch: next, known: { ...cut, owner: new Uint8Array() }, roomId: ROOM_ID, call });
  assert.deepEqual(unnamed.owner, talk.first.owner);
});

test("without a history in the record, what was said before stays closed", async () => {
  const { talk, ada, ben } = await Talk.ofTwo();
  await talk.says(ada, "Before");
  const { epoch } = await talk.changes([ben], { how: { withHistory: false } });
  await talk.says(ada, "After");
  const { room, epochs } = await traced({ epoch, roomId: ROOM_ID, call: (path) => talk.answers(path) });
  assert.deepEqual(epochs.map(({ number }) => number), [1]);
  const cleo = await talk.opens("cleo", { ...talk.first, key: epoch.key, epoch: 1, room, before: [], known: {} }, await Person.generate());
  const read = await cleo.log.readAll(talk.messages);
  assert.deepEqual(read.map(({ message }) => message?.type), ["unreadable", "unreadable", "unreadable", "text"]);
});

test("one who was passed over and is handed the key again has those between as well", async () => {
  const { talk, ada, ben } = await Talk.ofTwo();
  await talk.changes([]);
  await talk.says(ada, "Between");
  await talk.changes([ben]);
  await ben.renewed();
  assert.deepEqual([ben.told.outcomes, [...ben.opener.epochs.keys()].sort()], [["current"], [0, 1, 2]]);
  assert.ok(texts(await ben.log.readAll(talk.messages)).includes("Between"));
});

test("those get the next key who have this one, and were neither removed nor brought in under somebody's name", async () => {
  const { talk, ada, ben } = await Talk.ofTwo();
  const [cleo, eve, dan] = [await talk.visitor("cleo"), await talk.visitor("eve"), await talk.visitor("dan")];
  await talk.introduces(cleo);
  await talk.introduces(eve);
  await talk.says(dan, "I say nothing of my keys");
  await ada.log.readAll(talk.messages);
  const idsOf = async (people) => (await Promise.all(people.map((each) => idOf(each)))).map(toBase64url).sort();
  const stay = async (removed) => idsOf(await holders(ada.kept, removed));
  const ids = await idsOf([ben.person.public, cleo.person.public, eve.person.public]);
  assert.deepEqual(await stay([]), ids);
  assert.deepEqual(await stay(["eve"]), await idsOf([ben.person.public, cleo.person.public]));
  // Eve brings in a second key of Ben's, and another of her own under a new name she is removed by, too.
  const planted = await talk.visitor("ben");
  await talk.introduces(planted);
  await talk.introduces({ ...eve, userId: "eve-2", line: Object.assign(eve.line, { userId: "eve-2" }) });
  await ada.log.readAll(talk.messages);
  assert.deepEqual(await stay(["eve-2"]), await idsOf([ben.person.public, cleo.person.public]));
  // In the next epoch those have the key whom it was handed to, or who write with it.
  const { record } = await talk.changes([ben]);
  Object.assign(ada.kept, { epoch: 1, wrapped: [toBase64url(await idOf(ben.person.public))] });
  assert.deepEqual(await stay([]), await idsOf([ben.person.public]));
  await cleo.opener.add(ada.opener.current);
  await talk.says(cleo, "By the new link");
  await ada.log.readAll(talk.messages);
  assert.deepEqual(await stay([]), await idsOf([ben.person.public, cleo.person.public]));
  assert.ok(record.length);
});

test("whoever says a point that is none goes without the new key, and keeps nobody else from it", async () => {
  const { talk, ada, ben } = await Talk.ofTwo();
  const cleo = await talk.visitor("cleo");
  for (const [userId, exchange] of /** @type {[string, unknown][]} */ ([
    ["eve", toBase64url(new Uint8Array(64).fill(1))], ["fay", toBase64url(new Uint8Array(64))],
    ["gil", [toBase64url(ben.person.public.exchange)]], ["hal", {}], ["ida", "_".repeat(86)],
  ])) {
    const { line } = await talk.visitor(userId);
    const { fields } = await line.saysOf({ room_id: ROOM_ID }, "introduction", { name: userId, exchange });
    talk.stores(userId, fields);
  }
  await talk.introduces(cleo);
  await ada.log.readAll(talk.messages);
  const stay = await holders(ada.kept, []);
  assert.deepEqual(stay.map(({ signing }) => toBase64url(signing)).sort(), [ben, cleo].map(({ person }) => toBase64url(person.public.signing)).sort());
  await begin(ada.person, ada.opener.current, ada.opener.room, stay);
});

test("whoever calls themselves what objects have of their own goes like anybody, and stays like anybody", async () => {
  for (const id of ["__proto__", "constructor", "toString"]) {
    const { talk, ada, ben } = await Talk.ofTwo();
    await talk.introduces(await talk.visitor(id));
    await ada.log.readAll(talk.messages);
    const stay = await holders(ada.kept, [...removedOf({ removed: [] }, id).keys()]);
    assert.deepEqual(stay.map(({ signing }) => toBase64url(signing)), [toBase64url(ben.person.public.signing)], id);
    assert.equal((await holders(ada.kept, [...removedOf({ removed: [] }).keys()])).length, 2, id);
    assert.equal(await isHeldByRemoved(ada.kept, removedOf({ removed: [] })), false, id);
    assert.equal(await isHeldByRemoved(ada.kept, removedOf({ removed: [] }, id)), true, id);
  }
});

test("the founder's page knows who has the key and should not", async () => {
  const { talk, ada, ben } = await Talk.ofTwo();
  await ada.log.readAll(talk.messages);
  const at = "2026-11-29T12:00:00Z";
  assert.equal(await isHeldByRemoved(ada.kept, new Map()), false);
  assert.equal(await isHeldByRemoved(ada.kept, new Map([["ben", at]])), true);
  assert.equal(await isHeldByRemoved(ada.kept, new Map([["silent", at]])), true); // they had the link
  Object.assign(ada.kept, { epoch: 1, wrapped: [], without: { ben: at } });
  assert.equal(await isHeldByRemoved(ada.kept, new Map([["ben", at]])), false);
  assert.equal(await isHeldByRemoved(ada.kept, new Map([["ben", "later"]])), true); // was let back meanwhile
  Object.assign(ada.kept, { wrapped: [toBase64url(await idOf(ben.person.public))] });
  assert.equal(await isHeldByRemoved(ada.kept, new Map([["ben", at]])), true);
});

test("the line stands once between the last under one key and the first under the next", async () => {
  const { talk, ada, ben } = await Talk.ofTwo();
  const first = await talk.says(ada, "Before");
  await talk.changes([ben]);
  await talk.says(ada, "After");
  await ben.renewed();
  const messages = (await ben.log.readAll(talk.messages)).flatMap(({ message }) => message ?? []);
  const [found, ...more] = ben.log.beginnings(messages);
  assert.deepEqual([found.number, found.afterSeq, more.length], [1, first.seq, 0]);
  let state = { ...INITIAL, seq: 9 };
  state = { ...state, notices: addNotice(state, "joined", "Cleo", "t") };
  for (const began of [found, { ...found, afterSeq: 4 }]) state = SEALED.began(state, { ...began });
  assert.deepEqual(state.notices.map(({ afterSeq, said }) => [afterSeq, said.length]), [[first.seq, 1], [9, 0]]);
  assert.match(state.notices[0].said[0], /The key was changed/);
  state = { ...state, notices: addNotice(state, "joined", "Dan", "t") };
  state = { ...state, seq: 10, notices: addNotice({ ...state, seq: 10 }, "left", "Dan", "t") };
  assert.equal(new Set(state.notices.map(({ id }) => id)).size, state.notices.length);
});

/** @param {string} envelope */
function epochIn(envelope) {
  return Buffer.from(envelope, "base64url").readUInt32BE(2);
}

/**
 * @param {(event: string, fields: any) => Promise<any>} answer
 * @param {Map<string, (fields: any) => void>} [told]
 * @returns {any}
 */
function socketOf(answer, told = new Map()) {
  return { on: (event, act) => told.set(event, act), timeout: () => ({ emitWithAck: answer }) };
}
