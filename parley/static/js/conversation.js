// @ts-check
// The conversation page: reads what the server rendered, and makes it live.
import { pathOf } from "./browser/root.js";
import { announce, announceMessage, announceMissed, hush } from "./transcript/announcer.js";
import { between } from "./connection/between.js";
import { CatchUp, missedAmong } from "./connection/catch-up.js";
import { Composer } from "./writing/composer.js";
import { Connection } from "./connection/connection.js";
import { byId } from "./browser/dom.js";
import { later, untilThere } from "./browser/later.js";
import { orTell } from "./browser/loading.js";
import { startFiles } from "./files/start.js";
import { Faces } from "./people/faces.js";
import { onNewDay } from "./browser/time.js";
import { Drafts } from "./writing/drafts.js";
import { recall } from "./browser/saved.js";
import { loadSheet } from "./browser/sheets.js";
import { startComingBack } from "./transcript/coming-back.js";
import { startFolding } from "./transcript/fold.js";
import { History } from "./transcript/history.js";
import { startJoin } from "./people/join.js";
import { LastRead } from "./transcript/last-read.js";
import { Marks } from "./transcript/marks.js";
import { startMenu } from "./transcript/menu.js";
import { isWordless, readMessage } from "./transcript/message.js";
import { OtherTabs } from "./writing/other-tabs.js";
import { Outbox } from "./writing/outbox.js";
import { People, readPeople } from "./people/people.js";
import { Replying } from "./writing/replying.js";
import { Resting } from "./connection/resting.js";
import { Reading } from "./transcript/reading.js";
import { ReadMarks } from "./transcript/read-marks.js";
import { SavedOutbox } from "./writing/saved-outbox.js";
import { startRules } from "./room/rules.js";
import { startShare } from "./room/share.js";
import { startShowReading } from "./people/show-reading.js";
import { titleOf } from "./room/title.js";
import { startStatus } from "./connection/status.js";
import { isFor } from "./state/quotes.js";
import { ask } from "./connection/wire.js";
import { withOwn } from "./state/reacting.js";
import { changesOf, mayPost, needsAccount } from "./state/rules.js";
import { INITIAL, Store } from "./state/store.js";
import { isLong, parse, render } from "./transcript/text.js";
import { unreadSince } from "./state/unread.js";
import { Transcript } from "./transcript/transcript.js";
import { startYou } from "./people/you.js";
import { TypingTeller, listenToTyping } from "./writing/typing.js";
import { followVisibleViewport } from "./browser/viewport.js";
import { forgetSentForm } from "./browser/kept-form.js";
import "./browser/every-page.js";

const page = byId("conversation");
const roomId = page.dataset.roomId ?? "";
/** What this device keeps goes by what stays when the link is replaced. Earlier pages went by the link. */
const key = page.dataset.key ?? roomId;
const roomIds = [roomId, ...(page.dataset.oldRoomIds?.split(" ") ?? [])];
/** The description on the page, where it is known; the server rendered an empty one as it is. */
let described = document.querySelector(".opening-description")?.textContent ? undefined : "";
/** How far one has read by the server's word, and how much is unread after it; for who takes part. */
const told = page.dataset.readSeq ? { seq: Number(page.dataset.readSeq), unread: Number(page.dataset.unread) } : undefined;
const lastRead = new LastRead(key, told?.seq);
const store = new Store(readState());
const history = new History({ store, roomId });
const reading = new Reading({ store, history });
const faces = new Faces(store);
const marks = new Marks({ store, reading });
const transcript = new Transcript({ roomId, reading, faces });
const connection = new Connection({ roomId, store, events: serverEvents(), entered });
for (const name of ["call_state", "call_signal", "call_told"]) {
  connection.socket.on(name, (fields) => (calling || fields.call) && untilThere(calls).then((loaded) => loaded.told(name, fields)));
}
// Owners alone are told who knocks, and load what tells them.
const knocks = store.state.owner && untilThere(() => import("./people/knocks.js")).then(({ Knocks }) => {
  const told = new Knocks({ roomId, store, connection });
  told.start();
  return told;
});
const readMarks = new ReadMarks({ store, connection });
const catchUp = new CatchUp({ store, connection, reading });
const tabs = new OtherTabs(key, store);
const outbox = new Outbox({ store, connection, saved: new SavedOutbox(key, roomIds), tabs, uploads });
const resting = new Resting({ connection, isBusy: () => store.state.outbox.length > 0 || "inCall" in page.dataset });
const teller = new TypingTeller((isTyping) => connection.tell("typing", { is_typing: isTyping }));
const drafts = new Drafts(key, roomIds);
const replying = new Replying({ store, drafts });
const composer = new Composer({
  drafts, send, typing: (isTyping) => teller.changed(isTyping),
  editLast: () => edit(({ lastOwn }) => lastOwn(store.state)),
  restored: () => {
    replying.restore();
    showPlaceToWrite(store.state);
  },
});
/** @type {import("./writing/editing.js").Editing | undefined} */
let editor;
/** @type {Promise<import("./room/pins.js").Pins> | undefined} loaded where something is pinned */
let pins;
/** @type {Promise<import("./call/calls.js").Calls> | undefined} */
let calling;
/** @type {Promise<import("./files/uploads.js").Uploads> | undefined} */
let filing;
/** @type {Promise<void> | undefined} */
let mentions;
/** @type {Promise<import("./bots/bots.js").Bots> | undefined} */
let bots;

removeEventListener("click", globalThis.hear, true); // from here on buttons are answered

// First of all: what it waits for is far away, and everything below is done meanwhile.
resting.start();
connection.start();
await nextTask();
followVisibleViewport();
forgetSentForm();
composer.start();
replying.start();
composer.field.addEventListener("input", offer);
const files = startFiles({ key, uploads, composer });
if (document.querySelector(".sound")) import("./files/wave.js").then(({ watch }) => watch(byId("items")), () => {});
if (composer.drafts.edit()) edit(({ editFrom }) => editFrom(composer.drafts.edit()));
startJoin({ roomId, joined });
startYou({ roomId, store, renamed, stop: leaveForGood });
startShowReading(store, connection);
startShare({ title: page.dataset.title ?? "", link: page.dataset.joinLink ?? "" });
startRules({ store, isReader: page.dataset.reader === "yes" });
document.getElementById("end-link")?.addEventListener("click", askWhetherToEnd);
startStatus(store, () => connection.tryNow());
await nextTask();
store.watch(["messages", "ahead", "outbox", "deleting", "notices", "unread", "me", "hasOlder", "hasNewer", "active", "reacting", "readers", "people"], (state) =>
  transcript.show(state));
onNewDay(() => transcript.show(store.state));
store.watch(["me", "owner", "active", "readOnly", "accountsOnly", "gone"], showPlaceToWrite);
store.watch(["owner"], showRights);
await nextTask();
new People({ store, roomId, faces }).start();
history.start();
reading.start();
marks.start();
catchUp.start();
outbox.start();
startFolding();
startMenu({ store, connection, composer, reading, replying, edit: (message) => edit(() => message), joinLink: page.dataset.joinLink ?? "" });
transcript.root.addEventListener("click", actOnMessage);
addEventListener("hashchange", goToLinked);
byId("pin-next").addEventListener("click", () => pins?.then((shown) => shown.next()));
if (!byId("pins").hidden) showPins();
store.watch(["messages"], ({ messages }) => messages.some(({ pinned }) => pinned) && showPins());
openWhereReadingGoesOn();
lastRead.start(store, reading);
readMarks.start();
store.first(["unreadIsGuess"], ({ unreadIsGuess }) => unreadIsGuess, async () => {
  const { Recount } = await untilThere(() => import("./transcript/recount.js"));
  new Recount({ store, roomId, ask }).start();
});
if (store.state.me && !linkedSeq()) composer.focus();
byId("notifying").addEventListener("click", openNotifying);
byId("report").addEventListener("click", (event) => {
  event.preventDefault();
  const opener = /** @type {HTMLAnchorElement} */ (event.target);
  // Else its page does the same.
  import("./room/report.js").then(({ reportPerson }) => reportPerson({ roomId, store, opener }), () => location.assign(opener.href));
});
byId("search-link").addEventListener("click", search);
byId("call").addEventListener("click", () => orTell(calls()).then((loaded) => loaded?.press()));
if (location.search.includes("find=")) search();
if (globalThis.Notification?.permission === "granted") import("./notifying/page.js").then(({ follow }) => follow({ key, store }), () => {});
if (navigator.serviceWorker && document.documentElement.dataset.worker === "yes") {
  if (document.documentElement.dataset.keptAt) keep();
  else later(keep);
}
if (location.hash === "#shared") import("./kept/take-shared.js").then(({ takeShared }) => takeShared({
  write: (text) => composer.putBack(text),
  attach: (given) => files(new Event("shared")).then((ways) => ways.attach(given)),
}), () => {});
startComingBack({ roomId, store, reading, awayMs: lastRead.awayMs });
if ("keepsDrafts" in page.dataset) later(() => import("./writing/account-drafts.js").then(({ AccountDrafts }) => new AccountDrafts({ composer, connection, store, key }).start(), () => {}));
globalThis.pressed?.click();

/** For whoever opens it offline; what was kept of it is shown at once where the page is such a one. */
async function keep() {
  const { Keeping } = await import("./kept/keeping.js").catch(() => ({ Keeping: undefined }));
  if (Keeping) new Keeping({ store, roomId, place: () => reading.place(), showTitle }).start();
}

/** Between two parts of what a page does at its start: a slow phone can scroll and take a touch there. */
function nextTask() {
  return new Promise((resolve) => setTimeout(resolve));
}

/** @returns {import("./state/store.js").State} */
function readState() {
  const { userId, username = "", role = "member", seq, active, older, newer, participantCount, readOnly, door = "open", keepDays } = page.dataset;
  const articles = /** @type {NodeListOf<HTMLElement>} */ (byId("items").querySelectorAll(".message"));
  /** @type {import("./state/store.js").State} */
  const state = {
    ...INITIAL,
    me: userId ? { userId, username, role } : null,
    active: active === "yes",
    owner: page.dataset.owner === "yes",
    readOnly: readOnly === "yes",
    accountsOnly: page.dataset.accountsOnly === "yes",
    hasAccount: page.dataset.account === "yes",
    door,
    keepDays: Number(keepDays),
    seq: Number(seq),
    messages: between.messages ?? [...articles].map(readMessage),
    hasOlder: older === "yes",
    hasNewer: newer === "yes",
    people: readPeople(),
    peopleCursor: byId("people").dataset.cursor ?? "",
    participantCount: Number(participantCount),
    readSeq: told?.seq ?? 0,
    hidesReading: page.dataset.hidesReading === "yes",
  };
  state.reacting = withOwn(state, state.messages);
  const counted = told && told.seq >= lastRead.through ? told.unread : undefined;
  return { ...state, ...unreadSince(state, lastRead.through, counted) };
}

// A tab that comes back, where it was; by a link, at its message; else at what is new since this browser was here.
function openWhereReadingGoesOn() {
  const place = lastRead.place();
  if (place) reading.backTo(place);
  else if (linkedSeq()) goToLinked();
  else if (store.state.unread.count) reading.toUnread();
}

/** @returns {Record<string, (fields: any) => void>} */
function serverEvents() {
  return {
    conversation_state: receiveState,
    new_message: receive,
    room_position: ({ seq }) => catchUp.position(seq),
    user_typing: listenToTyping(store),
    conversation_ended: ({ seq }) => {
      store.dispatch({ type: "conversation_ended", seq });
      announce("This conversation has ended.");
    },
    message_changed: receiveChanged,
    messages_erased: () => pins?.then((shown) => shown.look()),
    conversation_changed: showChanged,
    link_replaced: ({ new_room_id: now }) => goToNewLink(now),
    claimed: ({ claim }) => claims().then(({ claimed }) => claimed(claim)),
    claim_answered: (answer) => claims().then(({ answered }) => answered(answer, store.state.me, roomId)),
    removed: ({ reason, message }) => reason === "claimed" ? location.reload() : leave(reason === "closed" ? wordsOfClosing(message) : message),
    conversation_deleted: ({ message }) => leave(message, true),
    // What owners have on the page comes from the server.
    role_changed: ({ user_id: userId, role }) => role === "owner" && userId === store.state.me?.userId && !store.state.owner && location.reload(),
    look_changed: (look) => wear([look]),
    announced: (told) => import("./browser/announcement.js").then(({ show }) => show(told), () => {}),
    knocked: (knock) => knocks && knocks.then((told) => told.knocked(knock)),
  };
}

/** @param {{room_id: string, title: string, description: string}} fields */
function showChanged(fields) {
  const before = store.state;
  store.dispatch({ ...fields, type: "conversation_changed", at: new Date().toISOString() });
  changesOf(before, store.state).forEach(announce);
  showWords(fields);
  lookWhoKnocks(); // whom a door that was opened concerns no more, and whom a closed one does
}

/** @param {{room_id: string, title: string, description: string, calls?: string}} conversation */
function showWords({ description, calls: are, ...called }) {
  showCall(are);
  showTitle(titleOf(called));
  const opening = /** @type {HTMLElement} */ (document.querySelector(".opening-description"));
  if (description === described) return;
  described = description;
  reading.keepPlace(() => {
    opening.replaceChildren(render(parse(description)));
    opening.hidden = description === "";
    /** @type {HTMLElement} */ (document.querySelector(".opening > .fold")).hidden = !isLong(description);
  });
}

/** @param {string} title */
function showTitle(title) {
  for (const shown of document.querySelectorAll(".bar-title, .opening-title")) shown.textContent = title;
  document.querySelector(".bar-title")?.setAttribute("title", title);
  marks.retitle(`${title} · parley`);
}

/**
 * The old link serves who is inside for as long as they stay; a page that is loaded again needs the new one.
 * @param {string} now
 */
function goToNewLink(now) {
  const path = pathOf(now);
  if (!composer.unsent && !store.state.outbox.length) return location.replace(path);
  connection.roomId = now;
  window.history.replaceState(window.history.state, "", path);
}

/**
 * Strangers come in again by the link they have; a link or a device that was revoked leads nowhere now.
 * @param {string} message as strangers are told
 */
function wordsOfClosing(message) {
  if (page.dataset.reader === "yes") return "Your read-only link was revoked. Ask the person who sent it for a new one.";
  if (store.state.owner) return "This device no longer has owner rights. Ask an owner for a new link.";
  return message;
}

/**
 * @param {string} message why one is not in it any more
 * @param {boolean} [isErased]
 */
function leave(message, isErased) {
  connection.stop();
  if (isErased) lastRead.forget();
  nothingStays();
  hush(); // the line that says so is an alert of its own
  store.dispatch({ type: "gone", message, isErased });
}

function leaveForGood() {
  connection.stop();
  lastRead.forget();
  return nothingStays();
}

/** What one wrote and nobody has goes with the rest: there is nobody to send it to. */
async function nothingStays() {
  drafts.end();
  outbox.saved.save([]);
  filing?.then((uploads) => uploads.end(), () => {});
  const kept = await import("./kept/over.js").catch(() => undefined);
  // It may have got another link since this page was opened.
  for (const each of new Set([roomId, connection.roomId])) await kept?.over(each, key);
}

// The connection is there, or there again: what waited can go on.
function entered() {
  outbox.resume();
  filing?.then((uploads) => uploads.resume(), () => {});
  history.failed = false;
  reading.fetchNearEdge();
  lookWhoKnocks();
  pins?.then((shown) => shown.look());
  resting.makeRoom();
}

/** @param {{conversation: import("./connection/wire.js").Conversation}} fields */
function receiveState({ conversation }) {
  const missed = missedAmong(conversation.messages, store.state);
  store.dispatch({ type: "conversation_state", conversation, ...reading.place() });
  showWords(conversation);
  if (conversation.looks) wear(conversation.looks);
  announceMissed(missed);
}

/** @param {import("./people/looks.js").Look[]} looks */
function wear(looks) {
  import("./people/looks.js").then((loaded) => loaded.wear(faces, looks, connection.roomId), () => {});
}

/** @param {import("./connection/wire.js").Message} message */
function receive(message) {
  const news = missedAmong([message], store.state);
  store.dispatch({ type: "new_message", message, ...reading.place() });
  for (const told of news) announceMessage(told, isFor(told, store.state.me));
}

/** @param {import("./connection/wire.js").Message} message as it is now */
function receiveChanged(message) {
  if (message.pinned) showPins();
  pins?.then((shown) => shown.changed(message));
  const known = store.state.messages.find(({ id }) => id === message.id);
  // What was said before is not to be read any more; what people react to is.
  if (message.deleted || (known && known.message !== message.message)) hush();
  store.dispatch({ type: "message_changed", message });
  if (!known || !message.reactions || message.user_id !== store.state.me?.userId) return;
  import("./transcript/actions.js").then(({ tellReactions }) => tellReactions(store, known), () => {});
}

/**
 * @param {string} text
 * @param {import("./state/store.js").OutgoingFile[]} [files]
 */
async function send(text, files) {
  teller.sent();
  if (text[0] === "/" && !files?.length) {
    const late = new Promise((resolve) => setTimeout(resolve, 5000)); // a script may never come, and what was written is to go
    if ((await Promise.race([startBots().catch(() => undefined), late]))?.takes(text)) return;
  }
  sendMessage(text, files);
}

/**
 * @param {string} text
 * @param {import("./state/store.js").OutgoingFile[]} [files]
 */
function sendMessage(text, files) {
  offerNotifying();
  outbox.send(text, { ...replying.take(text), files });
  reading.wrote();
}

/** Once, and only where nobody has decided. */
function offerNotifying() {
  if (recall("notifying-offered") || globalThis.Notification?.permission === "granted") return;
  import("./notifying/offer.js").then(({ offerOfAnswers }) => offerOfAnswers(), () => {});
}

/** @param {MouseEvent} event */
async function openNotifying(event) {
  const opener = /** @type {HTMLElement} */ (event.currentTarget);
  const loaded = await orTell(Promise.all([import("./notifying/dialog.js"), loadSheet("actions")]));
  loaded?.[0].openNotifying({ roomId, opener });
}

/** @param {MouseEvent} [event] none where a result of the search's own page led here */
async function search(event) {
  if (event?.ctrlKey || event?.metaKey || event?.shiftKey) return;
  event?.preventDefault();
  const opener = /** @type {HTMLAnchorElement} */ (byId("search-link"));
  const loaded = await Promise.all([import("./search/dialog.js"), loadSheet("search")]).catch(() => undefined);
  const [shown, parts] = [loaded?.[0], { roomId, store, reading, opener }];
  if (event && shown) shown.open(parts);
  else if (event) location.assign(opener.href); // whose page finds the same
  else shown?.follow(parts);
}

function lookWhoKnocks() {
  if (knocks) knocks.then((told) => told.look());
}

function uploads() {
  filing ??= import("./files/uploads.js").then(({ Uploads }) => new Uploads({ connection, of: key }));
  filing.catch(() => (filing = undefined)); // the network may be there next time
  return filing;
}

// Most messages name nobody, and ask bots for nothing.
function offer() {
  const { value } = composer.field;
  if (value[0] === "/") startBots().catch(() => {});
  if (!value.includes("@")) return;
  mentions ??= Promise.all([import("./writing/mentions.js"), loadSheet("actions")]).then(([{ Mentions }]) => new Mentions({ store, faces, replying, roomId }).start());
  mentions.catch(() => (mentions = undefined)); // the network may be there next time
}

function startBots() {
  bots ??= Promise.all([import("./bots/bots.js"), loadSheet("actions")]).then(([{ Bots }]) => new Bots({ connection, composer, send: sendMessage }));
  bots.catch(() => (bots = undefined));
  return bots;
}

function showPins() {
  pins ??= Promise.all([untilThere(() => import("./room/pins.js")), loadSheet("pins")]).then(([{ Pins }]) => {
    const shown = new Pins({ store, connection, reading });
    shown.start();
    return shown;
  });
}

function calls() {
  calling ??= Promise.all([import("./call/calls.js"), loadSheet("call")]).then(([{ Calls }]) => new Calls({ store, connection, faces }));
  calling.catch(() => (calling = undefined)); // the network may be there next time
  return calling;
}

/** Loaded where somebody claims to be a person of an import. */
function claims() {
  return untilThere(() => import("./people/claims.js"));
}

/**
 * @param {(editing: typeof import("./writing/editing.js")) => {id: string, seq: number, message: string, text?: string,
 *   attachments?: import("./connection/wire.js").File[]} | undefined} which of what is loaded by who edits
 */
async function edit(which) {
  const [editing] = await Promise.all([orTell(import("./writing/editing.js")), loadSheet("actions")]);
  const message = editing && which(editing);
  if (!message || !mayPost(store.state)) return;
  const text = message.text ?? (isWordless(message) ? "" : undefined);
  editor ??= new editing.Editing({ connection, composer, replying });
  editor.start(message, text);
}

/** @param {import("./state/store.js").Me} me */
function joined(me) {
  store.dispatch({ type: "me", me });
  connection.reopen();
  byId("message").focus();
}

/** @param {string} username */
function renamed(username) {
  const event = /** @type {const} */ ({ type: "renamed", username });
  store.dispatch(event);
  tabs.tell(event); // the server tells the others
  announce(`You are now ${username}.`);
}

/** @param {import("./state/store.js").State} state */
function showPlaceToWrite(state) {
  const { me, active, gone } = state;
  const isReader = page.dataset.reader === "yes" && !me;
  const mayOnlyRead = isReader || (me !== null && !mayPost({ ...state, active: true }));
  const lacksAccount = !isReader && needsAccount(state);
  byId("composer").hidden = !me || (active ? mayOnlyRead : !composer.unsent);
  byId("join").hidden = !active || me !== null || isReader;
  const line = byId("read-only");
  line.hidden = !active || !(mayOnlyRead || lacksAccount);
  if (!isReader && lacksAccount !== (line.firstElementChild !== null)) {
    import("./room/silence.js").then(({ tellWhy }) => tellWhy(line, lacksAccount ? roomId : ""), () => {});
  }
  byId("ended").hidden = active || gone !== "";
  byId("gone").hidden = gone === "";
  byId("gone-text").textContent = gone;
  showCall();
  if (!active) showEnd();
  composer.grow();
}

/** @param {string} [are] "on" or "off" */
function showCall(are = page.dataset.calls) {
  page.dataset.calls = are;
  byId("call").hidden = are === "off" || !mayPost(store.state);
}

/** @param {import("./state/store.js").State} state */
function showRights({ owner }) {
  page.dataset.owner = owner ? "yes" : "no";
  if (owner) return;
  for (const id of ["manage-link", "end-link"]) document.getElementById(id)?.remove();
}

/** @param {MouseEvent} event */
async function askWhetherToEnd(event) {
  const link = /** @type {HTMLAnchorElement} */ (event.currentTarget);
  event.preventDefault();
  const end = await import("./room/end.js").catch(() => location.assign(link.href)); // whose page asks the same
  end?.askWhetherToEnd(link, roomId, () => store.dispatch({ type: "disowned" }));
}

function showEnd() {
  document.getElementById("end-link")?.remove();
  /** @type {HTMLDialogElement} */ (byId("sheet")).close();
  composer.close();
  byId("items").dataset.over = "yes"; // nothing that failed can be tried again
}

/** @param {MouseEvent} event */
function actOnMessage(event) {
  const clicked = /** @type {HTMLElement} */ (event.target);
  const message = /** @type {HTMLElement | null} */ (clicked.closest(".message"));
  const action = /** @type {HTMLElement | null} */ (clicked.closest("[data-action]"))?.dataset.action;
  if (action === "copy-code") return copyCode(clicked);
  if (message && action === "undo") return undelete(message);
  const pressed = /** @type {HTMLButtonElement | null} */ (clicked.closest(".reaction, [data-button]"));
  if (message && pressed) {
    event.preventDefault(); // it would send the form that is there without a script
    orTell(import("./transcript/actions.js")).then((loaded) => loaded?.press({ store, connection, startBots }, message, pressed));
    return;
  }
  if (message?.dataset.clientId && action) return actOnFailed(message.dataset.clientId, action);
  if (event.metaKey || event.ctrlKey || event.shiftKey) return;
  const picture = /** @type {HTMLAnchorElement | null} */ (clicked.closest("a.picture"));
  if (picture) return view(picture, event);
  const quote = /** @type {HTMLElement | null} */ (clicked.closest(".quote"));
  if (message && quote) return jumpTo(message, quote, event);
  const link = clicked.closest(".message-time");
  if (!link || !message?.dataset.seq) return;
  event.preventDefault();
  window.history.replaceState(window.history.state, "", /** @type {HTMLAnchorElement} */ (link).href);
  reading.goTo(Number(message.dataset.seq));
}

/**
 * @param {HTMLAnchorElement} picture
 * @param {MouseEvent} event
 */
async function view(picture, event) {
  event.preventDefault();
  const viewer = await import("./files/viewer.js").catch(() => location.assign(picture.href));
  viewer?.view(picture);
}

/** @param {HTMLElement} button */
async function copyCode(button) {
  const copying = await orTell(import("./transcript/copying.js"));
  copying?.copy(button.closest(".code-block")?.querySelector("code")?.textContent ?? "");
}

/**
 * @param {HTMLElement} message
 * @param {HTMLElement} quote
 * @param {MouseEvent} event
 */
async function jumpTo(message, quote, event) {
  event.preventDefault();
  const seq = Number(quote.dataset.seq);
  const jumps = await import("./transcript/jumps.js").catch(() => reading.goTo(seq)); // without a way back
  await jumps?.jump(reading, message, seq);
}

/**
 * @param {string} clientId
 * @param {string} action
 */
async function actOnFailed(clientId, action) {
  if (action === "retry") return outbox.retry(clientId);
  const find = () => store.state.outbox.find((outgoing) => outgoing.clientId === clientId);
  const hasFiles = action === "edit" && find()?.files;
  const chips = hasFiles && (await orTell(files(new Event("edit")).then((ways) => ways.attaching())));
  if (hasFiles && !chips) return; // they stay with it
  const failed = find();
  if (action === "edit") outbox.files.delete(clientId); // they go back with the words
  outbox.discard(clientId);
  if (action === "edit" && failed) {
    if (chips) chips.putBack(failed.files ?? []);
    composer.putBack(failed.text);
    replying.putBack(failed);
  } else byId("message").focus();
}

/** @param {HTMLElement} message */
function undelete(message) {
  store.dispatch({ type: "kept", id: message.dataset.id });
  message.focus({ preventScroll: true });
  announce("The message is back.");
}

function linkedSeq() {
  return Number(/^#m-(\d+)$/.exec(location.hash)?.[1] ?? 0);
}

function goToLinked() {
  const seq = linkedSeq();
  if (seq) reading.goTo(seq);
}

/** For what stands between it and the server. */
export { connection, store };
