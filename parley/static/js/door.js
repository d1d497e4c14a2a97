// @ts-check
// Waits at the door: goes on when an owner has answered, opened the door to all, or locked it. The server's page says
// which it was. Until then this one says whether an owner is there to see it.
import { byId } from "./browser/dom.js";
import { ask, isPassing } from "./connection/wire.js";
import "./page.js";

const AGAIN_MS = 3000;

const path = `/api/conversations/${encodeURIComponent(byId("door").dataset.roomId ?? "")}/knock`;

async function look() {
  const reply = await ask(path);
  if (reply.success ? reply.state !== "waiting" : !isPassing(reply.code)) return location.reload();
  if (reply.success) showOwner(reply.owner_online);
  setTimeout(look, AGAIN_MS);
}

/** @param {boolean} isHere */
function showOwner(isHere) {
  byId("owner-here").hidden = !isHere;
  byId("owner-away").hidden = isHere;
}

setTimeout(look, AGAIN_MS);
