// @ts-check
// The line of whoever runs the server: it can be closed, and the next one is seen again. Loaded where there is one.
import { ROOT } from "./root.js";
import { loadSheet } from "./sheets.js";

/** The server leaves out the one whose id stands there: `CLOSED` in parley/pages/announcements.py. */
const COOKIE = "parley-closed";
const KEPT_S = 365 * 24 * 3600;

/** @param {{id: string, text: string}} told none is announced any more where they are empty */
export async function show({ id, text }) {
  const before = shown();
  if (before?.dataset.id === id || (id && isClosed(id))) return;
  before?.remove();
  if (!id) return;
  const line = document.createElement("aside");
  line.className = "announcement";
  line.dataset.id = id;
  line.setAttribute("aria-label", "Announcement");
  const words = Object.assign(document.createElement("p"), { textContent: text, dir: "auto" });
  words.setAttribute("role", "status");
  line.append(words, Object.assign(document.createElement("button"), { className: "button small quiet", type: "button", textContent: "Close" }));
  const foot = document.querySelector(".foot");
  if (foot) await loadSheet("actions");
  shown()?.remove();
  if (foot) foot.prepend(line);
  else document.querySelector(".site-head")?.after(line);
  watch();
}

/** Let the line on the page be closed. */
export function watch() {
  const line = shown();
  line?.querySelector("button")?.addEventListener("click", () => {
    document.cookie = `${COOKIE}=${line.dataset.id}; Path=${ROOT || "/"}; Max-Age=${KEPT_S}; SameSite=Lax`;
    line.remove();
  });
}

function shown() {
  return /** @type {HTMLElement | null} */ (document.querySelector(".announcement"));
}

/** @param {string} id */
function isClosed(id) {
  return document.cookie.split("; ").includes(`${COOKIE}=${id}`);
}
