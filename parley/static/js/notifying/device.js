// @ts-check
// Whether this browser can be notified and is, and having it notified: the Push API, and our server told of it.
import { ROOT } from "../browser/root.js";
import { recall, remember } from "../browser/saved.js";
import { register } from "../device/worker.js";
import { OWN_PAGE } from "../connection/line.js";
import { ask } from "../connection/wire.js";

/** @typedef {{start: string, end: string, time_zone: string}} QuietHours */
/** @typedef {{words: boolean, quiet_hours: QuietHours | null}} Choices */
/** @typedef {Choices & {endpoint?: string}} Told to our server, and for which address of this browser's push service */
/** @typedef {"there" | "blocked" | "home-screen" | "insecure" | "off" | "missing"} Support */

const PATH = "/api/push";
/** What this browser is notified with, where it is: so that it can be told to a server that forgot. */
const KEPT = "notified";

/** @type {Choices} */
export const USUAL = { words: true, quiet_hours: null };

/** @returns {Support} */
export function support() {
  if (!isSecureContext) return "insecure";
  if (document.documentElement.dataset.worker !== "yes") return "off";
  if (isPhoneOfApple() && !isOnHomeScreen()) return "home-screen";
  const hasAll = "serviceWorker" in navigator && "PushManager" in globalThis && "Notification" in globalThis;
  if (!hasAll) return "missing";
  return Notification.permission === "denied" ? "blocked" : "there";
}

/**
 * With what choices this browser is notified; undefined where it is not.
 * @returns {Promise<Told | undefined>}
 */
export async function notified() {
  const choices = kept();
  if (!choices || support() !== "there" || Notification.permission !== "granted") return undefined;
  return (await subscription()) ? choices : undefined;
}

/**
 * Asks for permission, so only after a tap that says what for.
 * @param {Partial<Choices>} [changed]
 * @returns {Promise<string>} why it is not; empty where it is
 */
export async function turnOn(changed) {
  const choices = { ...USUAL, ...kept(), ...changed };
  if (Notification.permission !== "granted" && (await Notification.requestPermission()) !== "granted") {
    return "Your browser didn't allow notifications. You can allow them in its settings for this site.";
  }
  const known = await ask(PATH);
  if (!known.success) return known.error;
  try {
    await register();
    return await tell(await subscribed(known.public_key), choices);
  } catch {
    return "Your browser couldn't reach its push service. Check your connection and try again.";
  }
}

/**
 * The browser first: then nothing comes any more, whatever the server knows. It is told by its push service, too.
 * @returns {Promise<string>} why it still is; empty where it is not
 */
export async function turnOff() {
  const found = await subscription();
  if (found && !(await found.unsubscribe())) return "Your browser didn't turn notifications off. Try again.";
  remember(KEPT, "");
  if (found) await send("DELETE", { endpoint: found.endpoint });
  return "";
}

/**
 * A server that was set up anew, or a session whose rights changed, may know nothing of this browser; nor of its new
 * address, where the push service gave another and our server could not be told.
 */
export async function refresh() {
  const choices = await notified();
  if (!choices) return;
  const [known, found] = [await ask(PATH), await subscription()];
  if (!known.success || !found) return;
  const isSame = keyOf(found) === known.public_key;
  if (isSame && known.devices.length && choices.endpoint === found.endpoint) return;
  try {
    await tell(isSame ? found : await subscribed(known.public_key), choices, choices.endpoint);
  } catch {
    // The push service may be there next time.
  }
}

/** @param {string} publicKey */
async function subscribed(publicKey) {
  await navigator.serviceWorker.ready;
  const { pushManager } = /** @type {ServiceWorkerRegistration} */ (await ours());
  const before = await pushManager.getSubscription();
  if (before && keyOf(before) === publicKey) return before;
  await before?.unsubscribe(); // made with the key of another server, it stands in the way
  return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: publicKey });
}

/**
 * @param {PushSubscription} found
 * @param {Choices} choices
 * @param {string} [before] the address that it had, with the same choices
 */
async function tell(found, { words, quiet_hours }, before) {
  const { endpoint, keys } = found.toJSON();
  const replaces = before && before !== endpoint && { replaces: before };
  const reply = await send("POST", { endpoint, keys, words, quiet_hours, ...replaces });
  if (reply.success) remember(KEPT, JSON.stringify({ words, quiet_hours, endpoint }));
  return reply.success ? "" : reply.error;
}

async function subscription() {
  return (await (await ours())?.pushManager?.getSubscription()) ?? undefined;
}

/** Not that of a server at a path above, which a browser has for this page until there is one of ours. */
async function ours() {
  const found = await navigator.serviceWorker.getRegistration();
  return found && new URL(found.scope).pathname === `${ROOT}/` ? found : undefined;
}

/** @param {PushSubscription} found */
function keyOf(found) {
  const bytes = new Uint8Array(found.options.applicationServerKey ?? new ArrayBuffer(0));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** @returns {Told | undefined} */
function kept() {
  try {
    return JSON.parse(recall(KEPT)) || undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {string} method
 * @param {object} body
 * @param {string} [path]
 */
export async function send(method, body, path = PATH) {
  try {
    const headers = { "Content-Type": "application/json", Accept: "application/json", ...OWN_PAGE };
    const reply = await fetch(ROOT + path, { method, headers, body: JSON.stringify(body) });
    return await reply.json();
  } catch {
    return { success: false, error: "The server didn't respond. Try again." };
  }
}

// An iPad says that it is a Mac; no Mac has a touch screen.
function isPhoneOfApple() {
  return /iPhone|iPad|iPod/.test(navigator.userAgent)
    || (/Macintosh/.test(navigator.userAgent) && navigator.maxTouchPoints > 1);
}

function isOnHomeScreen() {
  return matchMedia("(display-mode: standalone)").matches;
}
