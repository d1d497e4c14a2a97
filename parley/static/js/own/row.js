// @ts-check
// A row of the list of one's own conversations. `templates/parts/own_conversations.html` makes the same on the server.
import { cloneTemplate, part } from "../browser/dom.js";
import { pathOf } from "../browser/root.js";
import { titleOf } from "../room/title.js";
import { showTime } from "../browser/time.js";

/** What the server counts up to: of more it is enough that they are many. */
const UNREAD_MAX = 100;

/**
 * @typedef {{room_id: string, title: string, message_count: number, role: "owner" | "member" | "reader",
 *   is_active: boolean, pinned?: boolean, last_activity_at: string, unread: number, mentions: number,
 *   last_message?: {username: string, excerpt: string, type?: "call", deleted?: boolean}}} OwnConversation
 */

/** What encrypted ones are called, by room id: this device alone knows. @type {Map<string, string>} */
export const called = new Map();

/** @param {number} count */
export function few(count) {
  return count < UNREAD_MAX ? String(count) : `${UNREAD_MAX - 1}+`;
}

/**
 * @param {HTMLElement | undefined} element the row there is; else a new one is made
 * @param {OwnConversation} conversation
 * @returns {HTMLElement}
 */
export function rowOf(element, conversation) {
  const row = element ?? cloneTemplate("own-row-template");
  const { room_id: roomId, message_count: count, last_activity_at: at, last_message: last } = conversation;
  const path = pathOf(roomId);
  const title = called.get(roomId) ?? titleOf(conversation);
  row.dataset.roomId = roomId;
  row.dataset.at = at;
  part(row, "link").setAttribute("href", path);
  part(row, "title").textContent = title;
  if (conversation.pinned) row.dataset.pinned = "yes";
  else delete row.dataset.pinned;
  showFact(row, "pinned", conversation.pinned === true && "pinned");
  showFact(row, "owner", conversation.role === "owner" && "owner");
  showFact(row, "ended", !conversation.is_active && "ended");
  showFact(row, "mentions", conversation.mentions > 0 && `${few(conversation.mentions)} for you`);
  showFact(row, "unread", conversation.unread > 0 && `${few(conversation.unread)} new`);
  part(row, "last").hidden = !last;
  part(row, "last").textContent = last ? `${last.type === "call" ? "" : `${last.username}: `}${last.deleted ? "Deleted" : last.excerpt || "A message"}` : "";
  part(row, "count").textContent = count === 1 ? "1 message" : `${count} messages`;
  showTime(/** @type {HTMLTimeElement} */ (part(row, "time")), at);
  const pin = /** @type {HTMLButtonElement} */ (part(row, "pin-button"));
  part(row, "pin").setAttribute("action", `${path}/pinned`);
  pin.value = conversation.pinned ? "no" : "yes";
  pin.textContent = conversation.pinned ? "Unpin" : "Pin";
  pin.setAttribute("aria-label", `${pin.textContent} ${title}`);
  const leave = /** @type {HTMLFormElement} */ (part(row, "leave"));
  leave.hidden = conversation.role !== "member";
  leave.setAttribute("action", `${path}/leave`);
  part(row, "leave-button").setAttribute("aria-label", `Leave ${title}`);
  return row;
}

/** Rows stand in the order of these, the greatest first: what is pinned, then by the last activity. @param {HTMLElement} row */
export function placeOf({ dataset: { pinned, at = "" } }) {
  return `${pinned ? 1 : 0}${at}`;
}

/**
 * @param {HTMLElement} row
 * @param {string} name
 * @param {string | false} words none where it is not so
 */
function showFact(row, name, words) {
  const fact = part(row, name);
  fact.hidden = !words;
  fact.textContent = words || "";
}
