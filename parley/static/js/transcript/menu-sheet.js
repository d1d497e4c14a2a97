// @ts-check
// What can be done with a message, from the bottom of the screen, where a thumb is.
import { openDialog } from "../browser/dialogs.js";
import { fullDate } from "../browser/time.js";
import { keepInSight } from "./in-sight.js";
import { icon, keyName } from "./menu-icon.js";

/** @typedef {import("./actions.js").Action} Action */

export class MenuSheet {
  /** @param {(name: string, element: HTMLElement) => void} run */
  constructor(run) {
    this.run = run;
    /** @type {EventTarget | null} where a finger was put down since it is open */
    this.touched = null;
    this.dialog = document.createElement("dialog");
    this.dialog.className = "sheet menu";
    this.dialog.id = "message-menu";
    this.dialog.setAttribute("aria-label", "Message actions");
    this.dialog.addEventListener("pointerdown", ({ target }) => (this.touched = target));
    this.dialog.addEventListener("click", ({ target }) => this.closeBeside(target));
    this.about = document.createElement("p");
    this.about.className = "menu-about";
    this.rows = document.createElement("div");
    this.rows.className = "menu-list";
    this.dialog.append(this.about, this.rows, closeButton(this.dialog));
  }

  /** The finger that opened it is lifted somewhere, too: only another one closes it. @param {EventTarget | null} target */
  closeBeside(target) {
    if (target === this.dialog && this.touched === target) this.dialog.close();
  }

  /**
   * @param {HTMLElement} element
   * @param {import("../connection/wire.js").Message} message
   * @param {Action[]} actions
   * @param {import("./actions.js").Page} page
   */
  open(element, message, actions, page) {
    if (this.dialog.open) return;
    this.touched = null;
    const who = Object.assign(document.createElement("bdi"), { textContent: message.username });
    const when = Object.assign(document.createElement("span"), { textContent: fullDate(message.timestamp) });
    this.about.replaceChildren(who, " ", when); // of both, a long name can be cut
    const close = () => this.dialog.close();
    const special = actions.flatMap(({ inSheet }) => inSheet?.(message, element, page, close) ?? []);
    const plain = actions.filter(({ inSheet }) => !inSheet);
    this.rows.replaceChildren(...special, ...plain.map((action) => this.row(action, element)));
    if (!this.dialog.isConnected) document.body.append(this.dialog);
    openDialog(this.dialog, element);
    keepInSight(element, this.dialog);
  }

  /**
   * @param {Action} action
   * @param {HTMLElement} element
   */
  row({ name, label, key, icon: path }, element) {
    const row = document.createElement("button");
    row.type = "button";
    row.className = "menu-row";
    row.dataset.name = name;
    row.append(icon(path), label, keyName(key));
    row.addEventListener("click", () => {
      this.dialog.close(); // first: what is run may go on elsewhere
      this.run(name, element);
    });
    return row;
  }
}

/** @param {HTMLDialogElement} dialog */
function closeButton(dialog) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button menu-close";
  button.textContent = "Close";
  button.addEventListener("click", () => dialog.close());
  return button;
}
