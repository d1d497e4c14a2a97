// @ts-check
// The switch of one's own: whether the others see how far one has read.
import { byId } from "../browser/dom.js";

/**
 * @param {import("../state/store.js").Store} store
 * @param {import("../connection/connection.js").Connection} connection
 */
export function startShowReading(store, connection) {
  const box = /** @type {HTMLInputElement} */ (byId("show-reading"));
  store.watch(["hidesReading"], ({ hidesReading }) => void (box.checked = !hidesReading));
  box.addEventListener("change", async () => {
    const hides = !box.checked;
    const ack = await connection.ask("mark_read", { hidden: hides });
    byId("show-reading-problem").textContent = ack.ok ? "" : ack.error;
    if (ack.ok) store.dispatch({ type: "hides_reading", hides });
    else box.checked = hides;
  });
}
