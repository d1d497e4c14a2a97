// @ts-check
// Deleting a message, after being asked once.
import { openDialog } from "../browser/dialogs.js";
import { byId } from "../browser/dom.js";

/** @type {import("./actions.js").Action} */
export const remove = {
  name: "delete",
  label: "Delete",
  key: "Delete",
  icon: "M4 5.5h12M8 5.5V3.5h4v2M5.5 5.5l.7 11h7.6l.7-11M8.4 8.5v5M11.6 8.5v5",
  isFor: ({ user_id: author }, { me, owner, gone }) => gone === "" && (owner || author === me?.userId),
  run: ({ id }, element, { connection }) => ask(id, element, connection),
};

/**
 * @param {string} id
 * @param {HTMLElement} element
 * @param {import("../connection/connection.js").Connection} connection
 */
function ask(id, element, connection) {
  const dialog = /** @type {HTMLDialogElement} */ (byId("delete-dialog"));
  byId("delete-problem").textContent = "";
  byId("delete-confirm").onclick = async (event) => {
    event.preventDefault();
    const ack = await connection.ask("delete_message", { id });
    if (ack.ok) dialog.close();
    else byId("delete-problem").textContent = ack.error;
  };
  openDialog(dialog, element);
}
