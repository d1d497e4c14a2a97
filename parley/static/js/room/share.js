// @ts-check
// The link, the people and the settings: a column on a wide page; on a narrow one the same panel moves into a sheet.
import { openDialog } from "../browser/dialogs.js";
import { byId } from "../browser/dom.js";

/** Matches the breakpoint in conversation.css. */
const WIDE = "(min-width: 761px)";

/** @param {{title: string, link: string}} conversation */
export function startShare({ title, link }) {
  startSheet();
  startShareButton({ title, url: link });
}

function startSheet() {
  const sheet = /** @type {HTMLDialogElement} */ (byId("sheet"));
  const panel = byId("panel");
  const opener = byId("open-sheet");
  opener.addEventListener("click", () => {
    byId("sheet-body").append(panel);
    openDialog(sheet, opener);
  });
  sheet.addEventListener("close", () => byId("side").append(panel));
  sheet.addEventListener("click", (event) => {
    if (event.target === sheet) sheet.close(); // the backdrop
  });
  matchMedia(WIDE).addEventListener("change", () => sheet.close());
}

/** @param {ShareData} share */
function startShareButton(share) {
  const button = byId("share-link");
  button.hidden = typeof navigator.share !== "function";
  button.addEventListener("click", async () => {
    try {
      await navigator.share(share);
    } catch {
      // The person closed the system's sheet.
    }
  });
}
