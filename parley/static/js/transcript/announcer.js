// @ts-check
// Speaks new messages of others to a screen reader, once. The transcript itself stays silent (`aria-live="off"`):
// it is also rebuilt, prepended and trimmed, and none of that is news.
import { byId } from "../browser/dom.js";
import { wordsOf } from "./parts.js";

const KEPT = 5;
const SPOKEN_CHARS = 300;
const SPOKEN_AT_ONCE = 3;

/**
 * @param {import("../connection/wire.js").Message} message
 * @param {boolean} [isForReader] it means them, or answers them
 */
export function announceMessage(message, isForReader = false) {
  const isCall = message.type === "call"; // which says itself whose it was
  announce(isCall ? message.message : `${message.username}${isForReader ? ", to you" : ""}: ${[...wordsOf(message)].slice(0, SPOKEN_CHARS).join("")}`);
}

/**
 * Those that came late: each one, or how many they are.
 * @param {import("../connection/wire.js").Message[]} messages
 */
export function announceMissed(messages) {
  if (messages.length > SPOKEN_AT_ONCE) announce(`${messages.length} new messages`);
  else for (const message of messages) announceMessage(message);
}

/** What was said is not to be read any more. */
export function hush() {
  byId("announcer").replaceChildren();
}

/** @param {string} words */
export function announce(words) {
  const announcer = byId("announcer");
  // A paragraph each, so that they are spoken as sentences apart.
  const line = document.createElement("p");
  line.textContent = words;
  announcer.append(line);
  while (announcer.childElementCount > KEPT) announcer.firstElementChild?.remove();
}
