// @ts-check
// The page that the worker shows for one that is not kept: leads to those that are.
import { byId } from "./browser/dom.js";
import { showLocalTimes } from "./browser/time.js";
import { KEPT_AT, KEPT_TITLE, PAGES, roomOf } from "./kept/names.js";
import "./page.js";

addEventListener("online", () => location.reload());
/** @type {HTMLAnchorElement} */ (byId("again")).href = location.href;
if (navigator.onLine) {
  document.title = "No answer · parley";
  document.querySelectorAll("h1").forEach((heading) => (heading.textContent = "The server doesn't answer"));
}
if (globalThis.caches) showKept();

async function showKept() {
  const cache = await caches.open(PAGES);
  for (const { url } of (await cache.keys()).reverse()) {
    const { pathname } = new URL(url);
    const kept = await cache.match(url);
    if (kept) show(pathname, roomOf(pathname) ? title(kept) : "Your conversations", kept.headers.get(KEPT_AT) ?? "");
  }
}

/** @param {Response} kept */
function title(kept) {
  return decodeURIComponent(kept.headers.get(KEPT_TITLE) ?? "") || "Untitled conversation";
}

/**
 * @param {string} path
 * @param {string} words
 * @param {string} at
 */
function show(path, words, at) {
  const template = /** @type {HTMLTemplateElement} */ (byId("kept-row"));
  const row = /** @type {HTMLElement} */ (document.importNode(template.content, true).firstElementChild);
  /** @type {HTMLAnchorElement} */ (row.querySelector("a")).href = path;
  /** @type {HTMLElement} */ (row.querySelector(".row-title")).textContent = words;
  /** @type {HTMLTimeElement} */ (row.querySelector("time")).dateTime = at;
  showLocalTimes(row);
  byId("kept-rows").append(row);
  byId("kept").hidden = false;
}
