// @ts-check
// Taking part in a conversation.
import { ClientError, Over } from "./errors.js";
import { Feed, happenings, messages } from "./feed.js";
import { parse } from "./links.js";
import { Log } from "./log.js";
import { Outbox } from "./outbox.js";
import { Rest } from "./rest.js";
import { Saying } from "./saying.js";
import { Seat } from "./seat.js";

const PAGE = 200;
/** What counts as a change of the conversation, beside what changes a message. */
const NUMBERED = ["messages_erased", "epoch_began", "conversation_ended"];

/**
 * @typedef {import("../connection/wire.js").Message} Message
 * @typedef {{name: string, data: any, seq?: number}} Happened
 *
 * @typedef {object} Wishes
 * @property {string} [name] for somebody new
 * @property {string} [token] of who it was before, or of a bot
 * @property {string} [userId]
 * @property {string} [passphrase]
 * @property {number} [since] what changed after that seq is told first
 */

/**
 * Throws `BadLink`, `Unreachable` where there is no server, and `Refused` where nobody is let in.
 * @param {string | URL} link
 * @param {Wishes} [wishes]
 * @returns {Promise<Talk>}
 */
export async function join(link, { name, token, userId, passphrase, since } = {}) {
  const parsed = parse(link);
  const rest = new Rest(parsed.server, token);
  if (parsed.code) {
    const given = await rest.call("POST", `/api/links/${encodeURIComponent(parsed.code)}`);
    rest.token = given.token ?? rest.token;
    parsed.roomId = given.room_id;
  }
  const talk = new Talk(parsed, rest, { username: name, user_id: userId, passphrase }, since);
  await talk.begun;
  return talk;
}

export class Talk extends Saying {
  /** @type {ClientError | undefined} */
  #why;
  /** @type {Set<Feed>} */
  #feeds = new Set();
  #link;
  #rest;
  #seat;
  /** @type {Log} */
  #log;
  #outbox;
  #began = 0;
  /** @type {(why?: ClientError) => void} */
  #settle = () => {};

  /**
   * By `join`.
   * @param {import("./links.js").Link} link
   * @param {Rest} rest
   * @param {Record<string, any>} wishes
   * @param {number} [since]
   */
  constructor(link, rest, wishes, since) {
    const seat = new Seat({
      link, rest, wishes, known: () => this.#log.known ?? since,
      heard: (name, data) => this.#hear(name, data),
      welcomed: (ack) => this.#welcomed(ack, since),
      lost: () => !this.#why && this.#log.heard("disconnected", undefined),
      over: (why) => this.#finish(why),
    });
    const outbox = new Outbox(seat);
    super({ link, rest, seat, outbox });
    this.#link = link;
    this.#rest = rest;
    this.#seat = seat;
    this.#outbox = outbox;
    this.#log = new Log(seat, (happened) => this.#tell(happened));
    /** Who it is. @type {{user_id: string, username: string, role: string}} */
    this.me = { user_id: "", username: "", role: "" };
    /** As it was when it was joined last, with the newest messages. @type {import("../connection/wire.js").Conversation | undefined} */
    this.conversation = undefined;
    this.begun = new Promise((done, failed) => (this.#settle = (why) => (why ? failed(why) : done(undefined))));
    seat.start();
  }

  /** To share. */
  get link() {
    return `${this.#link.server}/conversation/${encodeURIComponent(this.#seat.roomId)}`;
  }

  /** What proves who it is, the next time; nothing on a page of the server's own, whose cookie does. */
  get token() {
    return this.#rest.token;
  }

  /** All changes up to this one were told. */
  get seq() {
    return this.#log.told;
  }

  get isConnected() {
    return this.#seat.live;
  }

  /** How many messages are to be sent that the server hasn't said it has. */
  get unsent() {
    return this.#outbox.unsent;
  }

  // --- what happens ---

  /** What others say, from when it joined. */
  [Symbol.asyncIterator]() {
    return this.messages({ own: false });
  }

  /**
   * All that is said after the seq `since`, each once; by default, from when it joined.
   * @param {{since?: number, own?: boolean}} [which]
   * @returns {AsyncGenerator<Message, void>}
   */
  messages({ since = this.#began, own = true } = {}) {
    const { seq, history } = this.#log;
    const feed = this.#newFeed(["new_message"]);
    const all = messages(feed, (after) => this.#older(after), since, { seq, history });
    return this.#until(feed, all, (message) => own || message.user_id !== this.me.user_id);
  }

  /**
   * All that happens from now on, or only what has one of these names. Beside what the server tells: `disconnected` when the
   * connection is lost, and `connected` when it is there again; what was missed follows. Throws `Over` (`behind`) where it is
   * read so late that something had to be left out.
   * @param {...string} names
   * @returns {AsyncGenerator<Happened, void>}
   */
  events(...names) {
    const feed = this.#newFeed(names);
    return this.#until(feed, happenings(feed), () => true);
  }

  /** Leaves on all devices, and closes. */
  async leave() {
    await this.call("POST", "/leave");
    this.close();
  }

  /** Goes. Others see it leave a little later; `leave` says so at once. */
  close() {
    this.#finish(new Over("closed", "This client was closed."));
  }

  async [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]() {
    this.close();
  }

  /** @param {number} after */
  #older(after) {
    return this.call("GET", "/messages", { query: { after, limit: PAGE } });
  }

  // --- what the server tells ---

  /** @param {any} ack @param {number | undefined} since */
  #welcomed(ack, since) {
    const isBack = this.#log.known !== undefined;
    // Others may have spoken to it before it was answered.
    if (!isBack) this.#began = Math.min(since ?? ack.joined_seq, ack.seq);
    const { user_id: userId, username, role } = ack;
    this.me = { user_id: userId, username, role };
    if (isBack) this.#log.heard("connected", undefined);
    this.#log.entered(ack.seq, this.#began);
    this.#outbox.flush();
    this.#settle();
  }

  /** @param {string} name @param {any} data */
  #hear(name, data) {
    if (name === "conversation_state") this.conversation = data.conversation;
    else if (name === "room_position") this.#log.position(data.seq);
    else this.#log.heard(name, data, seqOf(name, data));
  }

  /** @param {import("./log.js").Happened} happened */
  #tell(happened) {
    const { name, data } = happened;
    if (name === "link_replaced") this.#seat.roomId = data.new_room_id;
    for (const feed of this.#feeds) feed.take(happened);
    if (name === "removed") this.#finish(new Over(data.reason, data.message));
    if (name === "conversation_deleted") this.#finish(new Over("deleted", data.message));
    if (name === "conversation_ended") this.#finish(new Over("ended", data.message));
  }

  /** @param {ClientError} why */
  #finish(why) {
    if (this.#why) return;
    this.#why = why;
    this.#seat.stop();
    this.#outbox.fail(why);
    for (const feed of this.#feeds) feed.end(why);
    this.#settle(why);
  }

  /** @param {string[]} names */
  #newFeed(names) {
    const feed = new Feed(names);
    if (this.#why) feed.end(this.#why);
    this.#feeds.add(feed);
    return feed;
  }

  /**
   * @template T
   * @param {Feed} feed
   * @param {AsyncIterable<T>} all
   * @param {(each: T) => boolean} isMeant
   */
  async *#until(feed, all, isMeant) {
    try {
      for await (const each of all) if (isMeant(each)) yield each;
    } finally {
      this.#feeds.delete(feed);
    }
  }
}

/** @param {string} name @param {any} data @returns {number | undefined} */
function seqOf(name, data) {
  if (name === "new_message" || name === "message_changed") return data.changed_seq ?? data.seq;
  return NUMBERED.includes(name) ? data.seq : undefined;
}
