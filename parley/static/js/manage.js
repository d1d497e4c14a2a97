// @ts-check
// Whoever saves stays where they were, and what was done is said once.
import "./page.js";

const KEY = "parley:manage-place";

/** @typedef {{ heading: string, top: number }} Place */

/**
 * Where on the screen a section stood when its form was sent: what is said in others may move it.
 * @param {SubmitEvent} event
 */
function keepPlace({ target }) {
  const heading = /** @type {Element} */ (target).closest("section")?.querySelector("h2");
  if (!heading) return;
  /** @type {Place} */
  const place = { heading: heading.id, top: heading.getBoundingClientRect().top };
  try {
    sessionStorage.setItem(KEY, JSON.stringify(place));
  } catch {
    // Storage may be full or forbidden; then the section's heading comes to the top.
  }
}

/** @returns {Place | null} the place that was kept, once */
function takePlace() {
  try {
    const kept = sessionStorage.getItem(KEY);
    sessionStorage.removeItem(KEY);
    return kept && JSON.parse(kept);
  } catch {
    return null;
  }
}

function returnToPlace() {
  const place = takePlace();
  // Only after an act, which names its section in the address.
  if (!place || location.hash !== `#${place.heading}`) return;
  const heading = document.getElementById(place.heading);
  // After the browser has scrolled to the section by itself.
  if (heading) requestAnimationFrame(() => scrollBy(0, heading.getBoundingClientRect().top - place.top));
}

const address = new URL(location.href);
if (address.searchParams.has("saved")) {
  address.searchParams.delete("saved");
  address.searchParams.delete("who");
  history.replaceState(null, "", address);
}
document.addEventListener("submit", keepPlace);
if (document.readyState === "complete") returnToPlace();
else addEventListener("load", returnToPlace);
