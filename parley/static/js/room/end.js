// @ts-check
// The owner ends the conversation, after being asked once. Loaded by who would end it.
import { openDialog } from "../browser/dialogs.js";
import { make } from "../browser/elements.js";
import { apiOf } from "../browser/root.js";
import { ask } from "../connection/wire.js";

/** @type {Asked | undefined} */
let asked;

/** @typedef {ReturnType<typeof makeDialog>} Asked */

/**
 * @param {HTMLElement} link
 * @param {string} roomId
 * @param {() => void} forbidden this device may not, or no longer
 */
export function askWhetherToEnd(link, roomId, forbidden) {
  asked ??= makeDialog();
  const { dialog, confirm, problem } = asked;
  if (dialog.open) return;
  confirm.onclick = (event) => {
    event.preventDefault();
    end(roomId, { dialog, problem }, forbidden);
  };
  openDialog(dialog, link);
}

function makeDialog() {
  const problem = make("p", { class: "problem-line", id: "end-problem", role: "alert" });
  const confirm = make("button", { class: "button danger", value: "end", type: "submit" }, ["End conversation"]);
  const dialog = make("dialog", { class: "ask", id: "end-dialog", "aria-labelledby": "end-title", "aria-describedby": "end-text" }, [
    make("h2", { id: "end-title" }, ["End this conversation?"]),
    make("p", { id: "end-text" }, ["People with the link can still read it, but no one can post. This can't be undone."]),
    problem,
    make("form", { class: "actions", method: "dialog" }, [
      make("button", { class: "button", value: "keep", type: "submit" }, ["Cancel"]), confirm,
    ]),
  ]);
  document.body.append(dialog);
  return { dialog, confirm, problem };
}

/**
 * @param {string} roomId
 * @param {Pick<Asked, "dialog" | "problem">} asked
 * @param {() => void} forbidden
 */
async function end(roomId, { dialog, problem }, forbidden) {
  const reply = await ask(`${apiOf(roomId)}/end`, {});
  if (reply.success) return dialog.close();
  problem.textContent = reply.error;
  if (reply.code === "forbidden") forbidden();
}
