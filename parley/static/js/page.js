// @ts-check
// What every page has.
import { selectLinksWhole } from "./browser/copy-link.js";
import { keepForm } from "./browser/kept-form.js";
import { later } from "./browser/later.js";
import { remembered } from "./browser/saved.js";
import "./browser/theme.js";
import { learnHours, showLocalTimes } from "./browser/time.js";

showLocalTimes(document);
learnHours(document);
selectLinksWhole(document);
for (const form of document.querySelectorAll("form[data-kept]")) keepForm(/** @type {HTMLFormElement} */ (form));

// Over plain HTTP browsers have no such thing; and a server may do without it.
if (navigator.serviceWorker && document.documentElement.dataset.worker === "yes") {
  later(() => import("./device/worker.js").then(({ begin }) => begin(), () => {}));
}
// What was half written in a conversation that is not one's own any more.
if (remembered("room:").length) later(() => import("./kept/written.js").then(({ sweepWritten }) => sweepWritten(), () => {}));
if (document.documentElement.dataset.keptAt) import("./kept/as-of.js").then(({ tell }) => tell(), () => {});
