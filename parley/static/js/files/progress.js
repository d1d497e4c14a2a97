// @ts-check
// How far files are, wherever that stands on the page: beside what is being written, and in what waits to be sent.
import { about, inWords } from "./sizes.js";

/** @typedef {{upload: import("./upload.js").Upload, isFleeting: boolean, preview?: string}} Live `isFleeting`: it could not be kept for a reload */

/** @type {Map<string, Live>} by their keys */
export const live = new Map();
/** @type {Set<string>} */
const due = new Set();

const EVERY_MS = 100;
/** Before that nobody can say. */
const GUESSED_AFTER_MS = 1000;

/** @param {string} key */
export function showProgressSoon(key) {
  if (!due.size) {
    setTimeout(() => {
      const keys = [...due];
      due.clear();
      keys.forEach(showProgress);
    }, EVERY_MS);
  }
  due.add(key);
}

/** @param {string} key */
export function showProgress(key) {
  const rows = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(`[data-upload="${key}"]`));
  for (const row of rows) paint(row);
}

/** @param {HTMLElement} row with the parts `bar` and `about` */
export function paint(row) {
  const known = live.get(row.dataset.upload ?? "");
  if (!known) return;
  const { upload } = known;
  const { status, error, isRefusedForGood, sent, size } = upload;
  row.dataset.status = status;
  const bar = /** @type {HTMLProgressElement | null} */ (row.querySelector('[data-part="bar"]'));
  if (bar) {
    bar.hidden = status === "done" || status === "failed";
    bar.max = size || 1;
    bar.value = sent;
  }
  const words = row.querySelector('[data-part="about"]');
  if (words) words.textContent = status === "failed" ? error : wordsOf(known);
  const again = /** @type {HTMLElement | null} */ (row.querySelector('[data-part="again"]'));
  if (again) again.hidden = status !== "failed" || isRefusedForGood;
}

/** @param {Live} known */
function wordsOf({ upload, isFleeting }) {
  const { status, name, saidSize: size } = upload;
  const sent = Math.min(upload.sent, size); // what is sealed is a little longer
  if (status === "done") return about({ name, size });
  if (status === "sealing") return `${inWords(size)} · encrypting`;
  const far = status === "waiting" ? `${inWords(size)} · waiting` : `${inWords(sent)} of ${inWords(size)}${left(upload)}`;
  return isFleeting ? `${far} · keep this page open` : far;
}

/** @param {import("./upload.js").Upload} upload */
function left({ began, sent, size, attempt }) {
  if (!began.at) return attempt ? " · reconnecting" : "";
  const goneMs = performance.now() - began.at;
  if (goneMs < GUESSED_AFTER_MS || sent <= began.sent) return "";
  if (sent >= size) return " · checking";
  const s = Math.ceil((size - sent) * goneMs / (sent - began.sent) / 1000);
  return s < 60 ? ` · ${s} s left` : ` · ${Math.ceil(s / 60)} min left`;
}
