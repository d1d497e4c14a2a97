// @ts-check
// The same conversation in other tabs of this browser: what happened to a message in one, or to the own name, the
// others hear of.
import { ROOT } from "../browser/root.js";

export class OtherTabs {
  /**
   * @param {string} key what the conversation is known by on this device
   * @param {import("../state/store.js").Store} store
   */
  constructor(key, store) {
    // Missing in older browsers: then the events of the server and the next reload tell.
    this.channel = "BroadcastChannel" in globalThis ? new BroadcastChannel(`${ROOT}parley:outbox:${key}`) : undefined;
    this.channel?.addEventListener("message", ({ data }) => store.dispatch(data));
  }

  /** @param {{type: "sent" | "discarded" | "renamed", [field: string]: any}} event for the store */
  tell(event) {
    this.channel?.postMessage(event);
  }
}
