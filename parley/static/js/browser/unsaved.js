// @ts-check
// What is changed in one form of a page stays, unsaved, when another is sent or the page is left and opened again in
// the same tab. The forms say that it is not saved.
import { fill, written } from "./kept-form.js";
import { recall, remember } from "./saved.js";

/** @typedef {Record<string, Record<string, string>>} Changes by the name of the form and of the field */

const KEY = "unsaved";
/** Stored no longer than sending a form takes: a browser may write down what its tabs store. */
const SECRET = "passphrase";

/**
 * @param {string} page where they stand
 * @param {Iterable<HTMLFormElement>} forms that the server gave as it knows them, or with what it refused
 * @param {string} done the name of the form that it answers here: of that it knows better
 * @param {boolean} isMoved whether the page had another address until now
 */
export function keepUnsaved(page, forms, done, isMoved) {
  const named = new Map([...forms].map((form) => [nameOf(form.action), form]));
  const kept = read();
  const isIts = kept.page === page || isMoved;
  delete kept.changes[done];
  for (const [name, form] of named) {
    if (isIts) fill(form, kept.changes[name] ?? {});
    form.addEventListener("input", () => showWhether(form));
    showWhether(form);
  }
  if (isIts) write(page, kept.changes);
  if (!named.size) return;

  let isSending = false;
  addEventListener("submit", () => (isSending = true));
  addEventListener("pageshow", () => (isSending = false));
  addEventListener("pagehide", () => {
    const changes = Object.fromEntries([...named].map(([name, form]) => [name, written(form)]));
    const isAny = Object.values(changes).some((fields) => Object.keys(fields).length);
    // What another page's forms wait for stays, unless there is something to remember.
    if (isAny || read().page === page) write(page, changes, isSending);
  });
}

/** @param {string} address of a form, or of the answer to it */
export function nameOf(address) {
  return new URL(address).pathname.split("/").pop() ?? "";
}

/**
 * The button of what waits to be saved is the one thing to do next.
 * @param {HTMLFormElement} form
 */
function showWhether(form) {
  const isUnsaved = Object.keys(written(form)).length > 0;
  const isRefused = form.querySelector(".problem-line") !== null;
  form.querySelector(".save .button")?.classList.toggle("primary", isUnsaved || isRefused);
  const says = /** @type {HTMLElement | null} */ (form.querySelector(".unsaved"));
  if (!says) return;
  says.hidden = !isUnsaved;
  const saved = /** @type {HTMLElement | null} */ (form.querySelector(".saved"));
  if (saved) saved.hidden = isUnsaved;
}

/** @returns {{ page: string, changes: Changes }} */
function read() {
  try {
    const { page, changes } = JSON.parse(recall(KEY, "sessionStorage"));
    return { page, changes: { ...changes } };
  } catch {
    return { page: "", changes: {} }; // nothing, or none of ours
  }
}

/**
 * @param {string} page
 * @param {Changes} changes
 * @param {boolean} [isSending]
 */
function write(page, changes, isSending = false) {
  const kept = Object.entries(changes).map(([name, fields]) => {
    const { [SECRET]: secret, ...rest } = fields;
    return /** @type {const} */ ([name, isSending && secret ? fields : rest]);
  });
  const some = kept.filter(([, fields]) => Object.keys(fields).length);
  remember(KEY, some.length ? JSON.stringify({ page, changes: Object.fromEntries(some) }) : "", "sessionStorage");
}
