// @ts-check
// Asks the founder before the key is changed: says who gets the new one, and who needs the new link. Loaded by who does.
import { openDialog } from "../browser/dialogs.js";
import { Trouble, whoStays } from "./changing.js";
import { tidied } from "./tidied.js";

const NAMED = 5;

/**
 * @param {object} parts
 * @param {string} parts.heading
 * @param {string} parts.confirm what the button says
 * @param {HTMLElement | null} parts.opener
 * @param {string} parts.roomId
 * @param {string} [parts.remove] the user_id of somebody who is removed with it
 * @param {string} [parts.before] what is said first
 * @param {boolean} parts.offersPassphrase
 * @param {(passphrase: string) => Promise<unknown>} parts.act rejects with `Trouble`
 * @param {{words: string, act: () => void}} [parts.instead] what is offered where that failed
 * @returns {Promise<boolean>} whether it was done, once the dialog is closed
 */
export function askToChange({ heading, confirm, opener, roomId, remove, before, offersPassphrase, act, instead }) {
  const dialog = /** @type {HTMLDialogElement} */ (made("dialog", "ask"));
  const title = made("h2", "", heading);
  title.id = "asking-title";
  dialog.setAttribute("aria-labelledby", title.id);
  const { elements, passphrase } = question(roomId, { remove, offersPassphrase, before, after: "The old link stops working." });
  const problem = made("p", "problem-line");
  problem.setAttribute("role", "alert");
  const form = made("form");
  const acts = made("div", "actions");
  const cancel = /** @type {HTMLButtonElement} */ (made("button", "button", "Cancel"));
  cancel.type = "button";
  const button = /** @type {HTMLButtonElement} */ (made("button", "button danger", confirm));
  acts.append(cancel, button);
  form.append(...elements, problem, acts);
  dialog.append(title, form);
  document.body.append(dialog);
  cancel.addEventListener("click", () => dialog.close());
  let isDone = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    problem.textContent = "";
    problem.textContent = await wordsOf(act(passphrase()));
    button.disabled = false;
    isDone = !problem.textContent;
    if (isDone) dialog.close();
    else if (instead) offer(acts, instead);
  });
  openDialog(dialog, opener);
  return new Promise((resolve) => dialog.addEventListener("close", () => {
    dialog.remove();
    resolve(isDone);
  }));
}

/** Once. @param {HTMLElement} acts @param {{words: string, act: () => void}} instead */
function offer(acts, { words, act }) {
  if (acts.childElementCount > 2) return;
  const button = /** @type {HTMLButtonElement} */ (made("button", "button", words));
  button.type = "button";
  button.addEventListener("click", act);
  acts.insertBefore(button, acts.lastElementChild);
}

/**
 * What is said and asked, wherever it stands.
 * @param {string} roomId
 * @param {{remove?: string, offersPassphrase: boolean, before?: string, after?: string}} of `before` and `after` are sentences
 */
export function question(roomId, { remove, offersPassphrase, before = "", after = "" }) {
  const text = made("p", "", "Looking up who gets the new key…");
  text.setAttribute("role", "status");
  whoStays(roomId, remove).then(
    ({ names, others }) => (text.textContent = `${before}${said(names, others)}${after}`.trim()),
    (trouble) => (text.textContent = trouble instanceof Trouble ? trouble.message : "The server didn't respond."),
  );
  if (!offersPassphrase) return { elements: [text], passphrase: () => "" };
  const label = /** @type {HTMLLabelElement} */ (made("label", "", "New passphrase "));
  label.append(made("span", "optional", "optional"));
  const field = /** @type {HTMLInputElement} */ (made("input", "field"));
  Object.assign(field, { id: "new-passphrase", type: "text", maxLength: 200, autocomplete: "off" });
  label.htmlFor = field.id;
  const help = made("p", "help", "New people then need it besides the new link. Tell it to them another way. Four random words are enough.");
  help.id = "new-passphrase-help";
  field.setAttribute("aria-describedby", help.id);
  const asked = made("div", "asked");
  asked.append(label, field, help);
  return { elements: [text, asked], passphrase: () => tidied(field.value) };
}

/**
 * By name, so that one sees who is among them.
 * @param {string[]} names of the others who get it
 * @param {string[]} others who need the new link
 */
function said(names, others) {
  if (!names.length) return needing(others);
  return `${listOf(names)} ${names.length === 1 ? "gets" : "get"} the new key automatically. ${needing(others)}`;
}

/** Who needs the new link. @param {string[]} others */
export function needing(others) {
  return others.length ? `${listOf(others)} ${others.length === 1 ? "needs" : "need"} the new link. ` : "";
}

/** @param {string[]} names */
function listOf(names) {
  const shown = names.length > NAMED + 1 ? [...names.slice(0, NAMED), `${names.length - NAMED} more`] : names;
  return shown.length === 1 ? shown[0] : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}

/** @param {Promise<unknown>} work @returns {Promise<string>} what went wrong, empty where nothing did */
export async function wordsOf(work) {
  try {
    await work;
    return "";
  } catch (trouble) {
    return trouble instanceof Trouble ? trouble.message : "That didn't work. Try again.";
  }
}

/** @param {string} tag @param {string} [className] @param {string} [text] */
function made(tag, className = "", text = "") {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}
