// @ts-check
// One message on the screen: made from the template the server renders with too, or taken over from the server's page.
import { cloneTemplate, part } from "../browser/dom.js";
import { isEmojiOnly, isLong, parse, render } from "./text.js";
import { fullDate, showTime } from "../browser/time.js";

/** @typedef {import("../state/items.js").MessageItem} MessageItem */

/**
 * @param {MessageItem} item
 * @returns {HTMLElement}
 */
export function makeMessage({ message }) {
  const element = cloneTemplate("message-template");
  if (message.deleted) return element;
  part(element, "text").append(render(parse(message.message)));
  element.classList.toggle("emoji-only", isEmojiOnly(message.message));
  if (isLong(message.message)) element.append(cloneTemplate("fold-template"));
  return element;
}

/**
 * Brings an element up to date. Its text never changes, but may go.
 * @param {HTMLElement} element
 * @param {MessageItem} item
 * @param {string} roomId
 * @param {import("../people/faces.js").Faces} faces
 */
export function updateMessage(element, item, roomId, faces) {
  const { message, mine, continued } = item;
  element.classList.toggle("mine", mine);
  element.classList.toggle("continued", continued);
  element.classList.toggle("alike", message.alike === true);
  if (message.user_id) faces.show(part(element, "face"), message);
  part(element, "author").textContent = mine ? "You" : message.username;
  part(element, "mark").textContent = markOf(message);
  part(element, "unproven").hidden = !message.unproven;
  if (message.deleted) showDeleted(element);
  showMessageTime(element, message.timestamp);
  if (message.seq) showPlace(element, message, roomId);
  showState(element, item.outgoing);
}

/** @param {import("../connection/wire.js").Message} message */
function markOf({ role, alike }) {
  if (role === "owner") return "owner";
  return alike ? "same name as someone else" : "";
}

/** @param {HTMLElement} element */
function showDeleted(element) {
  element.classList.add("deleted");
  element.classList.remove("emoji-only");
  part(element, "text").textContent = "Deleted";
  element.querySelector(".fold")?.remove();
}

/**
 * @param {HTMLElement} element
 * @param {string} timestamp
 */
function showMessageTime(element, timestamp) {
  showTime(/** @type {HTMLTimeElement} */ (part(element, "time")), timestamp);
  part(element, "link").dataset.full = fullDate(timestamp);
}

/**
 * @param {HTMLElement} element
 * @param {import("../connection/wire.js").Message} message
 * @param {string} roomId
 */
function showPlace(element, { id, seq }, roomId) {
  if (element.dataset.seq === String(seq)) return;
  element.id = `m-${seq}`;
  element.dataset.seq = String(seq);
  element.dataset.id = id;
  part(element, "link").setAttribute("href", `/conversation/${roomId}?at=${seq}#m-${seq}`);
}

/**
 * @param {HTMLElement} element
 * @param {import("../state/store.js").Outgoing | undefined} outgoing
 */
function showState(element, outgoing) {
  const shown = element.querySelector('[data-part="state"]');
  element.classList.toggle("pending", outgoing?.status === "pending");
  element.classList.toggle("failed", outgoing?.status === "failed");
  element.classList.toggle("delayed", outgoing?.status === "pending" && outgoing.error !== "");
  if (!outgoing) return shown?.remove();
  const state = shown ?? element.appendChild(cloneTemplate("message-state-template"));
  element.dataset.clientId = outgoing.clientId;
  const failed = outgoing.status === "failed";
  part(state, "reason").textContent = stateText(outgoing);
  part(state, "actions").hidden = !failed;
}

/** @param {import("../state/store.js").Outgoing} outgoing */
function stateText({ status, error }) {
  if (status === "failed") return `Not sent. ${error}`;
  return error ? `${error} Trying again…` : "Sending";
}

/**
 * The message a server-rendered element stands for. Where its text looks other than it was written, it is given beside.
 * @param {HTMLElement} element
 * @returns {import("../connection/wire.js").Message}
 */
export function readMessage(element) {
  const { id = "", seq, changedSeq, userId = "", username = "", at = "" } = element.dataset;
  const { clientId, role, alike, unproven, deleted } = element.dataset;
  const message = element.dataset.source ?? part(element, "text").textContent ?? "";
  delete element.dataset.source; // it may change, and go
  const reacted = /** @type {HTMLElement | null} */ (element.querySelector('[data-part="reactions"]'));
  return {
    id, seq: Number(seq), changed_seq: Number(changedSeq), user_id: userId, username, timestamp: at, message,
    client_id: clientId, role: role === "owner" ? "owner" : undefined, alike: alike === "yes",
    unproven: unproven === "yes", deleted: deleted === "yes", reactions: JSON.parse(reacted?.dataset.reactions ?? "[]"),
  };
}
