// @ts-check
// Notifications: shown, replaced, taken away, and tapped. What comes is as `present/pushes.py` makes it.
import { show as showBadge } from "../browser/badge.js";
import { ROOT, pathOf } from "../browser/root.js";
import { OWN_PAGE } from "../connection/line.js";
import { titleOf } from "../room/title.js";
import { worker } from "./scope.js";

/**
 * @typedef {object} Pushed
 * @property {"talk" | "call" | "knocks" | "door" | "invite" | "reports" | "gone"} kind
 * @property {"talk" | "call" | "knocks" | "door" | "invite" | "reports"} subject
 * @property {string} key what the conversation is known by, whatever its link
 * @property {string} [room_id]
 * @property {string} [title]
 * @property {number} [count]
 * @property {number} [seq]
 * @property {string} [sender]
 * @property {string} [text]
 * @property {number} [attachments]
 * @property {number} [at]
 * @property {boolean} [silent]
 * @property {string} [answer]
 * @property {boolean} [missed] of a call
 */

/** Where admins see what was reported. */
const REPORTS = `${ROOT}/admin/reports`;

worker.addEventListener("push", (event) => event.waitUntil(show(event.data?.json())));
worker.addEventListener("notificationclick", (event) => event.waitUntil(open(event.notification)));
worker.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renew(event)));

/** As a phone on a table. */
const RINGS_MS = [400, 200, 400, 1000, 400, 200, 400];

/** @param {Pushed | undefined} pushed */
async function show(pushed) {
  if (!pushed) return;
  const tag = `${pushed.subject}-${pushed.key}`;
  if (pushed.kind === "gone") {
    for (const shown of await worker.registration.getNotifications({ tag })) shown.close();
  } else if (!await isLookedAt(pushed)) {
    await worker.registration.showNotification(...notification(pushed, tag));
  }
  await count();
}

/**
 * @param {Pushed} pushed
 * @param {string} tag
 * @returns {[string, object]}
 */
export function notification(pushed, tag) {
  const { title, body } = words(pushed);
  return [title, {
    body,
    tag,
    // One that takes the place of another makes a sound again, unless it only corrects what is there.
    renotify: !pushed.silent,
    silent: pushed.silent ?? false,
    icon: `${ROOT}/apple-touch-icon.png`,
    timestamp: pushed.at,
    // Until it is answered, over, or swept away.
    ...(isRinging(pushed) && { requireInteraction: true, vibrate: RINGS_MS }),
    data: { key: pushed.key, url: address(pushed) },
  }];
}

/** @param {Pushed} pushed */
function isRinging({ kind, missed }) {
  return kind === "call" && !missed;
}

/**
 * @param {Pushed} pushed
 * @returns {{title: string, body: string}}
 */
export function words({ kind, title = "", room_id: roomId = "", count = 1, sender, text, attachments, answer, missed }) {
  if (kind === "reports") return { title: count > 1 ? `${count} reports are waiting` : "A report is waiting", body: "" };
  const called = titleOf({ title, room_id: roomId });
  if (kind === "call" && missed) return { title: sender ? `Missed call from ${sender}` : "Missed call", body: called };
  if (kind === "call") return { title: sender ? `${sender} is calling` : "Someone is calling", body: called };
  if (kind === "door") {
    return answer === "declined"
      ? { title: "Request declined", body: "The owner didn't let you in. You can knock again." }
      : { title: "You can come in", body: "The conversation you asked to join is open to you." };
  }
  if (kind === "invite") {
    return { title: title || "Invitation", body: sender ? `${sender} invites you to join.` : "You are invited to join." };
  }
  if (kind === "knocks") {
    const others = count > 1 ? ` and ${count - 1} more` : "";
    return { title: called, body: sender ? `${sender}${others} ${others ? "want" : "wants"} to join.` : waiting(count) };
  }
  const what = count > 1 ? `${count} new messages` : "New message";
  if (!sender) return { title: `${what} in ${called}`, body: "" };
  const line = text ? `${sender}: ${text}` : `${sender} sent ${wordless(attachments)}`;
  return { title: called, body: count > 1 ? `${what}\n${line}` : line };
}

/** @param {number} [files] none where all that was written is signs, as of an empty block of code */
function wordless(files) {
  if (!files) return "a message";
  return files === 1 ? "a file" : `${files} files`;
}

/** @param {number} count */
function waiting(count) {
  return count > 1 ? `${count} people are waiting to be let in.` : "Someone is waiting to be let in.";
}

/** @param {Pushed} pushed */
function address({ kind, room_id: roomId = "", seq, missed }) {
  if (kind === "invite") return `${ROOT}/conversations#invites`;
  if (kind === "reports") return REPORTS;
  const page = pathOf(roomId);
  if (kind === "call" && !missed) return `${page}#call`;
  return (kind === "talk" || kind === "call") && seq ? `${page}#m-${seq}` : page;
}

/**
 * Whether somebody sees the conversation now; browsers ask for no notification then.
 * @param {Pushed} pushed
 */
async function isLookedAt({ kind, room_id: roomId = "" }) {
  const tabs = await worker.clients.matchAll({ type: "window" });
  const path = kind === "reports" ? REPORTS : pathOf(roomId);
  return tabs.some((/** @type {any} */ tab) => tab.focused && new URL(tab.url).pathname === path);
}

/** @param {any} shown */
async function open(shown) {
  shown.close();
  await count();
  const { url = `${ROOT}/` } = shown.data ?? {};
  const path = url.split("#")[0];
  const tabs = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = tabs.find((/** @type {any} */ tab) => new URL(tab.url).pathname === path);
  if (there && url.endsWith("#call")) there.postMessage({ type: "call" });
  if (there) return there.focus();
  return worker.clients.openWindow(url);
}

/** As many conversations wait as notifications are shown; a page that is opened counts them anew (own/badge.js). */
async function count() {
  await showBadge((await worker.registration.getNotifications()).length);
}

/**
 * The push service gave another address: our server is told, with what the reader chose.
 * @param {any} event
 */
async function renew(event) {
  const before = event.oldSubscription;
  const key = before?.options?.applicationServerKey;
  const now = event.newSubscription
    ?? (key && (await worker.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key })));
  if (!now) return;
  const { endpoint, keys } = now.toJSON();
  const headers = { "Content-Type": "application/json", ...OWN_PAGE };
  await fetch(`${ROOT}/api/push`, { method: "POST", headers, body: JSON.stringify({ endpoint, keys, replaces: before?.endpoint }) });
}
