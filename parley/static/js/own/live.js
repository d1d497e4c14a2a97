// @ts-check
// The list of one's own conversations, live: for as long as somebody looks at it. Loaded where there is one.
import { io } from "../../vendor/socket.io.esm.min.js";
import { restoreFocus } from "../browser/dialogs.js";
import { byId, part } from "../browser/dom.js";
import { later, untilThere } from "../browser/later.js";
import { ROOT, apiOf } from "../browser/root.js";
import { send } from "../connection/send.js";
import { OWN_PAGE, request } from "../connection/line.js";
import { SOCKETS, ask } from "../connection/wire.js";
import { isAnyKept } from "../sealed/any.js";
import { called, placeOf, rowOf } from "./row.js";

const FIRST_DELAY_MS = 1000;
const LAST_DELAY_MS = 30_000;

/** @typedef {import("./row.js").OwnConversation} OwnConversation */

const list = byId("own-rows");
let wasConnected = false;
/** @type {import("../connection/wire.js").Socket} */
const socket = io({
  tryAllTransports: true, autoConnect: false, extraHeaders: OWN_PAGE, ...SOCKETS,
  reconnectionDelay: FIRST_DELAY_MS, reconnectionDelayMax: LAST_DELAY_MS,
});

socket.on("connect", async () => {
  const ack = await request(socket, "follow_mine", {});
  if (ack.ok) ack.conversations.forEach((/** @type {OwnConversation} */ own) => show(own.room_id, own));
  if (wasConnected) showInvites(); // one may have come meanwhile
  wasConnected = true;
});
socket.on("invites_changed", showInvites);
// A line that breaks the client opens again by itself, but not one that the server ended or refused.
socket.on("disconnect", (reason) => reason === "io server disconnect" && setTimeout(lookWhetherSeen, FIRST_DELAY_MS));
socket.on("connect_error", () => setTimeout(lookWhetherSeen, LAST_DELAY_MS));
socket.on("announced", (told) => import("../browser/announcement.js").then((line) => line.show(told), () => {}));
socket.on("mine_changed", ({ room_id: known, conversation }) => show(known, conversation));
list.addEventListener("submit", act);
document.getElementById("own-older")?.addEventListener("click", showOlder);
document.addEventListener("visibilitychange", lookWhetherSeen);
lookWhetherSeen();
later(callByName);

// Whoever looks again is told afresh: nothing is missed by not listening.
function lookWhetherSeen() {
  if (document.visibilityState === "visible") socket.connect();
  else socket.disconnect();
}

/**
 * @param {string} known the room id by which the list may have it
 * @param {OwnConversation} [conversation] as it is now; none where it is nobody's own any more
 * @param {boolean} [isAsked] whether it was looked for
 */
function show(known, conversation, isAsked) {
  const before = rowFor(known);
  if (!conversation) {
    nothingStays(known);
    return before?.remove();
  }
  if (!before && list.dataset.goesOn && !isAsked) return; // it is on another page
  document.querySelector(".own-none")?.remove();
  const row = rowOf(before, conversation);
  const rows = /** @type {HTMLElement[]} */ ([...list.children]);
  const next = rows.find((each) => each !== row && placeOf(each) < placeOf(row));
  const isInPlace = row.isConnected && row.nextElementSibling === (next ?? null);
  if (!isInPlace) moveBefore(row, next ?? null);
}

function showInvites() {
  if (document.getElementById("invites")) import("./invites.js").then((invites) => invites.show(), () => {});
}

/** Those that are encrypted, as far as this device knows what they are called. */
async function callByName() {
  if (!(await isAnyKept())) return;
  const { allKept } = await untilThere(() => import("../sealed/kept.js"));
  const kept = await allKept().catch(() => []);
  for (const { roomId, called: as, about } of kept) {
    const title = as?.title || about?.title;
    if (title) called.set(roomId, title);
    const row = title && rowFor(roomId);
    if (row) part(row, "title").textContent = title;
  }
}

/** Below those that are there, where a page of its own would show them else. @param {MouseEvent} event */
async function showOlder(event) {
  const link = /** @type {HTMLAnchorElement} */ (event.currentTarget);
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (link.ariaBusy === "true") return;
  link.ariaBusy = "true";
  const reply = await ask(`/api/mine?cursor=${encodeURIComponent(link.dataset.cursor ?? "")}`);
  link.ariaBusy = "false";
  if (!reply.success) return say(reply.error);
  const known = list.childElementCount;
  reply.conversations.forEach((/** @type {OwnConversation} */ own) => show(own.room_id, own, true));
  list.children[known]?.querySelector("a")?.focus();
  if (!reply.next_cursor) return link.remove();
  link.dataset.cursor = reply.next_cursor;
  link.href = `${ROOT}/conversations?own=${encodeURIComponent(reply.next_cursor)}#own`;
}

/**
 * A row that moves keeps the focus that it has.
 * @param {HTMLElement} row
 * @param {HTMLElement | null} next
 */
function moveBefore(row, next) {
  const focused = row.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement) : undefined;
  list.insertBefore(row, next);
  focused?.focus({ preventScroll: true });
}

/** @param {string} roomId of what was one's own */
async function nothingStays(roomId) {
  const kept = await import("../kept/over.js").catch(() => undefined);
  await kept?.over(roomId);
}

/** @param {string} roomId */
function rowFor(roomId) {
  const rows = /** @type {HTMLElement[]} */ ([...list.children]);
  return rows.find((row) => row.dataset.roomId === roomId);
}

/** @param {SubmitEvent} event */
async function act(event) {
  const form = /** @type {HTMLFormElement} */ (event.target);
  const row = /** @type {HTMLElement | null} */ (form.closest(".own-row"));
  const button = form.querySelector("button");
  if (!row?.dataset.roomId || !button) return;
  event.preventDefault();
  button.disabled = true;
  if (form.dataset.part === "pin") await pin(row, row.dataset.roomId, button);
  else await leave(row, row.dataset.roomId);
  button.disabled = false;
}

/**
 * The server tells where the row stands now.
 * @param {HTMLElement} row
 * @param {string} roomId
 * @param {HTMLButtonElement} button
 */
async function pin(row, roomId, button) {
  const pinned = button.value === "yes";
  const reply = await send("PUT", `${apiOf(roomId)}/pinned`, { pinned });
  if (!reply.success) return say(reply.error);
  say(pinned ? "Pinned." : "No longer pinned.");
}

/** @param {HTMLElement} row @param {string} roomId */
async function leave(row, roomId) {
  if (await isLastKey(roomId)) return say("You're the last one there, and leaving deletes its key from this browser. Copy its link first: ", row, "Open it");
  const reply = await ask(`${apiOf(roomId)}/leave`, {});
  if (!reply.success) return say(reply.error);
  nothingStays(roomId);
  const next = row.nextElementSibling ?? row.previousElementSibling;
  say("You left ", row);
  row.remove();
  restoreFocus(next?.querySelector("a"), byId("own-title"));
}

/**
 * Whether leaving it may be the end of what was said there: its page asks, and gives the link.
 * @param {string} roomId
 */
async function isLastKey(roomId) {
  if (!(await isAnyKept())) return false;
  const { keptOf } = await import("../sealed/kept.js");
  if (!(await keptOf(roomId).catch(() => undefined))) return false;
  const { conversation } = await ask(apiOf(roomId));
  return (conversation?.participant_count ?? 0) <= 1;
}

/**
 * @param {string} words
 * @param {HTMLElement} [row] what it is about: it is led to
 * @param {string} [leading] how that is called
 */
function say(words, row, leading = "Open it again") {
  const line = byId("own-left");
  line.textContent = words;
  const link = row?.querySelector("a");
  if (!link) return;
  const back = document.createElement("a");
  back.href = link.href;
  back.textContent = leading;
  const title = document.createElement("bdi");
  title.textContent = row?.querySelector(".row-title")?.textContent ?? "";
  line.append(title, ". ", back);
}
