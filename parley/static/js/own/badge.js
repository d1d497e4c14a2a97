// @ts-check
// In how many of one's conversations something is unread, on the icon. Loaded where Parley is installed.
import { show } from "../browser/badge.js";
import { ask } from "../connection/wire.js";
import { closeRead } from "../notifying/shown.js";

/** Now, and as somebody puts the app away: that is when they see its icon, and have read what they read. */
export function beginBadge() {
  recount();
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && recount());
}

async function recount() {
  const reply = await ask("/api/mine");
  if (!reply.success) return; // offline, say: then it is as it was
  await closeRead(reply);
  await show(reply.conversations.filter((/** @type {{unread: number}} */ own) => own.unread > 0).length);
}
