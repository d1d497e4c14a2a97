// @ts-check
// Deleting a message, after being asked once.
import { openDialog } from "../browser/dialogs.js";
import { byId } from "../browser/dom.js";

export class Deleting {
  /** @param {import("../connection/connection.js").Connection} connection */
  constructor(connection) {
    this.connection = connection;
    this.dialog = /** @type {HTMLDialogElement} */ (byId("delete-dialog"));
    this.id = "";
  }

  start() {
    byId("delete-confirm").addEventListener("click", (event) => {
      event.preventDefault();
      this.confirmed();
    });
  }

  /** @param {HTMLElement} message */
  ask(message) {
    this.id = message.dataset.id ?? "";
    byId("delete-problem").textContent = "";
    openDialog(this.dialog, message.querySelector(".message-delete"));
  }

  async confirmed() {
    const ack = await this.connection.ask("delete_message", { id: this.id });
    if (ack.ok) this.dialog.close();
    else byId("delete-problem").textContent = ack.error;
  }
}
