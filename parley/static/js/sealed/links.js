// @ts-check
// The link with its key. It stands nowhere on the page: it is put together where somebody takes it.
import { announce } from "../transcript/announcer.js";
import { copyText } from "../browser/copy-link.js";
import { make } from "../browser/elements.js";
import { fragmentOf } from "../encryption/keys.js";
import { say } from "../browser/toast.js";

const SHOWN_MS = 60_000;

/** @param {import("./kept.js").Kept} kept */
export function startLinks(kept) {
  // Before what else listens, which knows the link without its key alone.
  document.addEventListener("click", (event) => {
    const clicked = /** @type {HTMLElement} */ (event.target);
    const copied = clicked.closest("copy-link");
    const isShared = clicked.closest("#share-link");
    if (!copied && !isShared) return;
    event.stopImmediatePropagation();
    const link = linkOf(kept);
    if (isShared) navigator.share({ title: document.title, url: link }).catch(() => {}); // closed again
    else copy(/** @type {HTMLElement} */ (copied), link);
  }, { capture: true });
  document.getElementById("key-qr")?.addEventListener("toggle", (event) => {
    const details = /** @type {HTMLDetailsElement} */ (event.currentTarget);
    details.querySelector("canvas, [role=status]")?.remove();
    if (details.open) import("./qr.js").then(({ draw }) => draw(details, linkOf(kept)), () => details.append(notDrawn()));
  });
}

function notDrawn() {
  return make("p", { class: "panel-note", role: "status" }, ["The QR code didn't load. Close this and open it to try again."]);
}

/** @param {import("./kept.js").Kept} kept */
export function linkOf(kept) {
  const link = document.querySelector("copy-link")?.getAttribute("data-link") ?? location.href.split("#")[0];
  return `${link.split("#")[0]}#${fragmentOf(kept)}`;
}

/**
 * @param {HTMLElement} beside
 * @param {string} link
 */
async function copy(beside, link) {
  if (await copyText(link, beside)) {
    say("Copied. Whoever has this link can read everything here.");
    announce("Copied. Whoever has this link can read everything here.");
    return;
  }
  const field = document.createElement("input");
  field.className = "link-field";
  field.readOnly = true;
  field.value = link;
  field.setAttribute("aria-label", "Link to this conversation");
  beside.append(field);
  field.select();
  setTimeout(() => field.remove(), SHOWN_MS);
}
