// @ts-check
// What goes from this device when a conversation is not one's own any more.
import { pathOf } from "../browser/root.js";
import { isAnyKept } from "../sealed/any.js";
import { forgetMessages, overHere } from "./messages.js";
import { HOME, PAGES } from "./names.js";
import { forgetOutgoing } from "./outgoing.js";
import { forgetWritten } from "./written.js";

/**
 * Never rejects. The worker keeps nothing again by itself: the server does not show the page to who takes part any more.
 * @param {string} roomId
 * @param {string} [key] what it is known by on this device, where that is known
 */
export async function over(roomId, key) {
  overHere.add(roomId);
  const page = pathOf(roomId);
  // It may be asking for the page just now.
  globalThis.navigator?.serviceWorker?.controller?.postMessage({ type: "over", path: page });
  try {
    const pages = await caches.open(PAGES);
    // The list had its newest words.
    for (const path of [HOME, page]) await pages.delete(path);
  } catch {
    // Nothing is kept where nothing can be.
  }
  if (await isAnyKept()) {
    await import("../sealed/kept.js").then(({ forget }) => forget(roomId)).catch(() => {});
    await import("../sealed/chest.js").then(({ takeOut }) => takeOut(roomId)).catch(() => {});
  }
  await forgetMessages(roomId);
  await forgetOutgoing(roomId);
  await forgetWritten(roomId, key);
}
