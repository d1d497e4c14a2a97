// @ts-check
// What is half written, and the files that are to go with it: of a conversation that is not one's own any more, nothing
// of it stays. A page says of which conversation it is (see writing/drafts.js), as it goes by the key that outlasts links.
import { pathOf } from "../browser/root.js";
import { recall, remember, remembered } from "../browser/saved.js";
import { forgetOf } from "../files/kept.js";
import { HOME, roomOf } from "./names.js";
import { REFUSED, TAKES_PART, askForPage } from "./page.js";

const ROOM = "room:";

/**
 * Never rejects.
 * @param {string} roomId
 * @param {string} [known] the key, where it is known
 */
export async function forgetWritten(roomId, known) {
  const names = remembered(ROOM).filter((name) => recall(name) === roomId || name === ROOM + known);
  const keys = new Set([...names.map((name) => name.slice(ROOM.length)), ...(known ? [known] : [])]);
  remember(`draft:${roomId}`, ""); // as earlier pages kept it
  for (const key of keys) {
    for (const name of [...remembered(`draft:${key}:`), ...remembered(`aim:${key}:`), `known:${key}`, ROOM + key]) remember(name, "");
    for (const name of ["edit", "files", "place"]) remember(`${name}:${key}`, "", "sessionStorage");
    await forgetOf(key);
  }
}

/** On a list of one's own, of those that it does not name; on the page of one that one takes no part in, of that. */
export async function sweepWritten() {
  const { keptAt } = document.documentElement.dataset;
  const isList = location.pathname === HOME; // who takes part in nothing is shown none
  const here = roomOf(location.pathname.replace(/\/left$/, ""));
  if (keptAt || (!isList && !here) || document.querySelector('#conversation[data-user-id]:not([data-user-id=""])')) return;
  const rows = /** @type {HTMLElement[]} */ ([...(document.getElementById("own-rows")?.children ?? [])]);
  const named = new Set(rows.map((row) => row.dataset.roomId));
  for (const name of remembered(ROOM)) {
    const roomId = recall(name);
    if (isList ? named.has(roomId) : roomId !== decodeURIComponent(here)) continue;
    if (await isOver(roomId)) await forgetWritten(roomId);
  }
}

/** @param {string} roomId */
async function isOver(roomId) {
  try {
    const answer = await askForPage(pathOf(roomId));
    return answer.ok ? !TAKES_PART.test(await answer.text()) : REFUSED.includes(answer.status);
  } catch {
    return false; // there is no network now
  }
}
