// @ts-check
// What was said and then edited, pinned or deleted: it stands where it stood, and looks as it is now.
import assert from "node:assert/strict";
import { test } from "node:test";

import { itemsOf } from "../../parley/static/js/state/items.js";
import { INITIAL, reduce } from "../../parley/static/js/state/store.js";
import { editFrom, lastOwn } from "../../parley/static/js/writing/editing.js";

/** @typedef {import("../../parley/static/js/state/store.js").State} State */

const START = Date.UTC(2026, 10, 23, 12);
const at = (/** @type {number} */ second) => new Date(START + second * 1000).toISOString();

const said = (/** @type {number} */ seq, by = "ada") => ({
  id: `id-${seq}`, seq, changed_seq: seq, user_id: by, username: by, message: `message ${seq}`, timestamp: at(seq),
});
const edited = (/** @type {number} */ seq, /** @type {number} */ changed) => ({
  ...said(seq), message: "otherwise", changed_seq: changed, edited_at: at(changed),
});
/** @type {State} */
const state = {
  ...INITIAL, me: { userId: "ada", username: "Ada", role: "member" }, messages: [said(1), said(2), said(3)], seq: 3,
};
const after = (/** @type {any[]} */ ...events) => events.reduce(reduce, state);
const shown = (/** @type {State} */ so) => itemsOf(so).flatMap((item) => (item.kind === "message" ? [item] : []));

test("an edit stands where the message stood, whether it is told or caught up with", () => {
  const told = after({ type: "message_changed", message: edited(2, 4) });
  const synced = after({ type: "synced", since: 3, seq: 4, messages: [edited(2, 4)], isActive: true, seen: true });
  for (const so of [told, synced]) {
    assert.deepEqual(so.messages.map(({ message }) => message), ["message 1", "otherwise", "message 3"]);
    assert.equal(so.seq, 4);
    assert.equal(so.unread.count, 0);
  }
});

test("an edited message says so beside its time, and so begins a group of its own", () => {
  const so = after({ type: "message_changed", message: edited(2, 4) });
  assert.deepEqual(shown(state).map(({ continued }) => continued), [false, true, true]);
  assert.deepEqual(shown(so).map(({ continued }) => continued), [false, false, true]);
});

test("what is deleted here can be undone until it cannot", () => {
  const deleting = after({ type: "deleting", id: "id-2", canUndo: true });
  assert.deepEqual(shown(deleting).map((item) => item.deleting?.canUndo), [undefined, true, undefined]);
  const final = reduce(deleting, { type: "deleting", id: "id-2", canUndo: false });
  assert.deepEqual(shown(final).map((item) => item.deleting?.canUndo), [undefined, false, undefined]);
  assert.deepEqual(shown(reduce(deleting, { type: "kept", id: "id-2" })), shown(state));
});

test("two that are deleted one after the other both stay so", () => {
  const both = after({ type: "deleting", id: "id-1", canUndo: false }, { type: "deleting", id: "id-2", canUndo: true });
  assert.deepEqual(shown(both).map((item) => item.deleting?.canUndo), [false, true, undefined]);
});

test("the last of one's own that is there is the one to edit", () => {
  assert.equal(lastOwn(state)?.seq, 3);
  const others = after({ type: "new_message", message: said(4, "ben"), seen: true });
  assert.equal(lastOwn(others)?.seq, 3);
  assert.equal(lastOwn(after({ type: "message_changed", message: { ...said(3), changed_seq: 4, deleted: true } }))?.seq, 2);
  assert.equal(lastOwn({ ...state, me: null }), undefined);
});

test("what was kept of an edit and cannot be read is none", () => {
  assert.equal(editFrom("{"), undefined);
  assert.deepEqual(editFrom(JSON.stringify({ id: "a", seq: 1, before: "b", text: "c" })), {
    id: "a", seq: 1, message: "b", text: "c",
  });
});
