// @ts-check
// Who claims to be somebody whose words were imported, and what owners answer. Loaded where that is told.
import { apiOf } from "../browser/root.js";
import { say } from "../browser/toast.js";
import { ask } from "../connection/wire.js";
import { announce } from "../transcript/announcer.js";

/** @typedef {{user_id: string, username: string, claimed_name: string}} Claim */

const SHOWN_FOR_MS = 10_000;

/**
 * An owner is told, and finds it where it is answered.
 * @param {Claim} claim
 */
export function claimed(claim) {
  const note = document.getElementById("who-note");
  if (note) note.hidden = false;
  show(claim);
  announce(`${claim.username} says they are ${claim.claimed_name}.`);
}

/**
 * @param {{claim: Claim, agreed: boolean}} answer
 * @param {{userId: string} | null} me
 * @param {string} roomId
 */
export async function answered({ claim, agreed }, me, roomId) {
  if (claim.user_id === me?.userId && !agreed) {
    const words = `An owner declined your request to be ${claim.claimed_name}.`;
    say(words, SHOWN_FOR_MS);
    announce(words);
  }
  if (!document.getElementById("claims")) return;
  // It may have been another owner who answered.
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
