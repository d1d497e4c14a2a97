// @ts-check
// Taking a message, or the way to it, elsewhere.
import { pathOf } from "../browser/root.js";
import { announce } from "./announcer.js";
import { copyText } from "../browser/copy-link.js";
import { say } from "../browser/toast.js";

/** @type {import("./actions.js").Action} */
export const copyWords = {
  name: "copy",
  label: "Copy text",
  key: "c",
  icon: "M7 7h9.5v9.5H7zM4.5 13h-1V3.5H13v1",
  isFor: () => true,
  run: ({ message }) => copy(message),
};

/** @type {import("./actions.js").Action} */
export const copyLink = {
  name: "link",
  label: "Copy link",
  key: "l",
  icon: "M8.5 11.5a3 3 0 0 0 4.3 0l3-3a3 3 0 0 0-4.3-4.3l-1 1M11.5 8.5a3 3 0 0 0-4.3 0l-3 3a3 3 0 0 0 4.3 4.3l1-1",
  isFor: () => true,
  run: ({ seq }, _element, { joinLink, connection }) => {
    const path = `${pathOf(connection.roomId)}?at=${seq}#m-${seq}`;
    return copy(new URL(path, joinLink || location.href).href);
  },
};

/** @param {string} text */
export async function copy(text) {
  const words = (await copyText(text, document.body)) ? "Copied" : "Your browser doesn't allow copying here.";
  say(words);
  announce(words);
}
