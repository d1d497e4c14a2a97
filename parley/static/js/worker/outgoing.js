// @ts-check
// Sends what waits where no page is open that could: browsers with Background Sync say when there is a network again.
import { ROOT, apiOf, pathOf } from "../browser/root.js";
import { drop, waiting } from "../kept/outgoing.js";
import { TAKES_PART, askForPage } from "../kept/page.js";
import { OWN_PAGE, isPassing } from "../connection/line.js";
import { worker } from "./scope.js";

worker.addEventListener("sync", (event) => {
  if (event.tag === "outbox") event.waitUntil(sendAll());
});

/** Rejects where there is more to send: the browser tries again later. */
async function sendAll() {
  /** @type {Map<string, import("../kept/outgoing.js").Waiting[]>} */
  const rooms = new Map();
  for (const each of await waiting()) {
    if (each.to) rooms.set(each.to, [...(rooms.get(each.to) ?? []), each]);
  }
  for (const [roomId, entries] of rooms) await sendIn(roomId, entries);
}

/**
 * In order, up to what only a page can send or tell of: files, and what is refused.
 * @param {string} roomId
 * @param {import("../kept/outgoing.js").Waiting[]} entries
 */
async function sendIn(roomId, entries) {
  const userId = await whoIsHere(roomId);
  for (const entry of entries) {
    // Somebody else may have written it on this device before.
    if (entry.userId !== userId) continue;
    if (entry.status !== "pending" || entry.files) return;
    const reply = await send(roomId, entry);
    if (!reply.success && isPassing(reply.code)) throw new Error(reply.error);
    if (!reply.success) return;
    await drop(entry.clientId);
    tellPages(entry, reply);
  }
}

/**
 * Rejects where the server is there, but cannot say.
 * @param {string} roomId
 * @returns {Promise<string>} as whom the server shows the conversation to this browser, empty for a stranger
 */
async function whoIsHere(roomId) {
  const answer = await askForPage(pathOf(roomId));
  if (answer.status >= 500 || answer.status === 429) throw new Error(`Answered ${answer.status}.`);
  return TAKES_PART.exec(await answer.text())?.[1] ?? "";
}

/**
 * @param {string} roomId
 * @param {import("../kept/outgoing.js").Waiting} entry
 */
async function send(roomId, { text, clientId, replyTo, mentions, type }) {
  const reply = await fetch(`${ROOT}${apiOf(roomId)}/messages`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", ...OWN_PAGE },
    body: JSON.stringify({
      message: text, client_id: clientId, ...(replyTo && { reply_to: replyTo.id }), ...(mentions && { mentions }),
      ...(type && { type }),
    }),
  });
  return reply.json();
}

/**
 * A page that was opened meanwhile has it among what it is to send.
 * @param {import("../kept/outgoing.js").Waiting} entry
 * @param {{id: string, seq: number, timestamp: string}} message
 */
function tellPages({ roomId: key, clientId }, { id, seq, timestamp }) {
  const channel = new BroadcastChannel(`${ROOT}parley:outbox:${key}`);
  channel.postMessage({ type: "sent", clientId, id, seq, timestamp });
  channel.close();
}
