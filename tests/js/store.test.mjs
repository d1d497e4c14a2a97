// @ts-check
// Old state and events give what a fresh state would give; nothing is shown twice, and nothing is lost.
import assert from "node:assert/strict";
import { test } from "node:test";

import { itemsOf } from "../../parley/static/js/state/items.js";
import { WINDOW_MESSAGES } from "../../parley/static/js/state/loaded.js";
import { noticeText } from "../../parley/static/js/state/notices.js";
import { peopleOf } from "../../parley/static/js/state/people-pages.js";
import { mayPost, needsAccount } from "../../parley/static/js/state/rules.js";
import { INITIAL, Store, reduce } from "../../parley/static/js/state/store.js";
import { firstUnseen, unreadSince } from "../../parley/static/js/state/unread.js";
import { typingText } from "../../parley/static/js/writing/typing.js";

/** @typedef {import("../../parley/static/js/state/store.js").State} State */

const ADA = { userId: "ada", username: "Ada", role: "owner" };
const START = Date.UTC(2026, 10, 23, 12);

const message = (seq, { by = "Ben", clientId = undefined, minute = seq } = {}) => ({
  id: `id-${seq}`, seq, user_id: by.toLowerCase(), username: by, message: `message ${seq}`,
  timestamp: new Date(START + minute * 60_000).toISOString(), ...(clientId && { client_id: clientId }),
});
const messages = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => message(from + index));
const person = (name, online = true) => ({ user_id: name.toLowerCase(), username: name, role: "member", online });
const conversation = (shown, fields = {}) => ({
  room_id: "room", title: "Plan", messages: shown, has_more: false, participants: [person("Ada"), person("Ben")],
  participant_count: 2, is_active: true, seq: shown.at(-1)?.seq ?? 0, ...fields,
});
const stateOf = (shown, fields = {}) => /** @type {State} */ ({
  ...INITIAL, me: ADA, messages: shown, seq: shown.at(-1)?.seq ?? 0, people: [person("Ada"), person("Ben")],
  participantCount: 2, someUnnamed: false, ...fields,
});
const after = (state, ...events) => events.reduce(reduce, state);
const arrives = (sent, seen = true) => ({ type: "new_message", message: sent, seen });
const fresh = (shown, fields = {}, seen = true) => ({
  type: "conversation_state", conversation: conversation(shown, fields), seen,
});
const seqs = (state) => state.messages.map(({ seq }) => seq);
const shownSeqs = (state) => itemsOf(state).flatMap((item) => (item.kind === "message" ? [item.message.seq] : []));
const synced = (since, seq, shown, fields = {}) =>
  ({ type: "synced", since, seq, messages: shown, isActive: true, seen: true, ...fields });

test("messages that arrive one by one give the same as a fresh state", () => {
  const lived = after(stateOf(messages(1, 2)), ...messages(3, 6).map((sent) => arrives(sent)));
  const loaded = after(stateOf([]), fresh(messages(1, 6)));
  assert.deepEqual(lived.messages, loaded.messages);
  assert.equal(lived.seq, loaded.seq);
});

test("a message that comes twice is kept once", () => {
  const state = after(stateOf(messages(1, 2)), arrives(message(3)), arrives(message(3)));
  assert.deepEqual(seqs(state), [1, 2, 3]);
});

test("messages that come out of order stand in order, and the gap is known until it closes", () => {
  const open = after(stateOf(messages(1, 2)), arrives(message(4)));
  assert.deepEqual([open.seq, open.ahead.map(({ seq }) => seq), shownSeqs(open)], [2, [4], [1, 2, 4]]);
  const closed = after(open, arrives(message(3)));
  assert.deepEqual([closed.seq, closed.ahead, seqs(closed)], [4, [], [1, 2, 3, 4]]);
});

test("a gap that stays open is closed by what was asked for", () => {
  const state = after(stateOf(messages(1, 2)), arrives(message(5)),
    synced(2, 5, messages(3, 5)));
  assert.deepEqual([state.seq, state.ahead, seqs(state)], [5, [], [1, 2, 3, 4, 5]]);
});

const queued = { type: "queued", clientId: "c1", text: "message 3", at: message(3).timestamp };
const acknowledged = { type: "sent", clientId: "c1", id: "id-3", seq: 3, timestamp: message(3).timestamp };
const echoed = arrives(message(3, { by: "Ada", clientId: "c1" }));

test("a sent message is shown once, whether its acknowledgement or its echo comes first", () => {
  for (const order of [[acknowledged, echoed], [echoed, acknowledged], [echoed], [acknowledged]]) {
    const state = after(stateOf(messages(1, 2)), queued, ...order);
    assert.deepEqual([seqs(state), state.outbox.length], [[1, 2, 3], 0]);
  }
});

test("a sent message that is acknowledged first is completed by its echo, also beyond a gap", () => {
  const echo = { ...message(3, { by: "Ada", clientId: "c1" }), changed_seq: 3, parts: [["p", ["message 3"]]] };
  for (const known of [2, 1]) {
    const state = after(stateOf(messages(1, known)), queued, acknowledged, arrives(echo), arrives(message(2)));
    assert.deepEqual(state.messages.at(-1), echo);
    // What came later than the echo stays.
    const edited = { ...echo, message: "edited", changed_seq: 4 };
    const late = after(state, { type: "message_changed", message: edited }, arrives(echo));
    assert.deepEqual(late.messages.at(-1), edited);
  }
});

test("a sent message that a fresh state already holds is no longer on its way", () => {
  const state = after(stateOf(messages(1, 2)), queued, fresh([...messages(1, 2), echoed.message]));
  assert.deepEqual([seqs(state), state.outbox.length], [[1, 2, 3], 0]);
});

test("a message stored long ago is no longer on its way, and stands only where its time is loaded", () => {
  const old = { ...acknowledged, seq: 3 };
  const loaded = stateOf(messages(50, 60), { hasOlder: true });
  assert.deepEqual([seqs(after(loaded, queued, old)), after(loaded, queued, old).outbox], [seqs(loaded), []]);
});

test("what was written before a reload goes before what was written since, and only that of the same person", () => {
  const { outbox: [entry] } = after(stateOf([]), queued);
  const entries = [{ ...entry, clientId: "c0", order: -1 }, { ...entry, clientId: "c2", userId: "ben" }];
  const state = after(stateOf([]), queued, { type: "restored", entries });
  assert.deepEqual(state.outbox.map(({ clientId }) => clientId), ["c0", "c1"]);
});

test("what was written before a reload and arrived is not on its way again", () => {
  const { outbox } = after(stateOf([]), queued);
  const state = after(stateOf([...messages(1, 2), echoed.message]), { type: "restored", entries: outbox });
  assert.deepEqual(state.outbox, []);
});

test("what one wrote does not go out under another id", () => {
  const state = after(stateOf([]), queued, { type: "me", me: null }, { type: "me", me: { ...ADA, userId: "new" } });
  assert.equal(state.outbox[0].status, "failed");
  assert.equal(after(state, { type: "retried", clientId: "c1" }).outbox[0].userId, "new");
});

test("another person's message with the same client id confirms nothing", () => {
  const state = after(stateOf(messages(1, 2)), queued, arrives(message(3, { by: "Ben", clientId: "c1" })));
  assert.equal(state.outbox.length, 1);
});

test("a refused message says why, and is pending again on retry", () => {
  const refused = after(stateOf([]), queued, { type: "refused", clientId: "c1", error: "Too much at once." });
  assert.deepEqual([refused.outbox[0].status, refused.outbox[0].error], ["failed", "Too much at once."]);
  assert.equal(after(refused, { type: "retried", clientId: "c1" }).outbox[0].status, "pending");
  assert.deepEqual(after(refused, { type: "discarded", clientId: "c1" }).outbox, []);
});

test("a fresh state that meets what somebody reads further up is joined to it", () => {
  const state = after(stateOf(messages(1, 50)), fresh(messages(40, 60), { has_more: true }, false));
  assert.deepEqual([seqs(state).length, state.hasOlder], [60, false]);
});

test("a fresh state beyond what somebody reads further up leaves it in its place", () => {
  const state = after(stateOf(messages(1, 50)), fresh(messages(90, 100), { has_more: true }, false));
  assert.deepEqual([seqs(state).at(-1), state.hasNewer, state.seq], [50, true, 100]);
  assert.deepEqual(state.unread, { from: 51, count: 50 });
});

test("what changed since is added, and what was there stays", () => {
  const state = after(stateOf(messages(1, 50)), fresh(messages(51, 53), { delta: true, has_more: true }));
  assert.deepEqual([seqs(state).length, state.seq, state.hasOlder], [53, 53, false]);
});

test("a message that changed takes the place of its older form", () => {
  const changed = { ...message(2), message: "better", changed_seq: 4 };
  const state = after(stateOf(messages(1, 3)), synced(3, 4, [changed]), synced(3, 3, [message(2)]));
  assert.deepEqual([seqs(state), state.messages[1].message], [[1, 2, 3], "better"]);
});

test("a history shorter than the known one replaces it", () => {
  const state = after(stateOf(messages(1, 50)), fresh(messages(1, 10)));
  assert.deepEqual([seqs(state).length, state.seq, state.unread.count], [10, 10, 0]);
});

test("an end that no event told of is found by asking", () => {
  const state = after(stateOf(messages(1, 2)), synced(2, 3, [], { isActive: false }));
  assert.deepEqual([state.active, state.seq], [false, 3]);
  assert.equal(after(state, synced(2, 2, [])).active, false);
});

test("a fresh state beyond a gap replaces what is loaded", () => {
  const state = after(stateOf(messages(1, 50)), fresh(messages(90, 100), { has_more: true }));
  assert.deepEqual([seqs(state)[0], state.hasOlder, state.hasNewer], [90, true, false]);
});

test("a fresh state leaves alone who reads far up in the history", () => {
  const state = after(stateOf(messages(1, 50), { hasNewer: true, seq: 400 }),
    fresh(messages(301, 400), { has_more: true }));
  assert.deepEqual([seqs(state).at(-1), state.hasNewer], [50, true]);
});

test("at the end the oldest messages make room, further up the newest do", () => {
  const full = messages(101, 100 + WINDOW_MESSAGES);
  const following = after(stateOf(full), arrives(message(101 + WINDOW_MESSAGES)));
  assert.deepEqual([following.messages.length, following.hasOlder, seqs(following)[0]], [WINDOW_MESSAGES, true, 102]);
  const above = after(stateOf(full), { type: "older_loaded", messages: messages(1, 100), hasMore: false });
  assert.deepEqual([above.messages.length, above.hasNewer, seqs(above)[0]], [WINDOW_MESSAGES, true, 1]);
});

test("what arrives while the end is not loaded is counted, and found by loading on", () => {
  const away = after(stateOf(messages(1, 10), { hasNewer: true, seq: 20 }), arrives(message(21), false));
  assert.deepEqual([seqs(away).at(-1), away.unread.count], [10, 1]);
  const stale = after(away, { type: "newer_loaded", messages: messages(11, 20), hasMore: false, seq: 20 });
  assert.equal(stale.hasNewer, true);
  const done = after(stale, { type: "newer_loaded", messages: [message(21)], hasMore: false, seq: 21 });
  assert.deepEqual([seqs(done).at(-1), done.hasNewer], [21, false]);
});

test("only messages of others that nobody saw are unread", () => {
  const state = after(stateOf(messages(1, 2)), arrives(message(3, { by: "Ada" }), false), arrives(message(4), true),
    arrives(message(5), false), arrives(message(6), false));
  assert.deepEqual(state.unread, { from: 5, count: 2 });
  const seen = after(state, { type: "seen" });
  assert.deepEqual(seen.unread, { from: 5, count: 0 });
  assert.deepEqual(after(seen, arrives(message(7), false)).unread, { from: 7, count: 1 });
  assert.deepEqual(after(seen, { type: "read_all" }).unread, { from: 0, count: 0 });
});

test("what is unread becomes less as it is seen, and own messages never count", () => {
  const state = after(stateOf(messages(1, 2)), ...[3, 4, 5, 6].map((seq) => arrives(message(seq), false)),
    arrives(message(7, { by: "Ada" }), false));
  assert.deepEqual([state.unread, state.seenThrough], [{ from: 3, count: 4 }, 2]);
  const some = after(state, { type: "seen", through: 4 });
  assert.deepEqual([some.unread, firstUnseen(some)?.seq], [{ from: 3, count: 2 }, 5]);
  assert.deepEqual(after(some, { type: "seen", through: 3 }), some);
  assert.deepEqual(after(some, { type: "read_all" }), some);
  assert.deepEqual(after(some, { type: "seen", through: 6 }).unread, { from: 3, count: 0 });
});

test("of what is not loaded the first unread is looked for, and all of it counts until the end is there", () => {
  const away = stateOf(messages(1, 10), { hasNewer: true, seq: 400, unread: { from: 101, count: 300 }, seenThrough: 100 });
  const there = after(away, { type: "window_loaded", messages: messages(61, 160), hasOlder: true, hasNewer: true, seq: 400 });
  assert.equal(firstUnseen(there)?.seq, 101);
  assert.equal(after(there, { type: "seen", through: 110 }).unread.count, 290);
  const beyond = after(away, { type: "window_loaded", messages: messages(301, 400), hasOlder: true, hasNewer: false, seq: 400 });
  assert.equal(firstUnseen(beyond), undefined);
  assert.equal(after(beyond, { type: "seen", through: 390 }).unread.count, 10);
});

test("what came since this browser had read is unread, but for what one wrote oneself elsewhere", () => {
  const since = (shown, through, fields = {}) => unreadSince(stateOf(shown, fields), through);
  const shown = [...messages(1, 5), message(6, { by: "Ada" }), message(7)];
  assert.deepEqual(since(shown, 4), { unread: { from: 5, count: 2 }, seenThrough: 4, unreadIsGuess: false });
  assert.deepEqual(since(shown, 5), { unread: { from: 7, count: 1 }, seenThrough: 5, unreadIsGuess: false });
  for (const through of [0, 7, 8]) assert.equal(since(shown, through).unread.count, 0);
  assert.equal(since([...messages(1, 5), message(6, { by: "Ada" })], 5).unread.count, 0);
  assert.deepEqual(since(messages(101, 200), 50, { hasOlder: true }).unread, { from: 51, count: 150 });
  assert.deepEqual(since(messages(1, 100), 150, { hasNewer: true, seq: 200 }).unread, { from: 101, count: 50 });
});

test("what was missed while the connection was gone is unread", () => {
  const state = after(stateOf(messages(1, 2)), fresh(messages(1, 5), {}, false));
  assert.deepEqual(state.unread, { from: 3, count: 3 });
});

const presence = (name, minute) =>
  ({ user_id: name.toLowerCase(), username: name, at: new Date(START + minute * 60_000).toISOString() });
const joins = (name, minute = 1) => ({ type: "user_joined", participant_count: 3, ...presence(name, minute) });
const leaves = (name, minute = 1) => ({ type: "user_left", participant_count: 2, ...presence(name, minute) });

test("joins and leaves collapse into one line until somebody speaks", () => {
  const quiet = after(stateOf(messages(1, 1)), joins("Cy"), joins("Dee"), leaves("Ben"));
  assert.deepEqual(quiet.notices.map(noticeText), ["Cy and Dee joined · Ben left"]);
  const spoken = after(quiet, arrives(message(2)), leaves("Cy"));
  assert.deepEqual(spoken.notices.map(noticeText), ["Cy and Dee joined · Ben left", "Cy left"]);
});

test("a device that owns no more is a member's", () => {
  const owner = stateOf([], { owner: true, people: [{ ...person("Ada"), role: "owner" }], knocks: [{ id: "k" }] });
  const { owner: owns, me, people, knocks } = reduce(owner, { type: "disowned" });
  assert.deepEqual([owns, me.role, people[0].role, knocks.length], [false, "member", "member", 0]);
  assert.equal(reduce(owner, { type: "me", me: { ...ADA, role: "member" } }).owner, false);
});

test("whose right was taken back is a member to everybody", () => {
  const people = [{ ...person("Ada"), role: "owner" }, { ...person("Ben"), role: "owner" }];
  const taken = (id) => reduce(stateOf([], { owner: true, people }), { type: "role_changed", user_id: id, role: "member" });
  const ofBen = taken("ben");
  assert.deepEqual([ofBen.owner, ...ofBen.people.map((each) => each.role)], [true, "owner", "member"]);
  assert.equal(taken("ada").owner, false);
});

test("who comes stands under the day they came on", () => {
  const kinds = (state) => itemsOf(state).map((item) => item.kind);
  const day = 24 * 60;
  assert.deepEqual(kinds(after(stateOf([]), joins("Cy", 1), arrives(message(1)))), ["day", "notice", "message"]);
  const nextDay = after(stateOf([message(1)]), joins("Cy", day), arrives(message(2, { minute: day + 1 })));
  assert.deepEqual(kinds(nextDay), ["day", "message", "day", "notice", "message"]);
  const lateEvening = after(stateOf([message(1)]), leaves("Ben", 2), arrives(message(2, { minute: day })));
  assert.deepEqual(kinds(lateEvening), ["day", "message", "notice", "day", "message"]);
});

test("a clock ahead of the server's brings no day twice", () => {
  const state = after(stateOf([message(1)]), joins("Cy", 24 * 60), arrives(message(2)));
  assert.deepEqual(itemsOf(state).map((item) => item.kind), ["day", "message", "day", "notice", "message"]);
});

test("many names become a number", () => {
  const state = after(stateOf([]), ...["Cy", "Dee", "Eve", "Fay", "Gus"].map((name) => joins(name)));
  assert.deepEqual(state.notices.map(noticeText), ["Cy, Dee and 3 others joined"]);
});

test("who comes back while still shown as here makes no line", () => {
  assert.deepEqual(after(stateOf([]), joins("Ben")).notices, []);
});

test("who leaves is gone from the people, and who only writes is away", () => {
  const state = after(stateOf([]), leaves("Ben"), arrives(message(1, { by: "Cy" })));
  assert.deepEqual(state.people.map(({ username, online }) => [username, online]), [["Ada", true], ["Cy", false]]);
});

const crowd = (more = {}) => stateOf([], { peopleCursor: "next", participantCount: 300, ...more });

test("of many people those are added that a page holds and nobody told of yet", () => {
  const page = { type: "people_loaded", participants: [person("Ben", false), person("Cy")], cursor: "later" };
  const first = after(crowd(), page);
  assert.deepEqual(first.people.map(({ username, online }) => [username, online]),
    [["Ada", true], ["Ben", true], ["Cy", true]]);
  assert.equal(first.peopleCursor, "later");
  assert.equal(after(first, { ...page, cursor: undefined }).peopleCursor, "");
});

test("of many people somebody whom the page has never heard of can leave, write, type and get a mark", () => {
  const told = { type: "user_joined", user_id: "cy", username: "Cy", at: "2026-11-23T12:00:00Z" };
  const marked = after(crowd(), { ...told, participant_count: 300, alike: true });
  assert.deepEqual([marked.notices, marked.people.length], [[], 3]);
  const come = after(crowd(), { ...told, participant_count: 301 });
  assert.deepEqual(come.notices.map(noticeText), ["Cy joined"]);
  const left = after(crowd(), { ...told, type: "user_left", participant_count: 299 });
  assert.deepEqual([left.participantCount, left.people.length], [299, 2]);
  assert.deepEqual(after(crowd(), arrives(message(1, { by: "Cy" }))).people, crowd().people);
});

test("of many people all are counted, and whoever looks is shown among the first", () => {
  const eve = { userId: "eve", username: "Eve", role: "member" };
  const shown = (more) => {
    const { people, total } = peopleOf(crowd(more));
    return [people.map(({ username }) => username), total];
  };
  assert.deepEqual(shown({}), [["Ada", "Ben"], 300]);
  assert.deepEqual(shown({ me: eve }), [["Eve", "Ada", "Ben"], 300]);
  assert.deepEqual(shown({ me: eve, active: false }), [["Ada", "Ben"], 300]);
  assert.deepEqual(shown({ me: eve, peopleCursor: "", participantCount: 2 }), [["Ada", "Ben"], 2]);
});

test("typing ends with the message, with time, and with leaving", () => {
  const types = { type: "user_typing", user_id: "ben", username: "Ben", is_typing: true, until: 5000 };
  const typing = after(stateOf([]), types);
  assert.equal(typing.typing.length, 1);
  for (const event of [arrives(message(1)), { type: "typing_expired", now: 5000 }, leaves("Ben"),
    { ...types, is_typing: false }]) {
    assert.deepEqual(after(typing, event).typing, []);
  }
  assert.equal(after(typing, { type: "typing_expired", now: 4999 }).typing.length, 1);
});

test("up to two who type are named", () => {
  assert.deepEqual([[], ["Ada"], ["Ada", "Ben"], ["Ada", "Ben", "Cy"]].map(typingText),
    ["", "Ada is typing", "Ada and Ben are typing", "3 people are typing"]);
});

test("an ended conversation keeps its messages", () => {
  const state = after(stateOf(messages(1, 2)), { type: "conversation_ended", seq: 3 });
  assert.deepEqual([state.active, state.seq, seqs(state)], [false, 3, [1, 2]]);
});

test("messages of one author within five minutes are one group", () => {
  const said = [message(1, { minute: 0 }), message(2, { minute: 5 }), message(3, { minute: 11 }),
    message(4, { by: "Cy", minute: 11 })];
  const items = itemsOf(stateOf(said)).filter((item) => item.kind === "message");
  assert.deepEqual(items.map((item) => item.kind === "message" && item.continued), [false, true, false, false]);
});

test("the unread line stands before the first unread message, after a new day", () => {
  const state = stateOf([message(1), message(2, { minute: 60 * 24 * 3 })], { unread: { from: 2, count: 1 } });
  assert.deepEqual(itemsOf(state).map((item) => item.kind), ["day", "message", "day", "unread", "message"]);
});

test("a watcher is told of what it watches, and of nothing else", () => {
  const store = new Store(stateOf([]));
  let shown = 0;
  store.watch(["typing"], () => (shown += 1));
  store.dispatch(joins("Cy"));
  store.dispatch({ type: "user_typing", user_id: "cy", username: "Cy", is_typing: true, until: 1 });
  assert.equal(shown, 2);
});

test("who was here when the connection broke and comes back too makes no line", () => {
  const participants = [person("Ada"), person("Ben", false)];
  const state = after(stateOf([]), fresh([], { participants }), joins("Ben"));
  assert.deepEqual(state.notices, []);
});

const deleted = (seq, changedSeq) => ({ ...message(seq), message: "", deleted: true, changed_seq: changedSeq });
const changes = (changed) => ({ type: "message_changed", message: changed });

test("a message that changes keeps its place, and counts as the next change", () => {
  const state = after(stateOf(messages(1, 3)), changes(deleted(2, 4)));
  assert.deepEqual([state.seq, seqs(state), state.messages[1].deleted], [4, [1, 2, 3], true]);
});

test("a change that comes before what it follows waits, and shows nothing at the end", () => {
  const open = after(stateOf(messages(1, 3)), changes(deleted(2, 5)));
  assert.deepEqual([open.seq, shownSeqs(open)], [3, [1, 2, 3]]);
  const closed = after(open, arrives(message(4)));
  assert.deepEqual([closed.seq, seqs(closed), closed.messages[1].deleted], [5, [1, 2, 3, 4], true]);
});

test("a change to a message that is not loaded loads nothing", () => {
  const state = after(stateOf(messages(10, 12), { hasOlder: true }), changes(deleted(2, 13)));
  assert.deepEqual([state.seq, seqs(state)], [13, [10, 11, 12]]);
});

test("what was erased goes from the screen, and there is nothing older to load", () => {
  const state = after(stateOf(messages(3, 6), { hasOlder: true }), { type: "messages_erased", through: 4, seq: 7 });
  assert.deepEqual([state.seq, seqs(state), state.hasOlder], [7, [5, 6], false]);
  const missed = after(stateOf(messages(3, 6)), synced(6, 7, [], { erasedThrough: 4 }));
  assert.deepEqual([missed.seq, seqs(missed)], [7, [5, 6]]);
});

test("a change of the key leaves no gap before what follows it", () => {
  const state = after(stateOf(messages(3, 6)), { type: "epoch_began", room_id: "tea", number: 1, seq: 7 });
  assert.deepEqual([state.seq, seqs(state)], [7, [3, 4, 5, 6]]);
  assert.equal(after(state, { type: "epoch_began", room_id: "tea", number: 1, seq: 7 }), state);
});

test("whoever is proven is unproven no more", () => {
  const people = [{ ...person("Ada"), unproven: true }, { ...person("Ben"), unproven: true }];
  const state = reduce(stateOf([], { people }), { type: "proven", user_id: people[0].user_id });
  assert.deepEqual(state.people.map(({ unproven }) => unproven), [false, true]);
});

test("whoever knocks twice waits once, until they are answered", () => {
  const knocked = (username) => ({ type: "knocked", id: "k", username });
  const state = after(stateOf([]), knocked("Kim"), knocked("Kimberley"));
  assert.deepEqual(state.knocks, [{ id: "k", username: "Kimberley" }]);
  assert.deepEqual(after(state, { type: "knock_answered", id: "k" }).knocks, []);
});

test("a deleted conversation leaves nothing on the screen", () => {
  const state = after(stateOf(messages(1, 3)), { type: "gone", message: "Deleted.", isErased: true });
  assert.deepEqual([state.messages, state.people, state.active, state.gone], [[], [], false, "Deleted."]);
});

const changed = (fields) =>
  ({ type: "conversation_changed", title: "Plan", door: "open", read_only: false, at: message(3).timestamp, ...fields });

test("what owners decide is known and told as it changes, and not when it stays", () => {
  const closed = after(stateOf(messages(1, 2)), changed({ door: "locked", read_only: true, keep_days: 1 }));
  const loaded = after(stateOf([]), fresh(messages(1, 2), { door: "locked", read_only: true, keep_days: 1 }));
  for (const rule of ["door", "readOnly", "keepDays"]) assert.equal(closed[rule], loaded[rule]);
  assert.deepEqual(loaded.notices, []);
  assert.equal(noticeText(closed.notices[0]),
    "Locked: no one new can join · Only the owner can post now · Messages are now deleted after 1 day");
  const retitled = after(closed, changed({ title: "Another", door: "locked", read_only: true, keep_days: 1 }));
  assert.deepEqual(retitled.notices, closed.notices);
});

test("where accounts are needed, a guest can't post, an owner or whoever has one can", () => {
  const me = { userId: "ben", username: "Ben", role: "member" };
  const bound = after({ ...stateOf(messages(1, 2)), me }, changed({ accounts_only: true }));
  assert.equal(bound.accountsOnly, true);
  assert.equal(noticeText(bound.notices[0]), "Only people with an account can post now");
  const mays = (/** @type {object} */ state) => [mayPost({ ...bound, ...state }), needsAccount({ ...bound, ...state })];
  assert.deepEqual(mays({}), [false, true]);
  assert.deepEqual(mays({ me: null }), [false, true]);
  assert.deepEqual(mays({ hasAccount: true }), [true, false]);
  assert.deepEqual(mays({ me: { ...me, role: "owner" } }), [true, false]);
  assert.deepEqual(mays({ hasAccount: true, readOnly: true }), [false, false]);
  assert.deepEqual(mays({ hasAccount: true, active: false }), [false, false]);
  const open = after(bound, changed({}));
  assert.equal(mayPost(open), true);
  assert.match(noticeText(open.notices[0]), /People without an account can post again$/);
});

test("what changed stands in one line with who came, until somebody speaks", () => {
  const state = after(stateOf(messages(1, 2)),
    { type: "user_joined", user_id: "cleo", username: "Cleo", participant_count: 3, at: message(3).timestamp },
    changed({ door: "knock" }), changed({ door: "open" }), arrives(message(3)), changed({ read_only: true }));
  assert.deepEqual(state.notices.map(noticeText), [
    "Cleo joined · New people need the owner's approval · Anyone with the link can join again",
    "Only the owner can post now",
  ]);
});

test("another name of somebody here is said once, and is theirs from then on", () => {
  const renamed = { type: "user_joined", user_id: "ben", username: "Benedict", participant_count: 2, at: message(3).timestamp };
  const typing = { type: "user_typing", user_id: "ben", username: "Ben", is_typing: true, until: 1 };
  const state = after(stateOf(messages(1, 2)), typing, renamed, renamed);
  assert.deepEqual(state.people.map(({ username }) => username), ["Ada", "Benedict"]);
  assert.deepEqual(state.notices.map(noticeText), ["Ben is now Benedict"]);
  assert.deepEqual(state.typing.map(({ username }) => username), ["Benedict"]);
});

test("one's own other name is known in every tab, and is no news", () => {
  const state = after(stateOf(messages(1, 2)), { type: "renamed", username: "Adelaide" });
  assert.equal(state.me?.username, "Adelaide");
  assert.deepEqual(state.people.map(({ username }) => username), ["Adelaide", "Ben"]);
  assert.deepEqual(state.notices, []);
});
