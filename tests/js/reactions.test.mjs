// @ts-check
// Reactions: whose they are in words, one's own at once and put right, and finding an emoji by what it is called.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { GROUPS, entryOf, find, inTone } from "../../parley/static/js/reactions/words.js";
import { itemsOf } from "../../parley/static/js/state/items.js";
import { INITIAL, reduce } from "../../parley/static/js/state/store.js";
import { who } from "../../parley/static/js/transcript/reactions.js";

const CASES = JSON.parse(readFileSync(new URL("../reactions_cases.json", import.meta.url), "utf-8"));
const ME = { userId: "ada", username: "Ada", role: "member" };
const LIKED = { emoji: "👍", count: 2, user_ids: ["ben", "cleo"] };

const stateWith = (reactions, fields = {}) => ({
  ...INITIAL, me: ME, seq: 1,
  messages: [{ id: "m", seq: 1, user_id: "ben", username: "Ben", message: "Tea?", timestamp: "2026-11-28T12:00:00Z", reactions }],
  ...fields,
});
const shown = (state) => itemsOf(state).flatMap((item) => (item.kind === "message" ? item.reactions : []));
const reacting = (emoji, on) => ({ type: "reacting", id: "m", emoji, on });
const changed = (seq, reactions) => ({
  type: "message_changed", message: { ...stateWith(reactions).messages[0], changed_seq: seq },
});

for (const [ids, count, own, words] of CASES.who) {
  test(`${words} reacted`, () => {
    assert.equal(who({ emoji: "👍", count, user_ids: ids }, own, (id) => CASES.names[id]), words);
  });
}

test("one's own is there before the server has it, and gone again if it is refused", () => {
  const state = reduce(stateWith([LIKED]), reacting("👍", true));
  assert.deepEqual(shown(state), [{ emoji: "👍", count: 3, user_ids: ["ben", "cleo", "ada"] }]);
  assert.deepEqual(shown(reduce(state, { type: "unreacted", id: "m", emoji: "👍" })), [LIKED]);
  assert.deepEqual(shown(reduce(stateWith([]), reacting("🎉", true))), [{ emoji: "🎉", count: 1, user_ids: ["ada"] }]);
});

test("one's own is counted once, whether the change or the answer comes first", () => {
  const [now] = [[{ emoji: "👍", count: 3, user_ids: ["ben", "cleo", "ada"] }]];
  const sent = reduce(stateWith([LIKED]), reacting("👍", true));
  const told = reduce(sent, changed(2, now));
  assert.deepEqual(shown(told), now);
  assert.deepEqual(shown(reduce(told, { type: "reacted", id: "m", emoji: "👍", on: true })), now);
});

test("what is taken back goes at once, and the chip with the last of them", () => {
  const mine = stateWith([{ emoji: "🎉", count: 1, user_ids: ["ada"] }, { ...LIKED, count: 3, user_ids: ["ada", "ben", "cleo"] }]);
  assert.deepEqual(shown(reduce(mine, reacting("🎉", false))).map((each) => each.emoji), ["👍"]);
  assert.deepEqual(shown(reduce(mine, reacting("👍", false)))[1], LIKED);
});

test("who is not among the first fifty still sees that they reacted", () => {
  const crowd = { emoji: "👍", count: 60, user_ids: Array.from({ length: 50 }, (_, at) => `p${at}`) };
  const sent = reduce(stateWith([crowd]), reacting("👍", true));
  const told = reduce(reduce(sent, changed(2, [{ ...crowd, count: 61 }])), { type: "reacted", id: "m", emoji: "👍", on: true });
  assert.deepEqual([shown(told)[0].count, shown(told)[0].own], [61, true]);
  assert.match(who(shown(told)[0], "ada", () => undefined), /^you and 60 others$/);
  const back = reduce(reduce(reduce(told, reacting("👍", false)), changed(3, [crowd])), { type: "reacted", id: "m", emoji: "👍", on: false });
  assert.deepEqual([shown(back)[0].count, shown(back)[0].own], [60, false]);
});

test("one's own beyond the first fifty is known from what the server says to whoever asks, and kept", () => {
  const crowd = { emoji: "👍", count: 60, user_ids: Array.from({ length: 50 }, (_, at) => `p${at}`) };
  const [message] = stateWith([{ ...crowd, own: true }]).messages;
  for (const type of ["older_loaded", "newer_loaded", "window_loaded"]) {
    const loaded = reduce(stateWith([], { messages: [] }), { type, messages: [message], hasMore: false, seq: 1 });
    assert.equal(shown(loaded)[0].own, true, type);
    const told = reduce(loaded, changed(2, [{ ...crowd, count: 61 }]));
    assert.deepEqual([shown(told)[0].count, shown(told)[0].own], [61, true], type);
    const back = reduce(reduce(told, reacting("👍", false)), { type: "reacted", id: "m", emoji: "👍", on: false });
    const again = reduce(back, { type: "older_loaded", messages: [message], hasMore: false });
    assert.equal(shown(again)[0].own, false, "what was pressed since is newer than a page that was asked for before");
  }
});

test("a deleted message shows none, and nobody without a name has any of their own", () => {
  const [message] = stateWith([LIKED]).messages;
  assert.deepEqual(shown(stateWith([], { messages: [{ ...message, deleted: true }] })), []);
  assert.deepEqual(shown(stateWith([LIKED], { me: null, reacting: [{ id: "m", emoji: "👍", on: true, isSent: false }] })), [LIKED]);
});

test("an emoji is found by its name, the beginning of a word, and what people call it", () => {
  assert.equal(find("red heart")[0].emoji, "❤️");
  assert.equal(find("thumbs up")[0].emoji, "👍️".replace("\ufe0f", ""));
  assert.equal(find("Germany")[0].emoji, "🇩🇪");
  assert.ok(find("lol").some(({ emoji }) => emoji === "😂"));
  assert.ok(find("pizz").some(({ emoji }) => emoji === "🍕"));
  assert.ok(find("+1").some(({ emoji }) => emoji === "👍"));
  assert.equal(find("🍕")[0].name, "pizza");
  // What it is comes before what it has to do with, in whatever form of the word.
  for (const [asked, name] of [["swim", "person swimming"], ["run", "person running"], ["surf", "person surfing"]]) {
    assert.equal(find(asked)[0].name, name);
  }
  assert.equal(find("cat")[0].name, "cat");
  assert.equal(find("pizza")[0].name, "pizza");
  assert.deepEqual(find("xyzzy"), []);
  assert.deepEqual(find("  "), []);
});

test("a skin tone goes where there is skin, to each person of a couple, and is told apart again", () => {
  const byName = (name) => GROUPS.flatMap(({ entries }) => entries).find((entry) => entry.name === name);
  assert.equal(inTone(byName("thumbs up"), "🏽"), "👍🏽");
  assert.equal(inTone(byName("rocket"), "🏽"), "🚀");
  assert.equal(inTone(byName("people holding hands"), "🏿"), "🧑🏿‍🤝‍🧑🏿");
  assert.equal(entryOf("👍🏽")?.name, "thumbs up");
  assert.equal(GROUPS.length, 9);
  assert.ok(GROUPS.every(({ name, entries }) => name && entries.length > 50));
});
