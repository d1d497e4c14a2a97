// @ts-check
// Dialogs over the page. Back closes the topmost one, as people on phones expect, and does not leave the page; and when
// one closes, the focus goes back to where it came from, or as near as there is.

/** @type {HTMLDialogElement[]} those that are open, the topmost last */
const open = [];
/** Whether Back was ours, to take the entry of a dialog that is closed out of the history. */
let goesBack = false;
/** @type {(() => void)[]} who is told once none is open */
const waiting = [];

/** How many dialogs were open at this entry of the history. */
function depth() {
  return Number(history.state?.dialogs ?? 0);
}

/**
 * @param {HTMLDialogElement} dialog
 * @param {HTMLElement | null} [opener] what gets the focus when it closes: by itself a browser knows only what had it
 */
export function openDialog(dialog, opener = null) {
  open.push(dialog);
  enter();
  dialog.showModal();
  dialog.addEventListener("close", () => closed(dialog, opener), { once: true });
}

function enter() {
  history.pushState({ ...history.state, dialogs: open.length }, "");
}

/**
 * @param {HTMLDialogElement} dialog
 * @param {HTMLElement | null} opener
 */
function closed(dialog, opener) {
  if (open.includes(dialog)) open.splice(open.indexOf(dialog), 1);
  settle();
  restoreFocus(opener, opener?.closest(".message"), document.getElementById("scroller"));
  tellWhoWaits();
}

/**
 * Where nothing that is shown has the focus, the first of these that can take it gets it.
 * @param {(Element | null | undefined)[]} places
 */
export function restoreFocus(...places) {
  for (const place of places) {
    if (!isFocusLost()) return;
    if (place instanceof HTMLElement) place.focus({ preventScroll: true });
  }
}

/** What is hidden keeps the focus until the page is next drawn. */
function isFocusLost() {
  const focused = document.activeElement ?? document.body;
  return focused === document.body || focused.closest("dialog:not([open]), [hidden]") !== null;
}

/** Leaves the entries of dialogs that are closed: one more Back would do nothing. */
function settle() {
  const left = depth() - open.length;
  if (left <= 0 || goesBack) return;
  goesBack = true;
  history.go(-left);
}

/**
 * Once none is open and the history says so: a page that leaves before that may stay where it is, for going back ends
 * going elsewhere.
 */
export function closeAll() {
  open.forEach((dialog) => dialog.close());
  return new Promise((resolve) => {
    waiting.push(() => resolve(null));
    tellWhoWaits();
  });
}

function tellWhoWaits() {
  if (!open.length && !goesBack) waiting.splice(0).forEach((tell) => tell());
}

function moved() {
  const wasOurs = goesBack;
  goesBack = false;
  while (open.length > depth()) {
    if (wasOurs) return enter(); // it was opened meanwhile
    open.pop()?.close();
  }
  settle(); // Forward, to a dialog that is closed
  tellWhoWaits();
}

addEventListener("popstate", moved);
settle(); // the page was loaded again with a dialog open
