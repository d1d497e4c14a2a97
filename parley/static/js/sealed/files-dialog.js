// @ts-check
// The files of an encrypted conversation, the latest first: the page alone knows what they are.
import { closeAll, openDialog } from "../browser/dialogs.js";
import { loadSheet } from "../browser/sheets.js";
import { oneFile, picture } from "../files/show.js";
import { kindOf } from "../files/sizes.js";
import { make } from "../browser/elements.js";
import { fullDate } from "./exporting/moments.js";
import { filesIn } from "./files-in.js";

/** @typedef {import("../connection/wire.js").Message} Message */
/** @typedef {import("../connection/wire.js").File} File */

const PAGE_FILES = 30;
const KINDS = /** @type {const} */ ([
  ["media", "Media", "No pictures or videos yet.", ["picture", "video"]],
  ["audio", "Audio", "No audio yet.", ["audio"]],
  ["documents", "Documents", "No documents yet.", ["document"]],
]);

/**
 * @param {object} parts
 * @param {import("./line.js").Line} parts.line
 * @param {(signal: AbortSignal, tell: () => void) => Promise<void>} parts.whole once all of the history was read
 * @param {HTMLElement} parts.opener
 */
export async function openFiles({ line, whole, opener }) {
  await Promise.all([loadSheet("actions"), loadSheet("files")]);
  const over = new AbortController();
  const list = make("ul", { class: "file-list" });
  const told = make("p", { class: "panel-note", role: "status" });
  const more = make("button", { class: "button", type: "button" }, ["Older files"]);
  const tabs = KINDS.map(([name, title]) => {
    const tab = make("button", { class: "button quiet", type: "button", "data-kind": name }, [title]);
    tab.addEventListener("click", () => show(name));
    return tab;
  });
  const close = make("form", { class: "actions", method: "dialog" }, [more, make("button", { class: "button", type: "submit" }, ["Close"])]);
  const dialog = make("dialog", { class: "ask sealed-files", "aria-labelledby": "files-title" }, [
    make("h2", { id: "files-title" }, ["Files"]),
    make("nav", { class: "file-kinds", "aria-label": "Kinds of files" }, tabs), told, list, close,
  ]);
  document.body.append(dialog);
  dialog.addEventListener("close", () => {
    over.abort();
    setTimeout(() => dialog.remove());
  });
  more.addEventListener("click", () => {
    most += PAGE_FILES;
    draw();
  });
  list.addEventListener("click", (event) => pressed(event));
  let [kind, most, isRead] = [/** @type {string} */ ("media"), PAGE_FILES, false];
  show("media");
  openDialog(dialog, opener);
  whole(over.signal, draw).then(() => {
    isRead = true;
    draw();
  }, () => {});

  /** @param {string} name */
  function show(name) {
    [kind, most] = [name, PAGE_FILES];
    for (const tab of tabs) {
      const isThis = tab.dataset.kind === name;
      tab.classList.toggle("quiet", !isThis);
      if (isThis) tab.setAttribute("aria-current", "true");
      else tab.removeAttribute("aria-current");
    }
    list.replaceChildren();
    draw();
  }

  function draw() {
    const [, , none, kinds] = KINDS.find(([name]) => name === kind) ?? KINDS[0];
    const found = filesIn(line.log.messages, kinds);
    // Those that are there stay, so that nothing is opened again.
    const known = new Map([...list.children].map((row) => [/** @type {HTMLElement} */ (row).dataset.file, row]));
    const rows = found.slice(0, most).map(({ file, message }) => known.get(file.id) ?? rowOf(file, message));
    if (rows.length !== list.children.length || rows.some((row, at) => row !== list.children[at])) list.replaceChildren(...rows);
    list.classList.toggle("of-media", kind === "media");
    for (const row of rows) if (![...known.values()].includes(row)) line.files.watch(/** @type {HTMLElement} */ (row));
    told.textContent = isRead ? (found.length ? "" : none) : "Reading older messages…";
    more.hidden = found.length <= most;
  }

  /** @param {MouseEvent} event */
  async function pressed(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const shown = /** @type {HTMLAnchorElement | null} */ (target.closest("a.picture"));
    if (shown) {
      event.preventDefault();
      const { view } = await import("../files/viewer.js");
      return view(shown);
    }
    const link = /** @type {HTMLAnchorElement | null} */ (target.closest(".file-from a"));
    if (!link) return;
    event.preventDefault();
    await closeAll();
    location.hash = link.hash;
  }
}

/** @param {File} file @param {Message} message */
function rowOf(file, { seq, username, timestamp }) {
  const shown = kindOf(file) === "picture" ? picture(file) : oneFile(file, username);
  const time = make("time", { datetime: timestamp }, [new Date(timestamp).toLocaleDateString([], { dateStyle: "medium" })]);
  time.title = fullDate(timestamp);
  const from = make("p", { class: "file-from" }, [make("bdi", {}, [username]), " · ", make("a", { href: `#m-${seq}` }, [time])]);
  return make("li", { "data-file": file.id }, [shown, from]);
}
