// @ts-check
// The page of an import: it tells how far that is, and offers the time zone of this device.
import { byId } from "./browser/dom.js";
import { ROOT } from "./browser/root.js";
import "./page.js";

const EVERY_MS = 700;

const { id, state: shown } = byId("import").dataset;
const zone = /** @type {HTMLInputElement | null} */ (document.querySelector("[data-zone]"));
if (zone && !zone.value) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
if (shown === "reading" || shown === "storing") look();

/** Looks again and again, also where the network fails for a while; the page itself tells the rest. */
async function look() {
  const answer = await fetch(`${ROOT}/api/import/${id}`).catch(() => undefined);
  if (answer?.status === 404) return location.reload();
  const progress = answer?.ok ? (await answer.json()).progress : undefined;
  if (progress && progress.state !== shown) return location.reload();
  if (progress) {
    const count = shown === "reading" ? progress.read : progress.stored;
    byId("import-progress").textContent = `${count.toLocaleString("en")} messages so far`;
  }
  setTimeout(look, EVERY_MS);
}
