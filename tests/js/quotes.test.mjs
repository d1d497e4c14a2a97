// @ts-check
// What a message quotes follows what it answers, however a page hears of the change.
import assert from "node:assert/strict";
import { test } from "node:test";

import { itemsOf } from "../../parley/static/js/state/items.js";
import { isFor, quoteOf } from "../../parley/static/js/state/quotes.js";
import { INITIAL, reduce } from "../../parley/static/js/state/store.js";
import { unreadFor } from "../../parley/static/js/state/unread.js";

const ADA = { userId: "ada", username: "Ada", role: "owner" };

const said = (seq, text, fields = {}) => ({
  id: `id-${seq}`, seq, user_id: "ben", username: "Ben", message: text, timestamp: "2026-11-23T12:00:00Z", ...fields,
});
const TEA = said(1, "Tea?", { user_id: "ada", username: "Ada" });
const ANSWER = said(2, "Yes", { reply_to: quoteOf(TEA) });
const EDITED = { ...TEA, message: "Coffee?", changed_seq: 3 };
const DELETED = { ...TEA, message: "", deleted: true, changed_seq: 3 };
const stateOf = (messages, fields = {}) => ({ ...INITIAL, me: ADA, messages, seq: messages.at(-1)?.seq ?? 0, ...fields });
const after = (state, ...events) => events.reduce(reduce, state);
const quotes = (state) => state.messages.map((message) => message.reply_to);

test("an edit and a deletion of what is answered change the quote", () => {
  const edited = after(stateOf([TEA, ANSWER]), { type: "message_changed", message: EDITED });
  assert.deepEqual(quotes(edited), [undefined, quoteOf(EDITED)]);
  const deleted = after(edited, { type: "message_changed", message: { ...DELETED, changed_seq: 4 } });
  assert.deepEqual(quotes(deleted)[1], { ...quoteOf(TEA), excerpt: "", deleted: true });
});

test("so do those of what is not loaded, and those that were missed", () => {
  const scrolled = stateOf([ANSWER], { hasOlder: true });
  const live = after(scrolled, { type: "message_changed", message: EDITED });
  const synced = after(scrolled, { type: "synced", since: 2, seq: 3, messages: [EDITED], isActive: true, seen: true });
  const delta = {
    room_id: "room", title: "", messages: [EDITED], has_more: true, delta: true, participants: [], participant_count: 0,
    is_active: true, seq: 3,
  };
  const back = after(scrolled, { type: "conversation_state", conversation: delta, seen: true });
  for (const state of [live, synced, back]) assert.deepEqual(quotes(state), [quoteOf(EDITED)]);
});

test("a change that comes before the answer it touches waits for it", () => {
  const ahead = after(stateOf([TEA]), { type: "message_changed", message: EDITED });
  assert.deepEqual([ahead.seq, ahead.messages], [1, [TEA]]);
  const closed = after(ahead, { type: "new_message", message: ANSWER, seen: true });
  assert.deepEqual(closed.messages, [EDITED, { ...ANSWER, reply_to: quoteOf(EDITED) }]);
});

test("what is answered and erased is gone from the quote", () => {
  const erased = after(stateOf([TEA, ANSWER]), { type: "messages_erased", through: 1, seq: 3 });
  assert.deepEqual(quotes(erased), [{ id: "id-1", seq: 1, user_id: "", username: "", excerpt: "", deleted: true }]);
});

test("an answer on its way has its quote at once, and keeps it when it is confirmed", () => {
  const queued = after(stateOf([TEA]), { type: "queued", clientId: "c", text: "Yes", at: TEA.timestamp, replyTo: quoteOf(TEA) });
  const shown = itemsOf(queued).at(-1);
  assert.deepEqual(shown?.kind === "message" && shown.message.reply_to, quoteOf(TEA));
  const sent = after(queued, { type: "sent", clientId: "c", id: "id-2", seq: 2, timestamp: TEA.timestamp });
  assert.deepEqual(quotes(sent), [undefined, quoteOf(TEA)]);
});

test("a quote is how a text begins, on one line", () => {
  assert.equal(quoteOf(said(1, " one\n\n two\tthree ")).excerpt, "one two three");
  const long = quoteOf(said(1, "🙂".repeat(500))).excerpt;
  assert.deepEqual([[...long].length, [...long].at(-1)], [120, "…"]);
});

test("what means or answers the reader is for them, unless they said it or it is deleted", () => {
  const meant = said(3, "@Ada", { mentions: ["cleo", "ada"] });
  const cases = [ANSWER, meant, said(3, "Hi"), { ...meant, user_id: "ada" }, { ...ANSWER, deleted: true }];
  assert.deepEqual(cases.map((message) => isFor(message, ADA)), [true, true, false, false, false]);
  assert.equal(isFor(meant, null), false);
});

test("of what is unread it is known how much is for the reader, and that less is once it was seen", () => {
  const arrives = (message) => ({ type: "new_message", message, seen: false, atEnd: true });
  const state = after(stateOf([TEA]), arrives(ANSWER), arrives(said(3, "Hi")), arrives(said(4, "@Ada", { mentions: ["ada"] })));
  assert.deepEqual([state.unread.count, unreadFor(state)], [3, 2]);
  const seen = after(state, { type: "seen", through: 3 });
  assert.deepEqual([seen.unread.count, unreadFor(seen)], [1, 1]);
  assert.equal(unreadFor(after(seen, { type: "seen" })), 0);
});
