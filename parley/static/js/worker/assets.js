// @ts-check
// Scripts and styles, all of one version in a cache of its own: a page that is open goes on with those it began with.
import { ROOT } from "../browser/root.js";
import { OFFLINE, assets, version, worker } from "./scope.js";
import { versionsKept } from "./pages.js";

/** Of the locks that open pages hold: see device/worker.js. */
const OPEN = `${ROOT}parley-page-`;
const PREFIX = `${ROOT}parley-assets-`;
const ADDRESS = /\/static\/([0-9a-f]+)\//;

/**
 * Keeps all of this version, or nothing. Never rejects: without it pages come from the network, as ever.
 * @returns {Promise<boolean>} whether all is there
 */
export async function keepAssets() {
  try {
    const cache = await caches.open(PREFIX + version);
    const known = new Set((await cache.keys()).map(({ url }) => new URL(url).pathname));
    const missing = [OFFLINE, ...assets].filter((address) => !known.has(address));
    const answers = await Promise.all(missing.map(load));
    await Promise.all(missing.map((address, index) => cache.put(address, answers[index])));
    return true;
  } catch {
    // Not even half of it: storage may be full, and a page that is kept needs all.
    await caches.delete(PREFIX + version).catch(() => false);
    return false;
  }
}

/** @param {string} address */
async function load(address) {
  const answer = await fetch(address, { cache: address === OFFLINE ? "no-store" : "default" });
  if (!answer.ok) throw new Error(`No ${address}.`);
  // A newer server answers the addresses of an older one with what it has now.
  const isOurs = address === OFFLINE
    ? (await answer.clone().text()).includes(`${ROOT}/static/${version}/`)
    : answer.headers.get("Cache-Control")?.includes("immutable");
  if (!isOurs) throw new Error(`${address} is of another version.`);
  return answer;
}

/**
 * @param {string} path
 * @returns {Promise<Response | undefined>} as it was kept, of whichever version
 */
export async function keptAsset(path) {
  const of = ADDRESS.exec(path)?.[1];
  return of && (await caches.has(PREFIX + of)) ? (await caches.open(PREFIX + of)).match(path) : undefined;
}

/** @returns {Promise<Response | undefined>} the page that says that another is not kept */
export async function offlinePage() {
  return (await caches.open(PREFIX + version)).match(OFFLINE);
}

/** Lets go of other versions, once no page of theirs is open or kept. */
export async function dropOldAssets() {
  const { held = [] } = (await navigator.locks?.query()) ?? {};
  const open = held.map(({ name = "" }) => name).filter((name) => name.startsWith(OPEN));
  // A page that has only begun does not say yet of which version it is.
  const windows = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  if (open.length < windows.length) return;
  const needed = new Set([version, ...(await versionsKept()), ...open.map((name) => name.slice(OPEN.length))]);
  for (const name of await caches.keys()) {
    if (name.startsWith(PREFIX) && !needed.has(name.slice(PREFIX.length))) await caches.delete(name);
  }
}
