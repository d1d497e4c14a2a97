// @ts-check
// An encrypted conversation's log as the page reads it: from an honest server, and from one that lies.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Opener, Sealer } from "../../parley/static/js/encryption/envelope.js";
import { Epoch, newKey } from "../../parley/static/js/encryption/keys.js";
import { Person } from "../../parley/static/js/encryption/people.js";
import { SealedFiles } from "../../parley/static/js/sealed/files.js";
import { Line } from "../../parley/static/js/sealed/line.js";
import { Log } from "../../parley/static/js/sealed/log.js";
import { recheck } from "../../parley/static/js/sealed/searching/rechecking.js";

/** People in one conversation, and a server that keeps what they say. */
class Talk {
  static async begin() {
    const talk = new Talk();
    talk.epoch = await Epoch.derive(newKey().key);
    talk.room = await talk.epoch.room();
    talk.messages = [];
    talk.people = { ada: await talk.comes("ada"), ben: await talk.comes("ben") };
    return talk;
  }

  async comes(userId) {
    const person = await Person.generate();
    const told = { faults: [], met: [] };
    const files = new SealedFiles();
    const log = new Log({
      files, opener: new Opener(this.room, this.epoch), known: {},
      found: (faults) => told.faults.push(...faults.map(({ what }) => what)),
      met: (who, name, point, isAnother) => told.met.push([who, isAnother]),
    });
    const line = new Line({ log, files, userId, person });
    return { userId, person, log, line, told };
  }

  /** Through their line, stored as the server would. */
  async says(who, text, { replyTo, ...more } = {}) {
    const { line, log } = this.people[who];
    const sent = await line.going("send_message", { message: text, client_id: `${who}-${this.messages.length}`, ...(replyTo && { reply_to: replyTo }) });
    const stored = this.stores(who, sent.fields, more);
    await log.read(stored);
    await log.follow(stored.seq, true);
    return stored;
  }

  stores(who, fields, more = {}) {
    const seq = this.messages.length + 1;
    const stored = {
      id: `id-${seq}`, seq, changed_seq: seq, user_id: who, username: who, timestamp: "2026-11-29T12:00:00.000+00:00",
      type: fields.type, message: fields.message, client_id: fields.client_id, ...more,
    };
    this.messages.push(stored);
    return stored;
  }

  /** Somebody who comes with the link, and is shown these. */
  async reads(messages) {
    const cleo = await this.comes("cleo");
    const read = await cleo.log.readAll(messages);
    await cleo.log.follow(messages.at(-1)?.seq ?? 0, true);
    return { ...cleo, read, texts: read.map(({ message }) => message?.message) };
  }
}

test("what was said is read, and the log agrees", async () => {
  const talk = await Talk.begin();
  const first = await talk.says("ada", "Tea at four?");
  await talk.people.ben.log.read(first);
  await talk.people.ben.log.follow(1, true);
  await talk.says("ben", "Yes", { replyTo: first.id });
  const { texts, read, told } = await talk.reads(talk.messages);
  assert.deepEqual(texts, ["Tea at four?", "Yes"]);
  assert.equal(read[1].message?.reply_to?.excerpt, "Tea at four?");
  assert.deepEqual(told.faults, []);
  assert.deepEqual(told.met, [["ada", false], ["ben", false]]);
  assert.equal(read[0].message?.unproven, undefined);
});

test("a server's own words are never shown", async () => {
  const talk = await Talk.begin();
  const said = await talk.says("ada", "Mine");
  const lies = {
    parts: ["Theirs"], reply_to: { id: "x", seq: 1, user_id: "ben", username: "Ben", excerpt: "Theirs" },
    mentions: ["cleo"], reactions: [{ emoji: "👍", count: 9, user_ids: [] }], files: [], title: "Theirs",
  };
  const { read, texts } = await talk.reads([{ ...said, ...lies }]);
  assert.deepEqual(texts, ["Mine"]);
  assert.ok(!JSON.stringify(read).includes("Theirs"));
  for (const field of ["parts", "reply_to", "mentions", "reactions"]) assert.equal(read[0].message?.[field], undefined, field);
  const plain = await talk.reads([{ ...said, type: "text", message: "Send your key to this address" }]);
  assert.match(String(plain.texts[0]), /can't be read/);
  const deleted = await talk.reads([{ ...said, deleted: true, message: "Theirs" }]);
  assert.deepEqual(deleted.texts, [""]);
});

test("what was changed, or said to be somebody else's, isn't read", async () => {
  const talk = await Talk.begin();
  const said = await talk.says("ada", "Mine");
  const at = said.message.length - 30;
  const changed = said.message.slice(0, at) + (said.message[at] === "A" ? "B" : "A") + said.message.slice(at + 1);
  for (const lie of [{ message: changed }, { user_id: "ben" }, { client_id: "other" }, { message: "" }, { message: "!!" }]) {
    const { texts, told } = await talk.reads([{ ...said, ...lie }]);
    assert.match(String(texts[0]), /can't be read/, JSON.stringify(Object.keys(lie)));
    assert.deepEqual(told.met, []);
  }
});

test("a message that is shown twice is told, and so is one that is left out", async () => {
  const talk = await Talk.begin();
  for (const text of ["One", "Two", "Three"]) await talk.says("ada", text);
  const [one, two, three] = talk.messages;
  const twice = await talk.reads([one, two, { ...one, id: "id-9", seq: 9, changed_seq: 9 }]);
  assert.ok(twice.told.faults.includes("repeated"));
  const without = await talk.reads([one, three]);
  assert.ok(without.told.faults.includes("disagrees"));
  const swapped = await talk.reads([{ ...two, seq: 1 }, { ...one, seq: 2 }, three]);
  assert.ok(swapped.told.faults.includes("disagrees"));
});

test("a member who writes as another is marked, and the first key stays theirs", async () => {
  const talk = await Talk.begin();
  await talk.says("ada", "I am Ada");
  const { person } = talk.people.ben;
  const forged = new Sealer(talk.epoch, talk.room, person, "ada");
  const message = await forged.seal(new TextEncoder().encode('{"text":"I am Ada, too"}'), { clientId: "f-1" });
  talk.stores("ada", { message, type: "encrypted", client_id: "f-1" });
  const { read, told } = await talk.reads(talk.messages);
  assert.equal(read[0].message?.unproven, undefined);
  assert.equal(read[1].message?.unproven, true);
  assert.deepEqual(told.met, [["ada", false], ["ada", true]]);
});

test("one who signs under two names is believed under the first", async () => {
  const talk = await Talk.begin();
  await talk.says("ben", "I am Ben");
  const forged = new Sealer(talk.epoch, talk.room, talk.people.ben.person, "cleo");
  const message = await forged.seal(new TextEncoder().encode('{"text":"I am Cleo"}'), { clientId: "f-1" });
  talk.stores("cleo", { message, type: "encrypted", client_id: "f-1" });
  const { read } = await talk.reads(talk.messages);
  assert.deepEqual(read.map((each) => each.message?.unproven), [undefined, true]);
});

test("whoever calls themselves what objects have of their own is one of many", async () => {
  const talk = await Talk.begin();
  talk.people = Object.assign(Object.create(null), talk.people);
  const ids = ["__proto__", "constructor", "toString"];
  for (const id of ids) {
    talk.people[id] = await talk.comes(id);
    await talk.says(id, `I am ${id}`);
  }
  await talk.says("ada", "Hello");
  const { texts, told, read, log } = await talk.reads(talk.messages);
  assert.deepEqual(texts, [...ids.map((id) => `I am ${id}`), "Hello"]);
  assert.deepEqual(told.met, [...ids, "ada"].map((id) => [id, false]));
  assert.ok(read.every(({ message }) => !message?.unproven));
  // As it is kept, and read again.
  const again = await talk.comes("cleo");
  const later = new Log({ ...again.log, files: again.line.files, known: structuredClone(log.known), met: again.log.met, found: () => {} });
  assert.ok((await later.readAll(talk.messages)).every(({ message }) => message && !message.unproven));
  assert.deepEqual(again.told.met, []);
});

test("an edit replaces its message, and still says what that answered", async () => {
  const talk = await Talk.begin();
  const first = await talk.says("ada", "Tea?");
  const answer = await talk.says("ada", "At fuor", { replyTo: first.id });
  const edit = await talk.people.ada.line.going("edit_message", { id: answer.id, message: "At four" });
  const edited = { ...answer, message: edit.fields.message, changed_seq: 3, edited_at: answer.timestamp };
  const { read, texts, told } = await talk.reads([first, edited]);
  assert.deepEqual(texts, ["Tea?", "At four"]);
  assert.equal(read[1].message?.reply_to?.excerpt, "Tea?");
  assert.deepEqual(told.faults, []);
  const none = await talk.people.ada.line.going("edit_message", { id: "nowhere", message: "x" });
  assert.equal(none.code, "not_found");
});

test("a member's reactions can neither fill the page nor say words", async () => {
  const talk = await Talk.begin();
  const cake = await talk.says("ada", "Cake");
  const { ada, ben } = talk.people;
  const react = async (who, emoji) => {
    const { fields } = await talk.people[who].line.reacting({ id: cake.id, emoji, on: true });
    const stored = talk.stores(who, fields);
    for (const { log } of [ada, ben]) await log.read(stored);
  };
  await ben.log.read(cake);
  for (const words of ["Ada lied", "<b>", "x", " ", "12", "👍 no", "\u202e👍"]) await react("ben", words);
  assert.equal(ada.log.messages.get(cake.seq)?.reactions, undefined);
  const real = ["👍", "❤️", "👨‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🇩🇪", "1️⃣", "#️⃣", "ℹ️", "👍🏽", "©️"];
  for (const emoji of real) await react("ada", emoji);
  const chips = () => (ada.log.withReactions(ada.log.digestAt(cake.seq), 0)?.reactions ?? []).map(({ emoji }) => emoji);
  assert.deepEqual(chips(), real);
  for (let at = 0; at < 40; at += 1) await react("ben", String.fromCodePoint(0x1f600 + at));
  await react("ada", "🚀");
  await react("ben", "🚀");
  assert.equal(chips().length, 20);
  assert.ok(chips().includes("🚀"));
});

test("reactions are counted once for each person, and the last of theirs counts", async () => {
  const talk = await Talk.begin();
  const said = await talk.says("ada", "Cake");
  await talk.people.ben.log.read(said);
  const reacts = async (on) => {
    const { fields } = await talk.people.ben.line.going("react", { id: said.id, emoji: "👍", on });
    return talk.people.ben.log.read(talk.stores("ben", fields));
  };
  await reacts(true);
  await reacts(true);
  let shown = await talk.people.ben.line.shownOf(talk.messages, false);
  assert.deepEqual(shown.map(({ message, reactions }) => [message, reactions]), [["Cake", [{ emoji: "👍", count: 1, user_ids: ["ben"] }]]]);
  await reacts(false);
  shown = await talk.people.ben.line.shownOf(talk.messages, false);
  assert.equal(shown[0].reactions, undefined);
});

test("only an owner says what it is called, and no server does", async () => {
  const talk = await Talk.begin();
  const about = async (title) => (await talk.people.ada.line.going("retitle", { about: { title, description: "" } })).fields;
  talk.stores("ada", await about("Plans"), { role: "owner" });
  talk.stores("ada", await about("Not by an owner"));
  const { line } = await talk.reads(talk.messages);
  assert.equal(line.called({ room_id: "r", title: "The server's", description: "Its words" }).title, "Plans");
  assert.equal(line.called({ room_id: "r", title: "x", description: "Its words" }).description, "");
  const empty = await talk.comes("dan");
  assert.equal(empty.line.called({ room_id: "r", title: "The server's" }).title, "Conversation r");
});

test("what is sent again goes out as it was, and as somebody else anew", async () => {
  const talk = await Talk.begin();
  const { line } = talk.people.ada;
  const send = () => line.going("send_message", { message: "Once", client_id: "c-1" });
  const [one, two] = [await send(), await send()];
  assert.equal(one.fields.message, two.fields.message);
  line.userId = "eve";
  assert.notEqual((await send()).fields.message, one.fields.message);
});

test("a page of the history without a message to show leads to the one beyond", async () => {
  const talk = await Talk.begin();
  const said = await talk.says("ada", "Cake");
  await talk.people.ben.log.read(said);
  for (const on of [true, false, true]) {
    const { fields } = await talk.people.ben.line.going("react", { id: said.id, emoji: "👍", on });
    await talk.people.ben.log.read(talk.stores("ben", fields));
  }
  const asked = [];
  const again = async (path) => {
    asked.push(path);
    return { success: true, messages: talk.messages.slice(0, 1), has_more: false };
  };
  const path = "/api/conversations/r/messages?before=9&limit=3";
  const page = await talk.people.ben.line.reply({ success: true, messages: talk.messages.slice(1), has_more: true }, path, again);
  assert.deepEqual(asked, ["/api/conversations/r/messages?before=2&limit=3"]);
  assert.deepEqual(page.messages.map(({ message }) => message), ["Cake"]);
});

test("a page that was on its way while a message was edited doesn't bring back what it said", async () => {
  const talk = await Talk.begin();
  const first = await talk.says("ada", "At fuor");
  const edit = await talk.people.ada.line.going("edit_message", { id: first.id, message: "At four" });
  const edited = { ...first, message: edit.fields.message, changed_seq: 2, edited_at: first.timestamp };
  const { line, log } = await talk.comes("cleo");
  const page = line.reply({ success: true, messages: [first], has_more: false }, "/api/conversations/r/messages?limit=50", async () => ({}));
  const heard = line.next(() => line.heard("message_changed", edited));
  assert.deepEqual((await page).messages.map(({ message }) => message), ["At fuor"]);
  await heard;
  const late = await line.reply({ success: true, messages: [first], has_more: false }, "/api/conversations/r/messages?limit=50", async () => ({}));
  assert.deepEqual(late.messages.map(({ message }) => message), ["At four"]);
  assert.equal(log.messages.get(1)?.message, "At four");
  const { fields } = await talk.people.ben.line.going("react", { id: first.id, emoji: "👍", on: true });
  assert.equal(fields, undefined, "Ben hasn't seen it");
  await line.heard("message_changed", { ...first, deleted: true, message: log.digestAt(1), changed_seq: 3 });
  await line.shownOf([edited], false);
  assert.equal(log.messages.get(1)?.deleted, true);
});

/** Cleo has seen the last of them, then reads what was said before. */
async function readsBackwards(talk, shown, { isErased = false } = {}) {
  const cleo = await talk.comes("cleo");
  await cleo.log.readAll(shown.slice(-2));
  await cleo.log.follow(shown.at(-1).seq, false);
  const early = [...cleo.told.faults];
  await cleo.line.older(shown.slice(0, -2));
  await recheck(cleo.log, { isErased });
  return { ...cleo, early, late: cleo.told.faults.slice(early.length) };
}

test("once the whole history is known, it is checked from its beginning", async () => {
  const talk = await Talk.begin();
  for (const text of ["One", "Two", "Three", "Four", "Five", "Six"]) await talk.says("ada", text);
  const [one, two, three, four, five, six] = talk.messages;
  const honest = await readsBackwards(talk, talk.messages);
  assert.deepEqual([honest.early, honest.late], [[], []]);
  assert.deepEqual(honest.log.claim(), talk.people.ada.log.claim());
  const without = await readsBackwards(talk, [one, two, four, five, six]);
  assert.deepEqual([without.early, without.late], [[], ["disagrees"]]);
  const twice = await readsBackwards(talk, [one, two, { ...one, id: "id-x", seq: 2.5, changed_seq: 2.5 }, three, four, five, six]);
  assert.deepEqual(twice.early, []);
  assert.ok(twice.late.includes("repeated"));
});

test("a history whose beginning is missing is said to be so, unless it was erased", async () => {
  const talk = await Talk.begin();
  for (const text of ["One", "Two", "Three", "Four", "Five"]) await talk.says("ada", text);
  const rest = talk.messages.slice(1);
  assert.deepEqual((await readsBackwards(talk, rest)).late, ["beginning_missing"]);
  const erased = await readsBackwards(talk, rest, { isErased: true });
  assert.deepEqual(erased.late, []);
  assert.deepEqual(erased.log.claim(), talk.people.ada.log.claim());
});

test("what comes while the history is checked is neither lost nor taken twice", async () => {
  const talk = await Talk.begin();
  for (let count = 0; count < 40; count += 1) await talk.says("ada", `Number ${count}`);
  const cleo = await talk.comes("cleo");
  await cleo.log.readAll(talk.messages);
  await cleo.log.follow(talk.messages.at(-1).seq, false);
  const checking = recheck(cleo.log, { isErased: false });
  for (const text of ["More", "And more"]) {
    const said = await talk.says("ada", text);
    await cleo.log.read(said);
    await cleo.log.follow(said.seq, false);
  }
  await checking;
  const last = await talk.says("ada", "Last");
  await cleo.log.read(last);
  await cleo.log.follow(last.seq, false);
  assert.deepEqual(cleo.told.faults, []);
  assert.deepEqual(cleo.log.claim(), talk.people.ada.log.claim());
});

test("what is told again is opened once, and what couldn't be opened is tried again", async () => {
  const talk = await Talk.begin();
  const said = await talk.says("ada", "Tea?");
  const { log } = await talk.comes("cleo");
  const tried = [];
  const { opener } = log;
  log.opener = { open: (envelope, by) => (tried.push(by.userId), opener.open(envelope, by)) };
  for (let time = 0; time < 3; time += 1) {
    assert.deepEqual((await log.readAll([said])).map(({ message }) => message?.message), ["Tea?"]);
  }
  assert.deepEqual(tried, ["ada"]);
  for (let time = 0; time < 2; time += 1) {
    const [{ message }] = await log.readAll([{ ...said, user_id: "ben", seq: 2, changed_seq: 2 }]);
    assert.equal(message?.type, "unreadable");
  }
  assert.deepEqual(tried, ["ada", "ben", "ben"]);
});
