// @ts-check
// The owner ends the conversation, after being asked once.
import { byId } from "./dom.js";
import { ask } from "./wire.js";

/** @param {string} roomId */
export function startEnd(roomId) {
  const link = document.getElementById("end-link");
  if (!link) return;
  const dialog = /** @type {HTMLDialogElement} */ (byId("end-dialog"));
  link.addEventListener("click", (event) => {
    event.preventDefault();
    dialog.showModal();
  });
  byId("end-confirm").addEventListener("click", (event) => {
    event.preventDefault();
    end(roomId, dialog);
  });
}

/**
 * @param {string} roomId
 * @param {HTMLDialogElement} dialog
 */
async function end(roomId, dialog) {
  const reply = await ask(`/api/conversations/${encodeURIComponent(roomId)}/end`, {});
  if (reply.success) dialog.close();
  else byId("end-problem").textContent = reply.error;
}
