// @ts-check
// Sending a reaction, or taking it back: shown at once, and put right if the server refuses it.
import { restoreFocus } from "../browser/dialogs.js";
import { say } from "../browser/toast.js";
import { announce } from "../transcript/announcer.js";

/** @typedef {{store: import("../state/store.js").Store, connection: import("../connection/connection.js").Connection}} Page */

/** @type {Map<string, number>} how often each was sent: an answer to an earlier press says nothing of a later one */
const presses = new Map();

/**
 * @param {Page} page
 * @param {HTMLElement} message
 * @param {HTMLButtonElement} chip
 */
export function press(page, message, chip) {
  const on = chip.getAttribute("aria-pressed") !== "true";
  const sent = send(page, message.dataset.id ?? "", chip.value, on);
  restoreFocus(message); // the last of its kind goes when it is taken back
  return sent;
}

/**
 * @param {Page} page
 * @param {string} id the message's
 * @param {string} emoji
 * @param {boolean} on
 */
export async function send({ store, connection }, id, emoji, on) {
  if (!connection.live) return complain("You are offline. React when you are back.");
  const key = `${id} ${emoji}`;
  const number = (presses.get(key) ?? 0) + 1;
  presses.set(key, number);
  store.dispatch({ type: "reacting", id, emoji, on });
  const ack = await connection.ask("react", { id, emoji, on });
  if (presses.get(key) !== number) return;
  store.dispatch({ type: ack.ok ? "reacted" : "unreacted", id, emoji, on });
  if (!ack.ok) complain(ack.error);
}

/** @param {string} words */
export function complain(words) {
  say(words);
  announce(words);
}
