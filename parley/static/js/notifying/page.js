// @ts-check
// On the page of a conversation, in a browser that is notified: what is read here is shown by no notification.
import { refresh } from "./device.js";
import { close } from "./shown.js";

/**
 * @param {object} parts
 * @param {string} parts.key what the conversation is known by
 * @param {import("../state/store.js").Store} parts.store
 */
export function follow({ key, store }) {
  refresh();
  const takeAway = () => document.visibilityState === "visible" && !store.state.unread.count && close(key);
  store.watch(["unread"], takeAway);
  document.addEventListener("visibilitychange", takeAway);
  store.watch(["gone"], ({ gone }) => gone && close(key));
}
