// @ts-check
// The buttons under a bot's message. Loaded where there are some. Their labels are text.
import { make } from "../browser/elements.js";
import { isEncrypted } from "./encrypted.js";

/**
 * In an encrypted conversation there are no bots, whatever the server says.
 * @param {HTMLElement} element
 * @param {import("../state/items.js").MessageItem} item
 */
export function showButtons(element, { message: { buttons = [], deleted }, deleting }) {
  const shown = element.querySelector(":scope > .message-buttons");
  const wanted = deleted || deleting || isEncrypted() ? "[]" : JSON.stringify(buttons);
  if (shown instanceof HTMLElement && shown.dataset.buttons === wanted) return;
  shown?.remove();
  if (wanted === "[]") return;
  const row = make("div", { class: "message-buttons", "data-buttons": wanted }, buttons.map(({ id, label }) =>
    make("button", { class: "button small", type: "button", "data-button": id }, [make("bdi", {}, [label])])));
  const after = element.querySelector(":scope > .fold") ?? element.querySelector(":scope > .message-text");
  after?.after(row);
}
