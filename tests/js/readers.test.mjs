// @ts-check
// Who has read how far, and how much is unread where other changes have numbers, too.
import assert from "node:assert/strict";
import { test } from "node:test";

import { itemsOf } from "../../parley/static/js/state/items.js";
import { INITIAL, reduce } from "../../parley/static/js/state/store.js";
import { lastOfOthers, unreadSince } from "../../parley/static/js/state/unread.js";

/** @typedef {import("../../parley/static/js/state/store.js").State} State */

const said = (seq, by = "Ben") => ({
  id: `id-${seq}`, seq, user_id: by.toLowerCase(), username: by, message: `message ${seq}`,
  timestamp: new Date(Date.UTC(2026, 10, 23, 12, seq)).toISOString(),
});
const person = (name) => ({ user_id: name.toLowerCase(), username: name, role: "member", online: true });
const stateOf = (messages, fields = {}) => /** @type {State} */ ({
  ...INITIAL, me: { userId: "ada", username: "Ada", role: "owner" }, messages, seq: messages.at(-1)?.seq ?? 0,
  people: ["Ada", "Ben", "Cleo", "Dan", "Eve"].map(person), ...fields,
});
const lines = (state) => itemsOf(state).flatMap((item, index, items) =>
  (item.kind === "seen" ? [[items[index - 1].key, item.text]] : []));
const after = (state, ...events) => events.reduce(reduce, state);
const read = (by, seq, fields = {}) => ({ type: "read", user_id: by, seq, ...fields });

test("a line stands under the last message that somebody has read", () => {
  const state = after(stateOf([said(1, "Ada"), said(7, "Ada"), said(13, "Ada")]), read("ben", 8), read("cleo", 13));
  assert.deepEqual(lines(state), [["m-7", "Seen by Ben"], ["m-13", "Seen by Cleo"]]);
  assert.deepEqual(lines(after(state, read("ben", 13))), [["m-13", "Seen by Ben and Cleo"]]);
  assert.deepEqual(lines(after(state, read("ben", 2))), lines(state));
});

test("whoever wrote a message is not named under it, nor is anybody under what they wrote before", () => {
  const state = after(stateOf([said(1, "Ada"), said(2, "Ben")]), read("ben", 1), read("cleo", 2));
  assert.deepEqual(lines(state), [["m-2", "Seen by Cleo"]]);
});

test("of many some are named, and who left or keeps it to themselves is not", () => {
  const all = ["ben", "cleo", "dan", "eve"].map((who) => read(who, 1));
  const state = after(stateOf([said(1, "Ada")]), ...all, read("ada", 1));
  assert.deepEqual(lines(state), [["m-1", "Seen by Ben, Cleo and 2 others"]]);
  const fewer = after(state, read("ben", 0, { hidden: true }), { type: "user_left", user_id: "eve", username: "Eve", participant_count: 4 });
  assert.deepEqual(lines(fewer), [["m-1", "Seen by Cleo and Dan"]]);
});

test("a long name is cut, for the line is one line", () => {
  const people = [{ ...person("Ben"), username: "Benjamin of the long bridge" }];
  const state = after(stateOf([said(1, "Ada")], { people }), read("ben", 1));
  assert.deepEqual(lines(state), [["m-1", "Seen by Benjamin of the…"]]);
});

test("within a group there is no line, and under what is not loaded", () => {
  const state = after(stateOf([said(1), said(2)]), read("cleo", 1));
  assert.deepEqual(itemsOf(state).map((item) => (item.kind === "message" ? item.continued : item.kind)), ["day", false, true]);
  assert.deepEqual(lines(after(state, read("cleo", 2))), [["m-2", "Seen by Cleo"]]);
  assert.deepEqual(lines(after({ ...state, hasNewer: true }, read("cleo", 2))), []);
});

test("the state tells all that is known of others, and of oneself nothing is lost", () => {
  const conversation = {
    room_id: "room", title: "Tea", messages: [said(1, "Ada")], has_more: false, participants: [person("Ben")],
    participant_count: 2, is_active: true, seq: 1, read: [{ user_id: "ben", seq: 1 }],
  };
  const state = after(stateOf([said(1, "Ada")], { readers: { cleo: 1 }, readSeq: 1 }), { type: "conversation_state", conversation, seen: true });
  assert.deepEqual([state.readers, state.readSeq], [{ ben: 1 }, 1]);
});

test("one has read up to the last message of others, whatever changed since", () => {
  const state = stateOf([said(3), said(5, "Ada")], { seq: 9 });
  assert.deepEqual([lastOfOthers(state, 9), lastOfOthers(state, 2)], [3, 0]);
  assert.equal(after(state, read("ada", 3), read("ada", 1)).readSeq, 3);
  assert.equal(after(state, read("ada", 3), { type: "own_read", seq: 1, isAll: true }).readSeq, 1);
});

test("what is read on another device is read here", () => {
  const away = after(stateOf([said(1)]), { type: "new_message", message: said(2), seen: false });
  assert.equal(away.unread.count, 1);
  assert.equal(after(away, { type: "seen", through: 2 }).unread.count, 0);
  // Where the end is not loaded the server is asked.
  const far = after({ ...away, hasNewer: true, seq: 50 }, { type: "seen", through: 40 });
  assert.deepEqual([far.unread.count, far.unreadIsGuess], [1, true]);
  const counted = after(far, { type: "unread_counted", after: 40, seq: 50, count: 0 });
  assert.deepEqual([counted.unread.count, counted.unreadIsGuess], [0, false]);
});

test("of what is not loaded the server's count is taken, not that of changes", () => {
  const loaded = stateOf([said(101), said(102)], { hasOlder: true });
  assert.deepEqual(unreadSince(loaded, 50, 3), { unread: { from: 51, count: 3 }, seenThrough: 50, unreadIsGuess: false });
  assert.equal(unreadSince(loaded, 50, 0).unread.count, 0);
  const guessed = { ...loaded, ...unreadSince(loaded, 50) };
  assert.deepEqual([guessed.unread.count, guessed.unreadIsGuess], [52, true]);
  const counted = after(guessed, { type: "unread_counted", after: 50, seq: 102, count: 4 });
  assert.deepEqual([counted.unread, counted.unreadIsGuess], [{ from: 51, count: 4 }, false]);
  // One that was asked for from elsewhere, or before more came, counts what came.
  assert.equal(after(guessed, { type: "unread_counted", after: 49, seq: 102, count: 4 }).unread.count, 52);
  assert.equal(after(guessed, { type: "unread_counted", after: 50, seq: 101, count: 3 }).unread.count, 4);
});

test("what is deleted before it was seen is unread no more", () => {
  const state = [2, 3].reduce((so, seq) => after(so, { type: "new_message", message: said(seq), seen: false }), stateOf([said(1)]));
  const gone = after(state, { type: "message_changed", message: { ...said(2), changed_seq: 4, message: "", deleted: true } });
  assert.equal(gone.unread.count, 1);
  const seen = after(state, { type: "seen", through: 2 }, { type: "message_changed", message: { ...said(2), changed_seq: 4, deleted: true } });
  assert.equal(seen.unread.count, 1);
});
