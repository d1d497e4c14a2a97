// @ts-check
// Says anew why one can't post here, once an owner has decided otherwise: `templates/pages/conversation.html` said it first.
import { ROOT } from "../browser/root.js";

/**
 * @param {HTMLElement} line
 * @param {string} roomId where to go back to with an account; empty where an account is not what one lacks
 */
export function tellWhy(line, roomId) {
  if (!roomId) {
    line.textContent = "Only the owner can post right now.";
    return;
  }
  const link = document.createElement("a");
  link.href = `${ROOT}/account?back=${encodeURIComponent(roomId)}`;
  link.textContent = "Sign in or get one";
  line.replaceChildren("Only people with an account can post here. ", link);
}
