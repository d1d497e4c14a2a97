// @ts-check
// Another name: to join again under it. Loaded by who asks for one.
import { byId } from "../browser/dom.js";
import { apiOf } from "../browser/root.js";
import { remember } from "../browser/saved.js";
import { ask } from "../connection/wire.js";

/**
 * @param {object} parts
 * @param {string} parts.roomId
 * @param {HTMLDetailsElement} parts.rename
 * @param {HTMLInputElement} parts.field
 * @param {(username: string) => void} parts.renamed
 */
export async function askForName({ roomId, rename, field, renamed }) {
  const button = /** @type {HTMLButtonElement} */ (rename.querySelector("form button"));
  const username = field.value.trim();
  if (button.disabled) return;
  if (!username) return showProblem("Enter a name first.");
  button.disabled = true;
  const reply = await ask(`${apiOf(roomId)}/join`, { username });
  button.disabled = false;
  if (!reply.success) return showProblem(reply.error);
  byId("rename-problem").textContent = "";
  remember("name", reply.username);
  rename.open = false;
  rename.querySelector("summary")?.focus();
  renamed(reply.username);

  /** @param {string} words */
  function showProblem(words) {
    byId("rename-problem").textContent = words;
    field.focus();
  }
}
