// @ts-check
// A line to the server, for a page or a program: opening it, opening it again after it broke, and asking by it.

/**
 * @typedef {import("./wire.js").Socket} Socket
 * @typedef {import("./wire.js").Engine} Engine
 * @typedef {import("./wire.js").Ack} Ack
 */

const FIRST_DELAY_MS = 1000;
export const LAST_DELAY_MS = 30_000;
/** Something in between may take a connection and never answer. */
export const OPEN_WITHIN_MS = 10_000;
const ACK_TIMEOUT_MS = 5000;
/**
 * Says that a page of the server's own asks: a script of another origin may not set it. Browsers do not always name
 * the origin, and over plain HTTP nothing else in a request tells.
 */
export const OWN_PAGE = { "Parley-Page": "1" };

/**
 * Never rejects: no answer is an answer of ours, with the code `no_answer`.
 * @param {Socket} socket
 * @param {string} event
 * @param {object} fields
 * @returns {Promise<Ack>}
 */
export async function request(socket, event, fields) {
  try {
    return await socket.timeout(ACK_TIMEOUT_MS).emitWithAck(event, fields);
  } catch {
    return { ok: false, code: "no_answer", error: "The server didn't respond." };
  }
}

/**
 * @param {string} code of a refusal that another try may lift
 */
export function isPassing(code) {
  return ["no_answer", "rate_limited", "unavailable", "internal"].includes(code);
}

/**
 * Those who build on it say what else they do: `enter` when it is open, `waits` until it is tried again; and when it is `live`,
 * which is open, and in. Pages begin with this, so it has no empty methods for them.
 * @typedef {Line & {enter: () => void, waits: (until: number) => void, readonly live: boolean}} Whole
 */
export class Line {
  /**
   * @param {string} roomId
   * @param {Socket} socket that doesn't connect by itself: our own delays are known to who waits
   */
  constructor(roomId, socket) {
    this.roomId = roomId;
    this.socket = socket;
    this.attempt = 0;
    this.lastDelayMs = LAST_DELAY_MS;
    this.stopped = false;
    /** Disconnected by its own wish. */
    this.resting = false;
  }

  start() {
    this.socket.on("connect", () => /** @type {any} */ (this).enter());
    this.socket.on("connect_error", () => this.retryLater());
    this.socket.on("disconnect", (reason) => {
      if (reason !== "io client disconnect") this.retryLater();
    });
    this.connectNow();
  }

  /**
   * @param {string} event
   * @param {object} fields
   */
  ask(event, fields) {
    return request(this.socket, event, { room_id: this.roomId, ...fields });
  }

  /**
   * Without waiting for an answer, and not at all while there is no connection.
   * @param {string} event
   * @param {object} fields
   */
  tell(event, fields) {
    if (/** @type {any} */ (this).live) this.socket.emit(event, { room_id: this.roomId, ...fields });
  }

  reopen() {
    this.socket.disconnect();
    this.connectNow();
  }

  /** The server took this socket out of the conversation, or it is dead and does not show it. */
  rejoin() {
    if (/** @type {any} */ (this).live) this.reopen();
  }

  // A network that went away leaves its socket looking alive for most of a minute.
  lose() {
    if (this.resting) return;
    this.socket.disconnect();
    this.retryLater();
  }

  /** There is nothing to come back to. */
  stop() {
    this.stopped = true;
    clearTimeout(this.timer);
    this.socket.disconnect();
  }

  /** @param {number} [afterS] the server's own wish */
  retryLater(afterS) {
    if (this.stopped) return;
    const delay = Math.min(this.lastDelayMs, FIRST_DELAY_MS * 2 ** this.attempt) * (0.75 + Math.random() / 2);
    const wait = afterS ? afterS * 1000 : delay;
    this.attempt += 1;
    clearTimeout(this.timer);
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = setTimeout(() => this.connectNow(), wait);
    /** @type {any} */ (this).waits(Date.now() + wait);
  }

  tryNow() {
    if (this.socket.connected || this.stopped) return;
    this.attempt = 0;
    this.connectNow();
  }

  connectNow() {
    this.resting = false;
    clearTimeout(this.timer);
    this.socket.connect();
    this.watchOpening(this.socket.io.engine);
  }

  /**
   * The client waits out its whole limit for a line that closes before the server said a word: it hears errors only.
   * @param {Engine} engine
   */
  watchOpening(engine) {
    if (engine === this.engine) return;
    /** @type {Engine | undefined} */
    this.engine = engine;
    /** @param {string} reason */
    const closed = (reason) => reason === "forced close" || this.lose();
    const heard = () => engine.off("close", closed);
    engine.once("open", heard);
    engine.once("error", heard);
    engine.once("close", closed);
  }
}
