// @ts-check
// Asks the server how much is unread where that can't be counted here, because not all of it is loaded. Loaded then.
import { apiOf } from "../browser/root.js";

const EVERY_MS = 1000;

export class Recount {
  /**
   * @param {object} parts
   * @param {import("../state/store.js").Store} parts.store
   * @param {string} parts.roomId
   * @param {typeof import("../connection/wire.js").ask} parts.ask given, for what is imported for few and for all
   *   would be a file of its own for all
   */
  constructor({ store, roomId, ask }) {
    this.ask = ask;
    this.store = store;
    this.path = `${apiOf(roomId)}/unread`;
    this.isAsking = false;
  }

  start() {
    this.store.watch(["unread", "seenThrough", "unreadIsGuess"], () => this.look());
  }

  get isNeeded() {
    const { unread, unreadIsGuess } = this.store.state;
    return unreadIsGuess && unread.count > 0;
  }

  async look() {
    if (this.isAsking || !this.isNeeded) return;
    this.isAsking = true;
    const after = this.store.state.seenThrough;
    const reply = await this.ask(`${this.path}?after=${after}`);
    if (reply.success) this.store.dispatch({ type: "unread_counted", after, seq: reply.seq, count: reply.unread });
    // Whoever reads on passes many; what can't be asked now is asked when more changes.
    setTimeout(() => {
      this.isAsking = false;
      if (reply.success) this.look();
    }, EVERY_MS);
  }
}
