// @ts-check
// The buttons under a bot's message. Loaded where there are some. Their labels are text.
import { make } from "../browser/elements.js";

/**
 * @param {HTMLElement} element
 * @param {import("../connection/wire.js").Message} message
 * @param {boolean} isGone
 */
export function showButtons(element, { buttons = [] }, isGone) {
  const shown = element.querySelector(":scope > .message-buttons");
  const wanted = isGone ? "[]" : JSON.stringify(buttons);
  if (shown instanceof HTMLElement && shown.dataset.buttons === wanted) return;
  shown?.remove();
  if (wanted === "[]") return;
  const row = make("div", { class: "message-buttons", "data-buttons": wanted }, buttons.map(({ id, label }) =>
    make("button", { class: "button small", type: "button", "data-button": id }, [make("bdi", {}, [label])])));
  const after = element.querySelector(":scope > .fold") ?? element.querySelector(":scope > .message-text");
  after?.after(row);
}
