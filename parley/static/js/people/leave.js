// @ts-check
// Leaving by one's own wish; whoever opens the link again is back.
import { closeAll } from "../browser/dialogs.js";
import { byId } from "../browser/dom.js";
import { apiOf, pathOf } from "../browser/root.js";
import { ask } from "../connection/wire.js";

/**
 * @param {object} parts
 * @param {string} parts.roomId
 * @param {HTMLFormElement} parts.form
 * @param {() => Promise<void>} parts.stop the connection, so that nothing brings them back, and let go of what is kept here
 */
export async function leave({ roomId, form, stop }) {
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
  button.disabled = true;
  const reply = await ask(`${apiOf(roomId)}/leave`, {});
  button.disabled = false;
  if (!reply.success) {
    byId("leave-problem").textContent = reply.error;
    return;
  }
  await stop();
  await closeAll();
  location.assign(`${pathOf(roomId)}/left`);
}
