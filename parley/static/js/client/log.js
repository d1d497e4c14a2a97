// @ts-check
// Where a client is in the conversation's log, so that it learns each change once and in order.
import { GAP_MS, Missing } from "../connection/missing.js";

/**
 * @typedef {import("../connection/wire.js").Message} Message
 * @typedef {Message & {changed_seq: number}} Changed
 * @typedef {{name: string, data: any, seq?: number, history: number}} Happened `history` counts how often a server came back with an
 *   older one
 */

export class Log extends Missing {
  /**
   * @param {import("../connection/line.js").Whole} line
   * @param {(happened: Happened) => void} tell
   */
  constructor(line, tell) {
    super(line);
    this.tell = tell;
    /** @type {number | undefined} not before it has joined */
    this.known = undefined;
    this.history = 0;
    /** While it catches up: where that began, and which new messages were told. @type {{from: number, said: Set<number>} | undefined} */
    this.run = undefined;
    /** @type {Map<number, Happened>} what lies beyond a gap */
    this.ahead = new Map();
  }

  get seq() {
    return this.known ?? 0;
  }

  /** From where to go on another time. */
  get told() {
    return this.run?.from ?? this.seq;
  }

  /**
   * @param {string} name
   * @param {any} data
   * @param {number} [seq] of the change that it is, if it is one
   */
  heard(name, data, seq) {
    const happened = { name, data, seq, history: this.history };
    if (seq === undefined) return this.tell(happened);
    if (this.known !== undefined && seq <= this.known) return;
    this.ahead.set(seq, happened);
    this.goOn();
    if (this.known !== undefined && this.ahead.size) this.soon(GAP_MS, () => this.ahead.size > 0);
  }

  /**
   * One is in, again. A history shorter than the one that is known is another one: its server lost some.
   * @param {number} seq how far the conversation is
   * @param {number | undefined} since
   */
  entered(seq, since) {
    if (this.known === undefined) this.known = Math.min(since ?? seq, seq);
    else if (seq < this.known) this.beginAnew(seq);
    this.goOn();
    this.position(seq);
  }

  /** @param {number} seq */
  beginAnew(seq) {
    this.known = seq;
    this.run = undefined;
    this.ahead.clear();
    this.history += 1;
  }

  /**
   * What changed since, and how far that reaches. A message that was changed after it was said stands where it was changed last,
   * and is new all the same to whoever catches up.
   * @param {number} _since
   * @param {any} ack
   */
  take(_since, { messages, seq, more, erased_through: through, is_active: isActive }) {
    const { from, said } = (this.run ??= { from: this.seq, said: new Set() });
    const room = { room_id: this.connection.roomId };
    const news = messages.filter((/** @type {Changed} */ message) => message.changed_seq > this.seq);
    const isNew = (/** @type {Changed} */ message) => message.seq > from && !said.has(message.seq);
    const fresh = news.filter(isNew).sort((/** @type {Message} */ one, /** @type {Message} */ other) => one.seq - other.seq);
    const changed = news.filter((/** @type {Changed} */ message) => !isNew(message));
    for (const message of fresh) {
      said.add(message.seq);
      this.say("new_message", message, message.changed_seq);
    }
    for (const message of changed) this.say("message_changed", message, message.changed_seq);
    if (seq > this.seq && through !== undefined) this.say("messages_erased", { ...room, through, seq }, seq);
    this.known = Math.max(this.seq, seq);
    if (!more) this.run = undefined;
    this.goOn();
    if (!isActive) this.say("conversation_ended", { ...room, message: "This conversation has ended.", seq }, seq);
  }

  /**
   * @param {string} name
   * @param {any} data
   * @param {number} seq
   */
  say(name, data, seq) {
    this.tell({ name, data, seq, history: this.history });
  }

  /** Tells what came meanwhile, as far as it goes on. */
  goOn() {
    if (this.known === undefined) return;
    for (const seq of this.ahead.keys()) if (seq <= this.known) this.ahead.delete(seq);
    for (let next; (next = this.ahead.get(this.seq + 1));) {
      this.ahead.delete(this.seq + 1);
      this.known = this.seq + 1;
      this.tell(next);
    }
  }
}
