// @ts-check
// The same conversation in other tabs of this browser: what happened to a message in one, the others hear of.

export class OtherTabs {
  /**
   * @param {string} roomId
   * @param {import("../state/store.js").Store} store
   */
  constructor(roomId, store) {
    // Missing in older browsers: then the events of the server and the next reload tell.
    this.channel = "BroadcastChannel" in globalThis ? new BroadcastChannel(`parley:outbox:${roomId}`) : undefined;
    this.channel?.addEventListener("message", ({ data }) => store.dispatch(data));
  }

  /** @param {{type: "sent" | "discarded", clientId: string, [field: string]: any}} event for the store */
  tell(event) {
    this.channel?.postMessage(event);
  }
}
