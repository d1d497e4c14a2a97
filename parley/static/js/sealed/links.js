// @ts-check
// The link with its key. It stands nowhere on the page: it is put together where somebody takes it.
import { announce } from "../transcript/announcer.js";
import { copyText } from "../browser/copy-link.js";
import { byId } from "../browser/dom.js";
import { make } from "../browser/elements.js";
import { fragmentOf } from "../encryption/keys.js";
import { say } from "../browser/toast.js";
import { keep } from "./kept.js";

const SHOWN_MS = 60_000;
const COPIED = "Copied. Whoever has this link can read everything here.";

/** @param {import("./kept.js").Kept} kept */
export function startLinks(kept) {
  if (kept.iterations) byId("key-note").textContent = "The link contains the key. Anyone who gets it, and the passphrase, can read everything here.";
  // Before what else listens, which knows the link without its key alone.
  document.addEventListener("click", (event) => {
    const clicked = /** @type {HTMLElement} */ (event.target);
    const copied = /** @type {HTMLElement | null} */ (clicked.closest("copy-link"));
    const isShared = clicked.closest("#share-link");
    if (!copied && !isShared) return;
    event.stopImmediatePropagation();
    if (copied) copyLink(kept, copied);
    else navigator.share({ title: document.title, url: linkOf(kept) }).then(() => taken(kept), () => {}); // closed again
  }, { capture: true });
  document.getElementById("key-qr")?.addEventListener("toggle", (event) => {
    const details = /** @type {HTMLDetailsElement} */ (event.currentTarget);
    details.querySelector("canvas, [role=status]")?.remove();
    if (!details.open) return;
    import("./qr.js").then(({ draw }) => {
      draw(details, linkOf(kept));
      taken(kept);
    }, () => details.append(notDrawn()));
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

/** Somebody has it now. @param {import("./kept.js").Kept} kept */
function taken(kept) {
  if (!kept.isOnlyHere) return;
  delete kept.isOnlyHere;
  keep(kept).catch(() => {});
  document.dispatchEvent(new Event("keytaken"));
}

/**
 * @param {import("./kept.js").Kept} kept
 * @param {HTMLElement} beside
 * @returns {Promise<boolean>} else it is shown, to be copied by hand
 */
export async function copyLink(kept, beside) {
  const link = linkOf(kept);
  const words = kept.iterations ? "Copied. Tell the passphrase in another way." : COPIED;
  taken(kept);
  if (await copyText(link, beside)) {
    say(words);
    announce(words);
    return true;
  }
  const field = document.createElement("input");
  field.className = "link-field";
  field.readOnly = true;
  field.value = link;
  field.setAttribute("aria-label", "Link to this conversation");
  beside.append(field);
  field.select();
  setTimeout(() => field.remove(), SHOWN_MS);
  return false;
}
