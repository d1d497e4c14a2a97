// @ts-check
// From an answer to what it answers, or to what was found, and back. Loaded when somebody first goes there.
import { byId } from "../browser/dom.js";

/** @typedef {import("./reading.js").Reading} Reading */

/** @type {{seq: number, place: import("./last-read.js").Place | null} | undefined} where the reader was before */
let from;
let isStarted = false;

/** @param {Reading} reading */
function start(reading) {
  if (isStarted) return;
  isStarted = true;
  byId("back").addEventListener("click", () => goBack(reading));
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
  await reading.goTo(seq);
  if (!document.getElementById(`m-${seq}`) || isOnScreen(reading, was.seq)) return;
  from = was;
  byId("back").hidden = false;
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
  byId("back").hidden = true;
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
