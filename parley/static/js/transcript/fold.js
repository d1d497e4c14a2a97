// @ts-check
// Long texts are folded by the style sheet alone. Here they unfold without moving what is being read, and by themselves
// where something in them is looked for: by a search in the page, or by the focus on a link.
import { byId } from "../browser/dom.js";

export function startFolding() {
  const scroller = byId("scroller");
  scroller.addEventListener("click", (event) => {
    const summary = /** @type {HTMLElement} */ (event.target).closest(".fold > summary");
    if (!summary) return;
    event.preventDefault();
    toggle(scroller, /** @type {HTMLDetailsElement} */ (summary.parentElement));
  });
  scroller.addEventListener("scroll", ({ target }) => {
    if (target !== scroller && target instanceof HTMLElement) unfold(scroller, target);
  }, { capture: true, passive: true });
}

/**
 * What unfolds stays where it begins; what is folded, where one clicked.
 * @param {HTMLElement} scroller
 * @param {HTMLDetailsElement} fold
 */
function toggle(scroller, fold) {
  const kept = fold.open ? fold : /** @type {HTMLElement} */ (fold.parentElement);
  const before = kept.getBoundingClientRect().top;
  fold.open = !fold.open;
  scroller.scrollTop += kept.getBoundingClientRect().top - before;
}

/**
 * The browser has scrolled within a folded text, to show something in it.
 * @param {HTMLElement} scroller
 * @param {HTMLElement} text
 */
function unfold(scroller, text) {
  const fold = text.parentElement?.querySelector(":scope > .fold:not([open])");
  const scrolled = text.scrollTop;
  if (!(fold instanceof HTMLDetailsElement) || !scrolled) return;
  toggle(scroller, fold);
  scroller.scrollTop += scrolled;
}
