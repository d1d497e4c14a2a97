// @ts-check
// What the founder's page does for the key: where somebody was removed and has it still, it makes another one by itself;
// and it lets the founder change it. Loaded once the page has nothing else to do.
import { apiOf } from "../browser/root.js";
import { call } from "./calls.js";
import { change, isHeldByRemoved, removedOf, restore, Trouble } from "./changing.js";
import { keptOf } from "./kept.js";

/** People who come and go are looked at together. */
const SOON_MS = 1000;
const AGAIN_MS = 30_000;

/**
 * @param {object} parts
 * @param {import("../state/store.js").Store} parts.store
 * @param {import("../connection/connection.js").Connection} parts.connection
 * @param {import("./page.js").Keys} parts.keys
 * @param {(words: string) => void} parts.warn
 */
export function found({ keys, store, connection, warn }) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let isAsked = false;
  const soon = (ms = SOON_MS) => {
    timer ??= setTimeout(async () => {
      timer = undefined;
      const outcome = await look();
      if (outcome === "again") soon(AGAIN_MS);
    }, ms);
  };

  async function look() {
    const { me, owner, active, connection: { status } } = store.state;
    if (!me || !owner || !active || status !== "connected") return "later";
    try {
      if (keys.told === "set_back") await restore(connection.roomId);
      keys.told = "current";
    } catch {
      return "again";
    }
    const manage = await call(`${apiOf(connection.roomId)}/manage`);
    if (!manage.success) return "later";
    if (!manage.removed.length) return "fine";
    const removed = removedOf(manage);
    // As it is kept: another window may have changed the key.
    const kept = await keptOf(connection.roomId).catch(() => undefined);
    if (!kept || !await isHeldByRemoved(kept, removed)) return "fine";
    try {
      await change({ roomId: connection.roomId, me, isNeeded });
      return "fine";
    } catch (trouble) {
      return trouble instanceof Trouble ? "again" : "later";
    }
  }

  /** Only the founder knows the passphrase that the new link is to have. @type {typeof isHeldByRemoved} */
  async function isNeeded(kept, removed) {
    if (!await isHeldByRemoved(kept, removed)) return false;
    if (kept.iterations && !isAsked) warn("Someone was removed and still has the key. Change it in the panel, where you can say which passphrase the new link has.");
    isAsked ||= kept.iterations > 0;
    return !kept.iterations;
  }

  connection.socket.on("user_left", () => soon());
  store.watch(["connection", "owner"], () => soon());
  const button = /** @type {HTMLButtonElement | null} */ (document.getElementById("change-key"));
  if (!button) return;
  button.hidden = false;
  document.querySelector("#forget .panel-note")?.append(" You started it: after that, nobody can change its key any more.");
  button.addEventListener("click", async () => {
    const { askToChange } = await import("./asking.js");
    const { me } = store.state;
    askToChange({
      heading: "Change the key?", confirm: "Change the key", opener: button, roomId: connection.roomId, offersPassphrase: true,
      act: (passphrase) => change({ roomId: connection.roomId, me: me ?? { userId: "", username: "" }, passphrase }),
    });
  });
}
