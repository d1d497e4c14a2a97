// @ts-check
// The page of a conversation's files: its pictures open over the page, and its sound plays faster, as in the transcript.
import "./page.js";

const list = document.querySelector(".file-list");
list?.addEventListener("click", (event) => {
  const { target, metaKey, ctrlKey, shiftKey } = /** @type {MouseEvent} */ (event);
  const picture = /** @type {HTMLAnchorElement | null} */ (/** @type {Element} */ (target).closest("a.picture"));
  if (!picture || metaKey || ctrlKey || shiftKey) return;
  event.preventDefault();
  import("./files/viewer.js").then(({ view }) => view(picture), () => location.assign(picture.href));
});
if (list?.querySelector(".sound")) import("./files/wave.js").then(({ watch }) => watch(/** @type {HTMLElement} */ (list)), () => {});
