// @ts-check
// The page of a search: finds as one types, and offers what can be typed.
import { byId } from "./browser/dom.js";
import "./page.js";
import { zone } from "./search/asking.js";
import { Box } from "./search/box.js";
import { make } from "./browser/elements.js";

const form = /** @type {HTMLFormElement} */ (byId("search"));
const field = /** @type {HTMLInputElement} */ (byId("q"));
const asked = new URLSearchParams(location.search);
const box = new Box({
  root: byId("main"), form, field, found: byId("found"), roomId: form.dataset.roomId ?? "",
  by: asked.get("by") === "relevance" ? "relevance" : "time", changed,
});
box.start();
// A form that is sent without us asks for days as the reader has them, too.
if (!form.elements.namedItem("zone")) form.append(make("input", { type: "hidden", name: "zone", value: zone() }));
if (!field.value && matchMedia("(hover: hover)").matches) field.focus();
form.addEventListener("submit", (event) => {
  event.preventDefault();
  box.now();
});
document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "k" || event.ctrlKey === event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  field.select();
}, { capture: true });
// What the server found without knowing the reader's days, or not as far as the end.
if (field.value && !byId("found").querySelector(".found-row") && !asked.has("cursor")) box.now();
else if (/\b(before|after|on):/i.test(field.value) && !asked.has("zone")) box.now();

/** Whoever comes back finds it as it was. @param {import("./search/asking.js").State} state */
function changed({ typed, by }) {
  const query = String(new URLSearchParams({ ...(typed && { q: typed, zone: zone() }), ...(by === "relevance" && { by }) }));
  const address = `${location.pathname}${query && `?${query}`}`;
  if (address !== location.pathname + location.search) history.replaceState(history.state, "", address);
}
