// @ts-check
// A word that something was done, for a moment. Screen readers are told elsewhere.

const SHOWN_FOR_MS = 2000;

/** @type {HTMLElement | undefined} */
let toast;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/** @param {string} words */
export function say(words) {
  toast ??= document.createElement("p");
  toast.className = "toast";
  toast.setAttribute("aria-hidden", "true");
  toast.textContent = words;
  document.querySelector(".foot")?.append(toast);
  clearTimeout(timer);
  timer = setTimeout(() => toast?.remove(), SHOWN_FOR_MS);
}
