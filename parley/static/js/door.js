// @ts-check
// Waits at the door: goes on when an owner has answered, opened the door to all, locked or unlocked it. The server's
// page says which it was. Until then this one says whether an owner is there to see who waits.
import { byId } from "./browser/dom.js";
import { apiOf, pathOf } from "./browser/root.js";
import { isPassing } from "./connection/line.js";
import { ask } from "./connection/wire.js";
import "./page.js";

const AGAIN_MS = 3000;

const { roomId = "", state } = byId("door").dataset;

async function look() {
  const reply = await ask(`${apiOf(roomId)}/knock`);
  if (isNews(reply)) return goOn();
  if (reply.success && state === "waiting") showOwner(reply.owner_online);
  setTimeout(look, AGAIN_MS);
}

/** @param {any} reply */
function isNews(reply) {
  if (!reply.success && isPassing(reply.code)) return false;
  if (state === "locked") return reply.success ? !reply.locked : reply.code !== "locked";
  return reply.state !== "waiting";
}

/** Not by loading this page again where it answered a form: that would send the form again. */
function goOn() {
  const page = pathOf(roomId);
  if (location.pathname === page) location.reload();
  else location.replace(page);
}

/** @param {boolean} isHere */
function showOwner(isHere) {
  byId("owner-here").hidden = !isHere;
  byId("owner-away").hidden = isHere;
}

// Nobody keeps a page open for a day.
if (state === "waiting" && globalThis.Notification?.permission !== "granted") {
  import("./notifying/offer.js").then(({ offer }) => offer({
    before: byId("door").appendChild(document.createElement("div")),
    words: "Get a notification when the owner answers?",
    done: "You'll be notified on this device, also with this page closed.",
  }), () => {});
}
setTimeout(look, AGAIN_MS);
