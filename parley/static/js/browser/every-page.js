// @ts-check
// What every page has, also one without a form.
import { selectLinksWhole } from "./copy-link.js";
import { later } from "./later.js";
import { remembered } from "./saved.js";
import "./theme.js";
import { learnHours, showLocalTimes } from "./time.js";

showLocalTimes(document);
learnHours(document);
selectLinksWhole(document);

// Over plain HTTP browsers have no such thing; and a server may do without it.
if (navigator.serviceWorker && document.documentElement.dataset.worker === "yes") {
  later(() => import("../device/worker.js").then(({ begin }) => begin(), () => {}));
}
// What was half written in a conversation that is not one's own any more.
if (remembered("room:").length) later(() => import("../kept/written.js").then(({ sweepWritten }) => sweepWritten(), () => {}));
if (document.documentElement.dataset.keptAt) import("../kept/as-of.js").then(({ tell }) => tell(), () => {});

if (document.querySelector(".announcement")) import("./announcement.js").then(({ watch }) => watch(), () => {});

// What leads to the search has a key, on every page; over a conversation one without a chord, too.
document.addEventListener("keydown", (event) => {
  const { key, ctrlKey, metaKey, altKey } = event;
  const target = /** @type {HTMLElement} */ (event.target);
  const isSlash = key === "/" && !ctrlKey && !metaKey && byId("scroller") && !target.matches("input, textarea, select");
  const isChord = key.toLowerCase() === "k" && ctrlKey !== metaKey && !event.shiftKey;
  if (!(isSlash || isChord) || altKey || event.defaultPrevented || document.querySelector("dialog:modal")) return;
  event.preventDefault();
  byId("search-link")?.click();
});

/** @param {string} id */
function byId(id) {
  return document.getElementById(id);
}
