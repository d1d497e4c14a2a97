// @ts-check
// Where somebody chooses as what an encrypted conversation is taken along.
import { openDialog } from "../../browser/dialogs.js";
import { loadSheet } from "../../browser/sheets.js";
import { inWords } from "../../files/sizes.js";
import { make } from "../../browser/elements.js";
import { announce } from "../../transcript/announcer.js";
import { counted } from "./taking.js";

/**
 * @typedef {import("./taking.js").Format} Format
 * @typedef {import("./taking.js").Taking} Taking
 */

/** The browser has begun to save it by then. */
const SAVED_WITHIN_MS = 60_000;
const FORMATS = /** @type {const} */ ([
  ["zip", "Everything, with files", "A ZIP file with the page, all files, and JSON Lines."],
  ["html", "Page", "Looks like the conversation, opens offline and prints well. Files are only named."],
  ["md", "Markdown", "Text to read, edit or put elsewhere."],
  ["jsonl", "JSON Lines", "For programs: a line for each message."],
]);

/**
 * @param {Taking} taking
 * @param {HTMLElement} opener
 */
export async function openExport(taking, opener) {
  await loadSheet("actions");
  const over = new AbortController();
  const told = make("p", { class: "export-status", role: "status" });
  const problem = make("p", { class: "problem-line", role: "alert" });
  const buttons = FORMATS.map(([format, title, about], number) => {
    const button = make("button", { class: number ? "button" : "button primary", type: "button", "aria-label": `Download: ${title}` }, ["Download"]);
    button.addEventListener("click", () => take(format));
    return make("div", { class: "export-choice" }, [make("div", {}, [make("h3", {}, [title]), make("p", { class: "panel-note" }, [about])]), button]);
  });
  const done = make("form", { class: "actions", method: "dialog" }, [make("button", { class: "button", type: "submit" }, ["Close"])]);
  const dialog = make("dialog", { class: "ask export", "aria-labelledby": "export-title" }, [
    make("h2", { id: "export-title" }, ["Export"]),
    make("p", { class: "panel-note" }, [
      "Your browser makes the file of all that it can read here. It isn't encrypted any more, and isn't signed: the server has never read it.",
    ]),
    ...buttons, told, problem, done,
  ]);
  document.body.append(dialog);
  dialog.addEventListener("close", () => {
    over.abort();
    setTimeout(() => dialog.remove());
  });
  openDialog(dialog, opener);

  /** @param {Format} format */
  async function take(format) {
    const pressed = dialog.querySelectorAll("button[type=button]");
    const set = (/** @type {boolean} */ isBusy) => pressed.forEach((each) => (/** @type {HTMLButtonElement} */ (each).disabled = isBusy));
    set(true);
    problem.textContent = "";
    try {
      if (format === "zip") await taking.whole(over.signal, () => (told.textContent = "Reading older messages"));
      if (format === "zip" && !taking.fits()) throw new Error(tooLarge(taking));
      const taken = await taking.take(format, over.signal, (words) => (told.textContent = `${words}…`));
      save(taken.blob, taken.name);
      told.textContent = outcome(taken);
      announce(told.textContent);
    } catch (trouble) {
      if (over.signal.aborted) return;
      told.textContent = "";
      problem.textContent = trouble instanceof Error && trouble.name === "Error" ? trouble.message : "The file couldn't be made. Try again.";
    } finally {
      set(false);
    }
  }
}

/** @param {import("./taking.js").Taken} taken */
function outcome({ messages, unreadable, missing, blob }) {
  const lost = [
    unreadable && `${counted(unreadable, "message")} couldn't be read, and the file says so.`,
    missing && `${counted(missing, "file")} couldn't be opened: see missing.txt.`,
  ].filter(Boolean);
  return [`Downloaded ${counted(messages, "message")}, ${inWords(blob.size)}.`, ...lost].join(" ");
}

/** @param {Taking} taking */
function tooLarge(taking) {
  const size = taking.files().reduce((sum, file) => sum + file.size, 0);
  return `The files have ${inWords(size)}, more than a browser can put together. Take another format, and save them one by one.`;
}

/** @param {Blob} blob @param {string} name */
function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), SAVED_WITHIN_MS);
}
