// @ts-check
// Deleting a message, after being asked once.
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

  /** @param {string} id of the message */
  ask(id) {
    this.id = id;
    byId("delete-problem").textContent = "";
    this.dialog.showModal();
  }

  async confirmed() {
    const ack = await this.connection.ask("delete_message", { id: this.id });
    if (ack.ok) this.dialog.close();
    else byId("delete-problem").textContent = ack.error;
  }
}
