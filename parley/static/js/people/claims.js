// @ts-check
// Who says that they are one of the imported people: an owner is told, and finds it where it is answered.
import { byId } from "../browser/dom.js";
import { apiOf } from "../browser/root.js";
import { ask } from "../connection/wire.js";
import { announce } from "../transcript/announcer.js";

/** @typedef {{username: string, claimed_name: string}} Claim */

/** @param {Claim} claim */
export function tell(claim) {
  byId("who-note").hidden = false;
  show(claim);
  announce(`${claim.username} says they are ${claim.claimed_name}.`);
}

/** It may have been another owner who answered. @param {string} roomId */
export async function look(roomId) {
  const reply = await ask(`${apiOf(roomId)}/imported`);
  if (reply.success) show(reply.claims?.[0]);
}

/** @param {Claim} [claim] the one to answer */
function show(claim) {
  const note = document.getElementById("claims");
  if (!note?.firstElementChild) return;
  note.hidden = !claim;
  if (claim) note.firstElementChild.textContent = `${claim.username} says they are ${claim.claimed_name}. Agree?`;
}
