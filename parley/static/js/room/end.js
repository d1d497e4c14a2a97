// @ts-check
// The owner ends the conversation, after being asked once. Loaded by who would end it.
import { openDialog } from "../browser/dialogs.js";
import { byId } from "../browser/dom.js";
import { apiOf } from "../browser/root.js";
import { ask } from "../connection/wire.js";

/**
 * @param {HTMLElement} link
 * @param {string} roomId
 * @param {() => void} forbidden this device may not, or no longer
 */
export function askWhetherToEnd(link, roomId, forbidden) {
  const dialog = /** @type {HTMLDialogElement} */ (byId("end-dialog"));
  if (dialog.open) return;
  byId("end-confirm").onclick = (event) => {
    event.preventDefault();
    end(roomId, dialog, forbidden);
  };
  openDialog(dialog, link);
}

/**
 * @param {string} roomId
 * @param {HTMLDialogElement} dialog
 * @param {() => void} forbidden
 */
async function end(roomId, dialog, forbidden) {
  const reply = await ask(`${apiOf(roomId)}/end`, {});
  if (reply.success) return dialog.close();
  byId("end-problem").textContent = reply.error;
  if (reply.code === "forbidden") forbidden();
}
