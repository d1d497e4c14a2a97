// @ts-check
// The page's live connection: entering the conversation, and what the page shows of its line.
import { io } from "../../vendor/socket.io.esm.min.js";
import { between } from "./between.js";
import { Line, OPEN_WITHIN_MS, OWN_PAGE, isPassing } from "./line.js";
import { SOCKETS, isAtTheDoor } from "./wire.js";

/** Events of the server's that the store understands as they are. */
const PASSED_ON = ["user_joined", "user_left", "messages_erased", "epoch_began", "knock_answered", "role_changed", "proven", "read"];

/** What an owner may do from this page. */
const OWNERS_ACTS = ["answer_knock", "delete_message", "pin_message"];

export class Connection extends Line {
  /**
   * @param {object} parts
   * @param {string} parts.roomId
   * @param {import("../state/store.js").Store} parts.store
   * @param {Record<string, (fields: any) => void>} parts.events what else to do with an event, by name
   * @param {() => void} parts.entered the conversation is live again
   */
  constructor({ roomId, store, events, entered }) {
    // Websocket first: a poll and then an upgrade costs three round trips. Our own delays replace the client's, for the
    // badge counts them down.
    super(roomId, between.socket(/** @type {any} */ (io({
      tryAllTransports: true, reconnection: false, autoConnect: false,
      timeout: OPEN_WITHIN_MS, extraHeaders: OWN_PAGE, ...SOCKETS,
    }))));
    this.store = store;
    this.entered = entered;
    for (const name of PASSED_ON) {
      this.socket.on(name, (fields) => store.dispatch({ ...fields, type: name, at: new Date().toISOString() }));
    }
    for (const [name, act] of Object.entries(events)) this.socket.on(name, act);
  }

  start() {
    addEventListener("offline", () => this.lose());
    addEventListener("online", () => this.tryNow());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.tryNow());
    super.start();
  }

  get live() {
    return this.socket.connected && this.store.state.connection.status === "connected";
  }

  /** Whether it keeps an HTTP request open, as it does where WebSockets do not get through. */
  get polls() {
    return this.socket.connected && this.socket.io.engine.transport.name === "polling";
  }

  /**
   * @param {string} event
   * @param {object} fields
   */
  async ask(event, fields) {
    const ack = await super.ask(event, fields);
    // A device that was away when its right was taken back learns of it by what it is refused.
    if (!ack.ok && ack.code === "forbidden" && OWNERS_ACTS.includes(event)) this.store.dispatch({ type: "disowned" });
    return ack;
  }

  /** With a name comes a new cookie, and a socket shows its cookie only when it opens. */
  reopen() {
    this.show("connecting");
    super.reopen();
  }

  /**
   * Nobody can join what is over, but everybody stays who they were in it.
   * @param {boolean} [isOver]
   * @returns {Promise<void>}
   */
  async enter(isOver = !this.store.state.active) {
    const { seq: since, ...state } = this.store.state;
    const me = isOver ? null : state.me;
    const ack = await (me ? this.comeBack(me, since) : this.ask("watch_room", { since }));
    if (ack.ok) return this.welcome(me, ack);
    if (!this.socket.connected) return; // the disconnect already plans the next try
    if (me && ack.code === "conversation_ended") return this.enter(true);
    if (me && !isPassing(ack.code)) return this.watchInstead();
    if (isAtTheDoor(ack.code)) return location.reload(); // the server says what keeps one out
    this.socket.disconnect();
    this.retryLater(ack.retry_after);
  }

  /**
   * By one's id, not by name: that may be another since, by another tab. A session that the server doesn't know, as in
   * a frame without its cookie, joins as somebody new of that name.
   * @param {import("../state/store.js").Me} me
   * @param {number} since
   */
  async comeBack({ userId, username }, since) {
    const ack = await this.ask("join_room", { user_id: userId, since });
    const isNamed = ack.ok && (ack.username === username || ack.username !== `User_${userId.slice(0, 6)}`);
    if (isNamed || !(ack.ok || ack.code === "identity_taken")) return ack;
    return this.ask("join_room", { username, since });
  }

  /**
   * @param {import("../state/store.js").Me | null} me
   * @param {import("./wire.js").OkAck} ack
   */
  welcome(me, ack) {
    this.attempt = 0;
    if (me) {
      this.store.dispatch({ type: "me", me: { userId: ack.user_id, username: ack.username, role: ack.role } });
      this.store.dispatch({ type: "own_read", seq: ack.read_seq ?? 0, isAll: true });
    }
    this.show("connected");
    this.entered();
  }

  // The server no longer knows us by that name: read on, and ask for a name again.
  /** @returns {Promise<void>} */
  watchInstead() {
    this.store.dispatch({ type: "me", me: null });
    return this.enter();
  }

  /** Until the page is shown again: then what was missed comes with the state. */
  rest() {
    this.resting = true;
    this.socket.disconnect();
    this.show("connecting");
  }

  stop() {
    super.stop();
    this.show("stopped");
  }

  /** @param {number} retryAt */
  waits(retryAt) {
    this.show(navigator.onLine ? "reconnecting" : "offline", retryAt);
  }

  /**
   * @param {import("../state/store.js").State["connection"]["status"]} status
   * @param {number} [retryAt]
   */
  show(status, retryAt) {
    this.store.dispatch({ type: "connection", status, retryAt });
  }

  tryNow() {
    if (this.resting && document.visibilityState === "hidden") return;
    super.tryNow();
  }
}
