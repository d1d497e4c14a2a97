// @ts-check
// What a page asks for, from the network or from what is kept.
import { ROOT } from "../browser/root.js";
import { roomOf } from "../kept/names.js";
import { dropOldAssets, keptAsset, offlinePage } from "./assets.js";
import { forget, isKept, keptPage, note, now, refetch } from "./pages.js";
import { worker } from "./scope.js";

/** A network that says nothing for so long is as good as none, where a page is kept. */
const SILENT_MS = 3000;

/** What a proxy answers where the server behind it is away, or what that says itself when it cannot work. */
const AWAY = [502, 503, 504];

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname, search } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin || !pathname.startsWith(`${ROOT}/`)) return;
  if (pathname.startsWith(`${ROOT}/static/`)) event.respondWith(asset(request, pathname));
  else if (request.mode === "navigate") event.respondWith(page(event, pathname, search));
});

/** What a page says of itself: that it changed, is not one's own any more, or is open. */
worker.addEventListener("message", (event) => {
  const { type, path } = event.data ?? {};
  if (type === "changed" && isKept(path)) event.waitUntil(refetch(path).then(dropOldAssets));
  if (type === "over" && isKept(path)) event.waitUntil(forget(path));
  if (type === "here") event.waitUntil(dropOldAssets());
});

/**
 * @param {Request} request
 * @param {string} path
 */
async function asset(request, path) {
  return (await keptAsset(path).catch(() => undefined)) ?? fetch(request);
}

/**
 * Without navigation preload: where its request fails, Firefox shows that rather than what the worker has.
 * @param {{request: Request, waitUntil: (work: Promise<any>) => void}} event
 * @param {string} path
 * @param {string} search of a page of the history, or some such: not kept
 * @returns {Promise<Response>}
 */
async function page(event, path, search) {
  const [fresh, askedAt] = [fetch(event.request), now()];
  event.waitUntil(fresh.then((found) => learn(path, search, found.clone(), askedAt)).catch(() => {}));
  const kept = isKept(path) ? keptPage(path).catch(() => undefined) : Promise.resolve(undefined);
  const silent = new Promise((resolve) => setTimeout(resolve, SILENT_MS)).then(() => kept).then((found) => found ?? fresh);
  try {
    const found = await Promise.race([fresh, silent]);
    return (AWAY.includes(found.status) && (await kept)) || found;
  } catch {
    return (await kept) ?? (await offlinePage().catch(() => undefined)) ?? Response.error();
  }
}

/**
 * @param {string} path
 * @param {string} search
 * @param {Response} found
 * @param {number} askedAt
 */
async function learn(path, search, found, askedAt) {
  const left = path.replace(/\/left$/, "");
  if (left !== path && roomOf(left) && found.ok) return forget(left);
  if (!isKept(path) || search) return;
  // Where it leads to another page, one asks in one's own name: the browser shows nobody where that is.
  if (found.type === "opaqueredirect") return roomOf(path) && refetch(path);
  await note(path, found, askedAt);
  await dropOldAssets();
}
