// @ts-check
// Pinning a message for everyone, and unpinning it: for owners.
import { announce } from "./announcer.js";
import { say } from "../browser/toast.js";

/** @typedef {import("./actions.js").Action} Action */

const FAILED_FOR_MS = 6000;
const ICON = "M7 3h6M8 3v5l-2.5 3.5h9L12 8V3M10 11.5V17";

/** @param {import("../state/store.js").State} state */
const mayPin = ({ owner, active, gone }) => owner && active && gone === "";

/** @type {Action} */
export const pin = {
  name: "pin",
  label: "Pin",
  key: "p",
  icon: ICON,
  isFor: ({ pinned }, state) => mayPin(state) && !pinned,
  run: ({ id }, _element, { connection }) => change(connection, id, true),
};

/** @type {Action} */
export const unpin = {
  name: "unpin",
  label: "Unpin",
  key: "p",
  icon: `${ICON}M4 4l12 12`,
  isFor: ({ pinned }, state) => mayPin(state) && pinned === true,
  run: ({ id }, _element, { connection }) => change(connection, id, false),
};

/**
 * @param {import("../connection/connection.js").Connection} connection
 * @param {string} id
 * @param {boolean} on
 */
async function change(connection, id, on) {
  const ack = await connection.ask("pin_message", { id, on });
  const words = ack.ok ? (on ? "Pinned" : "Unpinned") : ack.error;
  say(words, ack.ok ? undefined : FAILED_FOR_MS);
  announce(words);
}
