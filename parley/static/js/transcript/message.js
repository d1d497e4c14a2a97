// @ts-check
// One message on the screen: made from the template the server renders with too, or taken over from the server's page.
import { cloneTemplate, part } from "../browser/dom.js";
import { untilThere } from "../browser/later.js";
import { pathOf } from "../browser/root.js";
import { renderText } from "./parts.js";
import { isEmojiOnly, isLong } from "./text.js";
import { dayOf, fullDate, showTime } from "../browser/time.js";

/** @typedef {import("../state/items.js").MessageItem} MessageItem */

/** @type {typeof import("../files/show.js") | undefined} loaded with the first files */
let files;
/** @type {Promise<typeof import("../files/show.js")> | undefined} */
let loading;

/** @type {WeakMap<HTMLElement, string>} the text that each element shows, as it was written */
const shown = new WeakMap();
/** @type {WeakSet<HTMLElement>} those that show it before the server has said what it comes to */
const early = new WeakSet();
/** @type {WeakMap<HTMLElement, {text: string, nodes: Node[]}>} what comes back if its deletion is undone */
const hidden = new WeakMap();

/**
 * @param {MessageItem} item
 * @returns {HTMLElement}
 */
export function makeMessage({ message }) {
  const element = cloneTemplate("message-template");
  if (!message.deleted) showText(element, message);
  return element;
}

/**
 * @param {HTMLElement} element
 * @param {import("../connection/wire.js").Message} message
 */
function showText(element, message) {
  const { message: text, parts } = isWordless(message) ? { message: "", parts: undefined } : message;
  if (shown.get(element) === text && !(parts && early.has(element))) return;
  shown.set(element, text);
  const before = hidden.get(element);
  hidden.delete(element);
  if (before?.text === text) part(element, "text").replaceChildren(...before.nodes);
  else showAnew(element, { ...message, message: text, parts });
  element.classList.toggle("emoji-only", isEmojiOnly(text) && !message.attachments && !message.files);
  element.querySelector(":scope > .fold")?.remove();
  if (isLong(text)) part(element, "text").after(cloneTemplate("fold-template"));
}

/**
 * @param {HTMLElement} element
 * @param {import("../connection/wire.js").Message} message
 */
function showAnew(element, message) {
  if (message.parts) early.delete(element);
  else early.add(element);
  const isCall = message.type === "call";
  part(element, "text").replaceChildren(isCall ? message.message.replace(/^Call: ([^,]+), /, "Call · $1 · ") : renderText(message));
}

/**
 * Brings an element up to date.
 * @param {HTMLElement} element
 * @param {MessageItem} item
 * @param {string} roomId
 * @param {import("../people/faces.js").Faces} faces
 */
export function updateMessage(element, item, roomId, faces) {
  const { message, mine, continued } = item;
  element.classList.toggle("mine", mine);
  element.classList.toggle("continued", continued);
  element.classList.toggle("service", isOfService(message));
  element.classList.toggle("alike", message.alike === true);
  if (message.user_id) faces.show(part(element, "face"), message);
  part(element, "author").textContent = mine ? "You" : message.username;
  part(element, "mark").textContent = markOf(message);
  part(element, "unproven").hidden = !message.unproven;
  element.classList.toggle("for-you", item.forYou);
  showQuote(element, item, roomId);
  element.classList.toggle("deleted", Boolean(message.deleted || item.deleting));
  if (message.deleted || item.deleting) showDeleted(element, !message.deleted && item.deleting?.canUndo);
  else showText(element, message);
  if (message.deleted) hidden.delete(element);
  showFiles(element, item);
  // Hardly any message has some.
  if (message.buttons || element.querySelector(":scope > .message-buttons")) {
    untilThere(() => import("../bots/buttons.js")).then((loaded) => loaded.showButtons(element, item));
  }
  showMessageTime(element, message.timestamp);
  showEdited(element, message);
  if (message.seq) showPlace(element, message, roomId);
  showState(element, item.outgoing);
}

/**
 * @param {HTMLElement} element
 * @param {MessageItem} item
 */
function showFiles(element, { message, deleting }) {
  const isGone = Boolean(message.deleted || deleting);
  part(element, "text").hidden = !isGone && isWordless(message);
  if (isGone || !(message.attachments || message.files)) return element.querySelector(".files")?.remove();
  if (files) return files.showFiles(element, message);
  loading ??= untilThere(() => import("../files/show.js"));
  loading.then((loaded) => {
    files = loaded;
    // It may be deleted by now, or be another.
    if (!element.classList.contains("deleted")) loaded.showFiles(element, message);
  });
}

/**
 * Nothing was said with its files: then it says their names, for who does not see them.
 * @param {Pick<import("../connection/wire.js").Message, "message" | "attachments" | "files">} message
 */
export function isWordless({ message, attachments, files }) {
  return message === "" ? files !== undefined : message === attachments?.map(({ name }) => name).join(", ");
}

/**
 * What another chat's service itself wrote: nobody can say so, as nobody has no user_id. And what the server tells of calls.
 * @param {Pick<import("../connection/wire.js").Message, "type" | "user_id">} message
 */
function isOfService({ type, user_id: userId }) {
  return type === "call" || (type === "system" && userId === "");
}

/** @param {import("../connection/wire.js").Message} message */
function markOf({ role, alike }) {
  if (role) return role;
  return alike ? "same name as someone else" : "";
}

/**
 * What it answers stands above its text, and leads there.
 * @param {HTMLElement} element
 * @param {MessageItem} item
 * @param {string} roomId
 */
function showQuote(element, { message: { reply_to: quote }, quotesMe }, roomId) {
  const shown = /** @type {HTMLElement | null} */ (element.querySelector(".quote"));
  if (!quote) return shown?.remove();
  const made = shown ?? cloneTemplate("quote-template");
  if (!shown) part(element, "text").before(made);
  made.setAttribute("href", `${pathOf(roomId)}?at=${quote.seq}#m-${quote.seq}`);
  made.dataset.seq = String(quote.seq);
  made.classList.toggle("gone", quote.deleted === true);
  part(made, "quote-author").textContent = quotesMe ? "You" : quote.username;
  part(made, "quote-text").textContent = quote.deleted ? "Deleted message" : quote.excerpt;
}

/**
 * By its date, where that is another than the message's.
 * @param {HTMLElement} element
 * @param {import("../connection/wire.js").Message} message
 */
function showEdited(element, { timestamp, edited_at: editedAt }) {
  const shown = element.querySelector('[data-part="edited"]');
  if (!editedAt) return shown?.remove();
  const edited = shown ?? part(element, "link").parentElement?.appendChild(cloneTemplate("edited-template"));
  const time = /** @type {HTMLTimeElement} */ (edited?.firstElementChild);
  time.dataset.format = dayOf(editedAt) === dayOf(timestamp) ? "clock" : "date";
  showTime(time, editedAt);
}

/**
 * @param {HTMLElement} element
 * @param {boolean} [canUndo]
 */
function showDeleted(element, canUndo) {
  element.classList.remove("emoji-only");
  const text = shown.get(element);
  if (text !== undefined) hidden.set(element, { text, nodes: [...part(element, "text").childNodes] });
  shown.delete(element);
  part(element, "text").replaceChildren(canUndo ? cloneTemplate("deleting-template") : "Deleted");
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
  part(element, "link").setAttribute("href", `${pathOf(roomId)}?at=${seq}#m-${seq}`);
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
  part(state, "retry").hidden = Boolean(outgoing.isForGood);
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
  const { id = "", seq, changedSeq = seq, userId = "", username = "" } = element.dataset;
  const { clientId, role, alike, unproven, deleted, editedAt, mentions, pinned } = element.dataset;
  const message = element.dataset.source ?? part(element, "text").textContent ?? "";
  delete element.dataset.source; // it may change, and go
  const attached = /** @type {HTMLElement | null} */ (element.querySelector(":scope > .files"))?.dataset.files;
  const attachments = attached && JSON.parse(attached);
  shown.set(element, isWordless({ message, attachments }) ? "" : message);
  element.querySelector("noscript")?.remove();
  const buttons = /** @type {HTMLElement | null} */ (element.querySelector(":scope > .message-buttons"))?.dataset.buttons;
  const reacted = /** @type {HTMLElement | null} */ (element.querySelector('[data-part="reactions"]'));
  return {
    id, seq: Number(seq), changed_seq: Number(changedSeq), user_id: userId, username, message,
    timestamp: /** @type {HTMLTimeElement} */ (part(element, "time")).dateTime,
    client_id: clientId, role: /** @type {"owner" | "bot" | undefined} */ (role), alike: alike === "yes",
    unproven: unproven === "yes", deleted: deleted === "yes", edited_at: editedAt,
    pinned: pinned === "yes", ...(element.classList.contains("service") && { type: userId ? "call" : "system" }),
    reply_to: readQuote(element), mentions: mentions ? JSON.parse(mentions) : undefined,
    reactions: JSON.parse(reacted?.dataset.reactions ?? "[]"), ...(attachments && { attachments }),
    ...(buttons && { buttons: JSON.parse(buttons) }),
  };
}

/**
 * @param {HTMLElement} element
 * @returns {import("../connection/wire.js").Answered | undefined}
 */
function readQuote(element) {
  const quote = /** @type {HTMLElement | null} */ (element.querySelector(".quote"));
  if (!quote) return undefined;
  const { id = "", seq, userId = "", username = "", deleted } = quote.dataset;
  if (deleted) return { id, seq: Number(seq), user_id: userId, username, excerpt: "", deleted: true };
  return { id, seq: Number(seq), user_id: userId, username, excerpt: part(quote, "quote-text").textContent ?? "" };
}
