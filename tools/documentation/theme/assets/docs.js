// @ts-check
// The menu on small screens, copying of examples, and the search.

import { ranked } from "./ranking.js";

const BASE = document.body.dataset.base ?? ".";
const MOST_FOUND = 12;
const WORDS_AROUND = 60;

const menu = /** @type {HTMLDetailsElement} */ (document.querySelector(".docs-menu"));
const wide = matchMedia("(min-width: 60rem)");
const fold = () => (menu.open = wide.matches);
wide.addEventListener("change", fold);
fold();
// The menu has a scroller of its own, which shows where one is.
const here = menu.querySelector("[aria-current]");
if (wide.matches && here) menu.scrollTop = /** @type {HTMLElement} */ (here).offsetTop - menu.clientHeight / 2;

for (const example of document.querySelectorAll(".docs-text pre")) {
  const button = made("button", { type: "button", className: "docs-copy", textContent: "Copy" });
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(example.querySelector("code")?.textContent ?? "");
      button.textContent = "Copied";
    } catch {
      button.textContent = "Select it and copy: this browser doesn't let pages do so here";
    }
    setTimeout(() => (button.textContent = "Copy"), 2_000);
  });
  const holder = made("div", { className: "docs-example" });
  example.replaceWith(holder);
  holder.append(example, button);
}
// A wide table scrolls by itself, also by keyboard.
for (const table of document.querySelectorAll(".docs-text table")) {
  const holder = made("div", { className: "docs-wide", tabIndex: 0, role: "region", ariaLabel: "Table" });
  table.replaceWith(holder);
  holder.append(table);
}

const form = /** @type {HTMLFormElement} */ (document.querySelector(".docs-search"));
const field = /** @type {HTMLInputElement} */ (form.querySelector("input"));
const found = /** @type {HTMLElement} */ (form.querySelector("#found"));

/** @type {Promise<{location: string, title: string, text: string, plain: string}[]> | undefined} */
let index;

/** Of a site opened as files, browsers let no script read another file. */
if (location.protocol !== "file:") form.hidden = false;

function load() {
  index ??= fetch(`${BASE}/search/search_index.json`)
    .then((reply) => reply.json())
    .then(({ docs }) =>
      docs.map((each) => ({ ...each, title: decoded(each.title), plain: decoded(each.text).replace(/\s+/g, " ") })),
    );
  return index;
}

/** @param {string} html with entities, and without elements */
function decoded(html) {
  return html.replace(/&(amp|lt|gt|quot|#39);/g, (_, name) => ({ amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" })[name] ?? "");
}

async function search() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return close();
  const asked = field.value;
  const sections = await load();
  if (asked !== field.value) return;
  const hits = ranked(sections, words).slice(0, MOST_FOUND);
  found.replaceChildren(...(hits.length ? hits.map((hit) => shown(hit, words)) : [made("p", { textContent: "Nothing found." })]));
  found.hidden = false;
}

function shown(hit, words) {
  const at = Math.max(0, hit.plain.toLowerCase().indexOf(words[0]) - WORDS_AROUND);
  const link = made("a", { href: `${BASE}/${hit.location}` });
  const page = hit.location.split("#")[0].replace(".html", "");
  link.append(
    made("b", { textContent: hit.title }),
    made("small", { textContent: page }),
    made("span", { textContent: (at ? "…" : "") + hit.plain.slice(at, at + 3 * WORDS_AROUND) + "…" }),
  );
  return link;
}

function close() {
  found.hidden = true;
}

field.addEventListener("focus", () => void load());
field.addEventListener("input", () => void search());
form.addEventListener("submit", (event) => {
  event.preventDefault();
  /** @type {HTMLElement | null} */ (found.querySelector("a"))?.click();
});
form.addEventListener("focusout", (event) => {
  if (!form.contains(/** @type {Node | null} */ (event.relatedTarget))) close();
});
addEventListener("keydown", (event) => {
  const isTyping = /** @type {HTMLElement} */ (event.target).closest("input, textarea, select");
  if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    field.focus();
  }
  if (event.key === "Escape" && form.contains(document.activeElement)) {
    close();
    field.focus();
  }
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const links = [...found.querySelectorAll("a")];
    const at = links.indexOf(/** @type {any} */ (document.activeElement));
    if (found.hidden || !links.length || !form.contains(document.activeElement)) return;
    event.preventDefault();
    (event.key === "ArrowDown" ? links[Math.min(at + 1, links.length - 1)] : links[at - 1] ?? field).focus();
  }
});

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, unknown>} properties
 */
function made(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}
