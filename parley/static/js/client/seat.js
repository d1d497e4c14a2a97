// @ts-check
// A program's place in a conversation: coming in, and coming back as who it was.
import { Fetch, WebSocket, XHR, io } from "../../vendor/socket.io.esm.min.js";
import { Line, OPEN_WITHIN_MS, OWN_PAGE, isPassing } from "../connection/line.js";
import { Refused, Unreachable } from "./errors.js";

/**
 * @typedef {object} Parts
 * @property {import("./links.js").Link} link
 * @property {import("./rest.js").Rest} rest
 * @property {Record<string, any>} wishes what to join with
 * @property {() => number | undefined} known all changes up to this one
 * @property {(name: string, data: any) => void} heard
 * @property {(ack: any) => void} welcomed
 * @property {() => void} lost there is no connection any more
 * @property {(why: import("./errors.js").ClientError) => void} over
 */

export class Seat extends Line {
  /** @param {Parts} parts */
  constructor({ link, rest, wishes, known, heard, welcomed, lost, over }) {
    super(link.roomId, socketOf(link, rest));
    this.rest = rest;
    this.wishes = wishes;
    this.known = known;
    this.welcomed = welcomed;
    this.lost = lost;
    this.over = over;
    this.isIn = false;
    /** Whether it ever was. */
    this.wasIn = false;
    /** @type {number | undefined} how long a server that let nobody in wished us to wait, in seconds */
    this.wish = undefined;
    this.gone = () => this.lose();
    this.back = () => this.tryNow();
    /** @type {any} */ (this.socket).onAny(heard);
  }

  get live() {
    return this.socket.connected && this.isIn;
  }

  async enter() {
    this.isIn = false;
    const ack = await this.join();
    if (!this.socket.connected) return; // the disconnect already plans the next try
    if (!ack.ok) return this.keptOut(ack);
    this.attempt = 0;
    this.isIn = this.wasIn = true;
    this.wishes = {};
    this.welcomed(ack);
  }

  /** @returns {Promise<import("../connection/wire.js").Ack>} */
  async join() {
    const { token } = this.rest;
    const ack = await this.ask("join_room", { ...this.wishes, token, since: this.known() });
    if (!ack.ok) return ack;
    this.rest.token = ack.token ?? token;
    if (token || !ack.token) return ack;
    const proven = await this.ask("join_room", { token: ack.token, since: this.known() }); // using it proves who this is
    return proven.ok ? { ...proven, joined_seq: ack.joined_seq } : proven;
  }

  goOut() {
    this.isIn = false;
    this.lost();
  }

  /** @param {import("../connection/wire.js").ErrorAck} ack */
  keptOut(ack) {
    if (!this.wasIn || !isPassing(ack.code)) return this.over(new Refused(ack));
    this.socket.disconnect();
    this.retryLater(ack.retry_after);
  }

  start() {
    this.socket.on("connect_error", (error) => this.refused(error));
    this.socket.on("disconnect", () => this.isIn && this.goOut());
    globalThis.addEventListener?.("offline", this.gone);
    globalThis.addEventListener?.("online", this.back);
    super.start();
  }

  stop() {
    globalThis.removeEventListener?.("offline", this.gone);
    globalThis.removeEventListener?.("online", this.back);
    super.stop();
  }

  /** @param {any} error where the server said why: first of all who listens, so that it is not tried again in vain */
  refused(error) {
    const told = error?.data;
    this.wish = told?.retry_after;
    if (told?.code && !(this.wasIn && isPassing(told.code))) this.over(new Refused({ error: error.message, ...told }));
  }

  /** @param {number} [afterS] */
  retryLater(afterS = this.wish) {
    this.wish = undefined;
    super.retryLater(afterS);
  }

  waits() {
    if (!this.wasIn) this.sayWhy();
  }

  /** A socket only says that it failed: a call says why. */
  async sayWhy() {
    const why = await this.rest.fetch("/api/health").catch((error) => error);
    this.over(why instanceof Unreachable ? why : new Unreachable("The server answers, but no connection to it can be made."));
  }
}

/**
 * Node.js before 22 has no WebSocket of its own, and polls.
 * @param {import("./links.js").Link} link
 * @param {import("./rest.js").Rest} rest
 * @returns {any}
 */
function socketOf({ origin, root }, rest) {
  const polling = globalThis.XMLHttpRequest ? XHR : Fetch;
  return io(origin, {
    path: `${root}/socket.io`, transports: globalThis.WebSocket ? [WebSocket, polling] : [polling],
    tryAllTransports: true, reconnection: false, autoConnect: false, forceNew: true, timeout: OPEN_WITHIN_MS,
    auth: (/** @type {(fields: object) => void} */ give) => give(rest.token ? { token: rest.token } : {}),
    ...(rest.isOwn && { extraHeaders: OWN_PAGE }),
  });
}
