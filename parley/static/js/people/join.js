// @ts-check
// One name, Enter, talking.
import { byId } from "../browser/dom.js";
import { apiOf } from "../browser/root.js";
import { recall, remember } from "../browser/saved.js";
import { ask } from "../connection/wire.js";

/**
 * @param {object} parts
 * @param {string} parts.roomId
 * @param {(me: import("../state/store.js").Me) => void} parts.joined
 */
export function startJoin({ roomId, joined }) {
  const form = /** @type {HTMLFormElement} */ (byId("join"));
  const field = /** @type {HTMLInputElement} */ (byId("username"));
  field.value ||= recall("name");
  if (!form.hidden && matchMedia("(pointer: fine)").matches) field.focus({ preventScroll: true });
  form.noValidate = true;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submitName({ roomId, joined, form, field });
  });
}

/**
 * @param {object} parts
 * @param {string} parts.roomId
 * @param {(me: import("../state/store.js").Me) => void} parts.joined
 * @param {HTMLFormElement} parts.form
 * @param {HTMLInputElement} parts.field
 */
async function submitName({ roomId, joined, form, field }) {
  const username = field.value.trim();
  if (!username) return showProblem("Enter your name first.", field);
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
  button.disabled = true;
  const reply = await ask(`${apiOf(roomId)}/join`, { username });
  button.disabled = false;
  if (!reply.success) return showProblem(reply.error, field);
  showProblem("");
  remember("name", reply.username);
  joined({ userId: reply.user_id, username: reply.username, role: reply.role });
}

/**
 * @param {string} words
 * @param {HTMLElement} [field] gets the focus
 */
function showProblem(words, field) {
  byId("join-problem").textContent = words;
  field?.focus();
}
