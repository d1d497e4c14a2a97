// @ts-check
// Pages as they were last seen: one's own list, and the conversations that one takes part in.
import { pathOf } from "../browser/root.js";
import { forgetMessages, roomsKept } from "../kept/messages.js";
import { HOME, KEPT_AT, KEPT_TITLE, KEPT_VERSION, PAGES, roomOf } from "../kept/names.js";
import { forgetOutgoing, waiting } from "../kept/outgoing.js";
import { REFUSED, TAKES_PART, askForPage } from "../kept/page.js";
import { ask } from "../connection/wire.js";
import { keepAssets } from "./assets.js";
import { version, worker } from "./scope.js";

/** Beside the list. The one that was seen the longest ago goes first. */
const MOST = 30;

/** Counts what is forgotten, so that no answer from before brings it back. */
let turn = 0;
/** @type {Map<string, number>} */
const forgotten = new Map();

/** For `note`: when an answer is asked for. */
export function now() {
  return turn;
}

/**
 * @param {string} path
 * @param {number} askedAt
 */
function isFromBefore(path, askedAt) {
  return (forgotten.get(path) ?? 0) > askedAt;
}

/** @param {string} path */
export function isKept(path) {
  return path === HOME || roomOf(path) !== "";
}

/**
 * Keeps what the network answered, or forgets what it no longer shows. Never rejects.
 * @param {string} path
 * @param {Response} answer
 * @param {number} askedAt as `now` was
 */
export async function note(path, answer, askedAt) {
  try {
    // Of a server that is in trouble, or that asks us to wait, nothing follows.
    if (answer.status >= 500 || answer.status === 429) return;
    if (answer.redirected && new URL(answer.url).pathname !== path) {
      await drop(path);
      return await note(new URL(answer.url).pathname, withoutRedirect(answer), askedAt);
    }
    // Nor can be sent there what waits. Where it is only not shown, as by a list, that may yet be.
    if (REFUSED.includes(answer.status)) await forgetOutgoing(decodeURIComponent(roomOf(path)));
    const text = answer.ok ? await answer.text() : "";
    if (!answer.ok || (path !== HOME && !TAKES_PART.test(text))) return await forget(path);
    if (isFromBefore(path, askedAt)) return;
    if (path === HOME) await prune(text);
    const at = path === HOME ? now() : askedAt; // what the list does not name was just forgotten by it
    if (text.includes(`/static/${version}/`) && (await keepAssets()) && !isFromBefore(path, at)) await put(path, text, answer.headers);
  } catch {
    // Storage is full, or taken away: it is shown from the network as long as there is one.
  }
}

/**
 * @param {string} path
 * @param {string} text
 * @param {Headers} given
 */
async function put(path, text, given) {
  const headers = new Headers(given);
  headers.delete("Content-Encoding");
  headers.delete("Content-Length");
  headers.delete("Set-Cookie");
  headers.set(KEPT_AT, new Date().toISOString());
  headers.set(KEPT_VERSION, version);
  headers.set(KEPT_TITLE, encodeURIComponent(titleIn(text)));
  const cache = await caches.open(PAGES);
  // To the end of the row, where the newest stand. What was there before stays where there is no room for the new.
  const before = await cache.match(path);
  await cache.delete(path);
  try {
    await cache.put(path, new Response(text, { headers }));
  } catch (error) {
    if (before) await cache.put(path, before).catch(() => {});
    throw error;
  }
  const others = (await cache.keys()).map(({ url }) => new URL(url).pathname).filter((each) => each !== HOME);
  for (const old of others.slice(0, -MOST)) await drop(old);
}

/**
 * @param {string} path
 * @returns {Promise<Response | undefined>} marked as what it is, for the page's own scripts
 */
export async function keptPage(path) {
  const kept = await (await caches.open(PAGES)).match(path);
  if (!kept) return undefined;
  const text = (await kept.text()).replace("<html ", `<html data-kept-at="${kept.headers.get(KEPT_AT)}" `);
  return new Response(text, { headers: kept.headers });
}

/**
 * Asks the network for a page that nobody looks at. Nobody joins by it: see `_name_to_join_by` in the server's.
 * @param {string} path
 * @returns {Promise<boolean>} whether it makes sense to ask for more
 */
export async function refetch(path) {
  const askedAt = now();
  try {
    const answer = await askForPage(path);
    await note(path, answer, askedAt);
    return answer.status < 500 && answer.status !== 429;
  } catch {
    return false;
  }
}

/** After an update: what is kept of a version before. */
export async function refetchOld() {
  const cache = await caches.open(PAGES);
  for (const { url } of await cache.keys()) {
    const kept = await cache.match(url);
    if (kept?.headers.get(KEPT_VERSION) !== version && !(await refetch(new URL(url).pathname))) return;
  }
}

/** @returns {Promise<string[]>} */
export async function versionsKept() {
  const kept = await (await caches.open(PAGES)).matchAll();
  return kept.map((page) => page.headers.get(KEPT_VERSION) ?? "");
}

/**
 * A conversation that is not one's own any more. The list had its newest words.
 * @param {string} path
 */
export async function forget(path) {
  turn++;
  for (const each of [HOME, path]) forgotten.set(each, turn);
  await (await caches.open(PAGES)).delete(HOME);
  await drop(path);
  for (const shown of (await worker.registration.getNotifications?.()) ?? []) {
    if (shown.tag.startsWith("talk-") && shown.data?.url.split("#")[0] === path) shown.close();
  }
}

/** @param {string} path */
async function drop(path) {
  await (await caches.open(PAGES)).delete(path);
  await forgetMessages(roomOf(path));
}

/**
 * What one's own list does not name is not one's own any more. Where the list goes on, the rest of it is asked for,
 * then the page of each that it does not name: one that is talked in meanwhile may move past us.
 * @param {string} list
 */
async function prune(list) {
  const cursor = / id="own-older"[^>]* data-cursor="([^"]+)"/.exec(list)?.[1];
  const isNamed = (/** @type {string} */ path) => list.includes(`href="${path}"`);
  const kept = (await (await caches.open(PAGES)).keys()).map(({ url }) => new URL(url).pathname).filter(roomOf);
  const messages = (await roomsKept()).map(pathOf);
  const unsent = (await waiting()).flatMap(({ to }) => (to ? [pathOf(to)] : []));
  const others = [...new Set([...kept, ...messages, ...unsent])].filter((path) => !isNamed(path));
  if (!cursor) for (const path of others) await forget(path);
  // What was written there and not sent goes by the server's word alone.
  const asked = cursor ? await notOwn(others, cursor) : unsent.filter((path) => !isNamed(path));
  for (const path of new Set(asked)) await refetch(path);
}

/**
 * Those of the pages that are of no conversation of one's own, as far as all are told.
 * @param {string[]} paths
 * @param {string} from where the list goes on
 * @returns {Promise<string[]>}
 */
async function notOwn(paths, from) {
  let left = paths;
  for (let cursor = from; cursor && left.length;) {
    const { success, conversations, next_cursor: next = "" } = await ask(`/api/mine?limit=100&cursor=${encodeURIComponent(cursor)}`);
    if (!success) return [];
    const own = new Set(conversations.map((/** @type {{room_id: string}} */ { room_id: id }) => pathOf(id)));
    left = left.filter((path) => !own.has(path));
    cursor = next;
  }
  return left;
}

/** @param {string} page */
function titleIn(page) {
  const marks = { "&lt;": "<", "&gt;": ">", "&#34;": '"', "&#39;": "'", "&amp;": "&" };
  const title = / data-title="([^"]*)"/.exec(page)?.[1] ?? "";
  return title.replace(/&(lt|gt|amp|#3[49]);/g, (mark) => marks[/** @type {keyof marks} */ (mark)]);
}

/** @param {Response} answer */
function withoutRedirect(answer) {
  return new Response(answer.body, { status: answer.status, headers: answer.headers });
}
