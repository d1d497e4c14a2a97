// @ts-check
// From an answer to what it answers, or to what was found, and back. Loaded when somebody first goes there.
import { byId } from "../browser/dom.js";
import { make } from "../browser/elements.js";
import { loadSheet } from "../browser/sheets.js";

/** @typedef {import("./reading.js").Reading} Reading */

/** @type {{seq: number, place: import("./last-read.js").Place | null} | undefined} where the reader was before */
let from;
/** @type {HTMLButtonElement | undefined} the way back */
let back;

/** @param {Reading} reading */
function start(reading) {
  if (back) return;
  back = make("button", { class: "button back", id: "back", type: "button", "aria-keyshortcuts": "Escape", hidden: "" }, [
    "Back", make("span", { class: "visually-hidden" }, [" to where you were"]),
  ]);
  byId("pill").after(back);
  back.addEventListener("click", () => goBack(reading));
  reading.scroller.addEventListener("scroll", () => from && isOnScreen(reading, from.seq) && forget(), { passive: true });
  reading.scroller.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !from) return;
    event.preventDefault();
    goBack(reading);
  });
}

/**
 * @param {Reading} reading
 * @param {HTMLElement | null} message the one that answers; none where somebody only reads
 * @param {number} seq of what it answers
 */
export async function jump(reading, message, seq) {
  start(reading);
  const begun = /** @type {HTMLElement | undefined} */ (message ?? reading.firstVisible());
  const was = from ?? { seq: Number(begun?.dataset.seq ?? 0), place: reading.isAt() };
  await Promise.all([reading.goTo(seq), loadSheet("actions")]);
  if (!document.getElementById(`m-${seq}`) || isOnScreen(reading, was.seq)) return;
  from = was;
  if (back) back.hidden = false;
}

/** Where one was before, unless one is there. @param {Reading} reading */
export async function goBack(reading) {
  const was = from;
  forget();
  if (!was) return;
  if (was.place) await reading.backTo(was.place);
  else await reading.toEnd();
  const message = document.getElementById(`m-${was.seq}`);
  (message ?? reading.scroller).focus({ preventScroll: true });
}

function forget() {
  from = undefined;
  if (back) back.hidden = true;
}

/**
 * @param {Reading} reading
 * @param {number} seq
 */
function isOnScreen({ scroller }, seq) {
  const box = document.getElementById(`m-${seq}`)?.getBoundingClientRect();
  const pane = scroller.getBoundingClientRect();
  return box !== undefined && box.bottom > pane.top && box.top < pane.bottom;
}
