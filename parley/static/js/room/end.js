// @ts-check
// The owner ends the conversation, after being asked once.
import { openDialog } from "../browser/dialogs.js";
import { byId } from "../browser/dom.js";
import { ask } from "../connection/wire.js";

/**
 * @param {string} roomId
 * @param {() => void} forbidden this device may not, or no longer
 */
export function startEnd(roomId, forbidden) {
  const link = byId("end-link");
  const dialog = /** @type {HTMLDialogElement} */ (byId("end-dialog"));
  link.addEventListener("click", (event) => {
    event.preventDefault();
    openDialog(dialog, link);
  });
  byId("end-confirm").addEventListener("click", (event) => {
    event.preventDefault();
    end(roomId, dialog, forbidden);
  });
}

/**
 * @param {string} roomId
 * @param {HTMLDialogElement} dialog
 * @param {() => void} forbidden
 */
async function end(roomId, dialog, forbidden) {
  const reply = await ask(`/api/conversations/${encodeURIComponent(roomId)}/end`, {});
  if (reply.success) return dialog.close();
  byId("end-problem").textContent = reply.error;
  if (reply.code === "forbidden") forbidden();
}
