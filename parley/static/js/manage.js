// @ts-check
// Whoever saves stays where they were, and what was done is said once. What they have not saved yet is not lost by it.
import { recall, remember } from "./browser/saved.js";
import { keepUnsaved, nameOf } from "./browser/unsaved.js";
import "./page.js";

const KEY = "manage-place";

/** @typedef {{ heading: string, top: number }} Place */

/**
 * Where on the screen a section stood when its form was sent: what is said in others may move it. The address is to name
 * no section then, for browsers scroll to that whenever they like. What says so at the section's top is to be seen there.
 * @param {SubmitEvent} event
 */
function keepPlace({ target }) {
  const form = /** @type {HTMLFormElement} */ (target);
  const heading = form.closest("section")?.querySelector("h2");
  if (!heading || !form.matches(".stack, .choice")) return;
  /** @type {Place} */
  const place = { heading: heading.id, top: heading.getBoundingClientRect().top };
  remember(KEY, JSON.stringify(place), "sessionStorage");
  if (!recall(KEY, "sessionStorage")) return; // nothing is remembered here: then the heading comes to the top
  form.action = form.action.replace(/#.*/, "");
  const stays = document.createElement("input");
  Object.assign(stays, { type: "hidden", name: "stays", value: "yes" });
  form.append(stays);
}

/** @returns {Place | null} the place that was kept, once */
function takePlace() {
  const kept = recall(KEY, "sessionStorage");
  remember(KEY, "", "sessionStorage");
  return kept ? JSON.parse(kept) : null;
}

function returnToPlace() {
  const place = takePlace();
  const heading = place && document.getElementById(place.heading);
  if (heading && isTold && !location.hash) scrollBy(0, heading.getBoundingClientRect().top - place.top);
}

const address = new URL(location.href);
// Of what was done, or of what was refused, which has the address of the form.
const isTold = address.searchParams.has("saved") || !address.pathname.endsWith("/manage");
const done = address.searchParams.get("saved") ?? (isTold ? nameOf(address.href) : "");
if (address.searchParams.has("saved")) {
  address.searchParams.delete("saved");
  address.searchParams.delete("who");
  history.replaceState(null, "", address);
}
document.addEventListener("submit", keepPlace);
/** @type {NodeListOf<HTMLFormElement>} */
const forms = document.querySelectorAll(".manage form:is(.stack, .choice):not(#sealed-about):has(label)");
keepUnsaved(address.pathname.replace(/(\/manage)\/.*/, "$1"), forms, done, done === "replace-link");
returnToPlace();
const sealed = document.getElementById("sealed");
if (sealed) import("./sealed/managing.js").then(({ manage }) => manage(sealed), () => {});
const about = /** @type {HTMLFormElement | null} */ (document.getElementById("sealed-about"));
if (about) {
  import("./sealed/about-form.js").then(({ startAbout }) => startAbout(about)).catch(() => {
    const problem = document.getElementById("sealed-about-problem");
    if (problem) problem.textContent = "This part of the page didn't load. Reload it.";
  });
}
