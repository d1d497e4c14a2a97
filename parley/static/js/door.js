// @ts-check
// Waits at the door: goes on when an owner has answered.
import { byId } from "./dom.js";
import { ask } from "./wire.js";

const AGAIN_MS = 3000;

const path = `/api/conversations/${encodeURIComponent(byId("door").dataset.roomId ?? "")}/knock`;

async function look() {
  const reply = await ask(path);
  if (reply.success ? reply.state !== "waiting" : reply.code !== "no_answer") location.reload();
  else setTimeout(look, AGAIN_MS);
}

setTimeout(look, AGAIN_MS);
