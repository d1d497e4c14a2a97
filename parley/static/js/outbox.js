// @ts-check
// Sends what was written, in order and one at a time, and keeps what could not go out yet.

export class Outbox {
  /** @param {{store: import("./store.js").Store, connection: import("./connection.js").Connection}} parts */
  constructor({ store, connection }) {
    this.store = store;
    this.connection = connection;
    this.busy = false;
  }

  /** @param {string} text */
  send(text) {
    this.store.dispatch({ type: "queued", clientId: newClientId(), text, at: new Date().toISOString() });
    this.flush();
  }

  /** The same client id goes out again, so the server stores the message once even if it had arrived.
   * @param {string} clientId
   */
  retry(clientId) {
    this.store.dispatch({ type: "retried", clientId });
    this.flush();
  }

  async flush() {
    if (this.busy) return;
    this.busy = true;
    let next = this.next();
    while (next && this.connection.live) {
      await this.deliver(next);
      next = this.next();
    }
    this.busy = false;
  }

  next() {
    return this.store.state.outbox.find((outgoing) => outgoing.status === "pending");
  }

  /** @param {import("./store.js").Outgoing} outgoing */
  async deliver({ clientId, text }) {
    const ack = await this.connection.ask("send_message", { message: text, client_id: clientId });
    if (ack.ok) this.store.dispatch({ type: "sent", clientId, ...ack });
    // Lost with the connection: it stays pending and goes out again with the next one.
    else if (this.connection.live) this.store.dispatch({ type: "refused", clientId, error: ack.error });
  }
}

// crypto.randomUUID is missing over plain HTTP.
function newClientId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
