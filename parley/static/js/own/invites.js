// @ts-check
// The invitations, as they are now. Loaded once one came or was answered. `templates/parts/invites.html` makes the same
// rows on the server.
import { restoreFocus } from "../browser/dialogs.js";
import { byId, cloneTemplate, part } from "../browser/dom.js";
import { ROOT } from "../browser/root.js";
import { showTime } from "../browser/time.js";
import { ask } from "../connection/wire.js";

/** @typedef {{id: string, title: string, by: string, at: string}} Invite */

/** @type {Promise<void>} */
let turn = Promise.resolve();

/** One after the other, so that what is shown last is the latest. */
export function show() {
  turn = turn.then(load).catch(() => {});
}

async function load() {
  const reply = await ask("/api/invites");
  if (!reply.success) return;
  const section = byId("invites");
  const hadFocus = section.contains(document.activeElement);
  byId("invite-rows").replaceChildren(...reply.invites.map(rowOf));
  section.hidden = reply.invites.length === 0;
  if (hadFocus) restoreFocus(section.hidden ? null : byId("invites-title"), byId("own-title"));
}

/** @param {Invite} invite */
function rowOf({ id, title, by, at }) {
  const row = cloneTemplate("invite-template");
  part(row, "by").textContent = by;
  part(row, "title").textContent = title || "an untitled conversation";
  showTime(/** @type {HTMLTimeElement} */ (part(row, "time")), at);
  for (const answer of ["accept", "decline", "block"]) {
    part(row, answer).setAttribute("action", `${ROOT}/contact/invites/${encodeURIComponent(id)}/${answer}`);
  }
  return row;
}
