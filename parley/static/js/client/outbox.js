// @ts-check
// What is to be sent, until the server has answered: again after each lost connection, in order. Only what may come twice
// without harm goes by it: a message has its `client_id`, and everything else changes nothing when it is done again.
import { isPassing } from "../connection/line.js";
import { Refused } from "./errors.js";

/** When to try again what may be taken later, where the server does not say. */
const RETRY_MS = 1000;
/** So many wait for their answers at a time. */
const OUT_MAX = 100;

/** @typedef {{event: string, fields: object, isOut: boolean, done: (ack: any) => void, failed: (why: Error) => void}} Waiting */

export class Outbox {
  /** @param {import("../connection/line.js").Whole} line */
  constructor(line) {
    this.line = line;
    /** @type {Set<Waiting>} in the order in which they were given */
    this.waiting = new Set();
    this.out = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} while the server asked for patience */
    this.rest = undefined;
    /** @type {Error | undefined} */
    this.failure = undefined;
  }

  /**
   * The answer, however long that takes.
   * @param {string} event
   * @param {object} fields
   * @returns {Promise<any>}
   */
  send(event, fields) {
    if (this.failure) return Promise.reject(this.failure);
    return new Promise((done, failed) => {
      this.waiting.add({ event, fields, isOut: false, done, failed });
      this.flush();
    });
  }

  /** How many messages the server hasn't said it has. */
  get unsent() {
    return [...this.waiting].filter((each) => each.event === "send_message").length;
  }

  flush() {
    if (!this.line.live || this.rest !== undefined) return;
    for (const each of this.waiting) {
      if (this.out >= OUT_MAX) return;
      if (!each.isOut) this.putOut(each);
    }
  }

  /** @param {Waiting} each */
  async putOut(each) {
    each.isOut = true;
    this.out += 1;
    const ack = await this.line.ask(each.event, each.fields);
    each.isOut = false;
    this.out -= 1;
    if (ack.ok) this.answered(each, () => each.done(ack));
    else if (!isPassing(ack.code) || ack.code === "internal") this.answered(each, () => each.failed(new Refused(ack)));
    else if (ack.code === "no_answer") this.line.rejoin();
    else this.wait(ack.retry_after ? ack.retry_after * 1000 : RETRY_MS);
  }

  /**
   * @param {Waiting} each
   * @param {() => void} tell
   */
  answered(each, tell) {
    this.waiting.delete(each);
    tell();
    this.flush();
  }

  /** Sends nothing until then, so that what comes later does not come first. @param {number} ms */
  wait(ms) {
    this.rest ??= setTimeout(() => {
      this.rest = undefined;
      this.flush();
    }, ms);
  }

  /** There never will be a line again. @param {Error} why */
  fail(why) {
    this.failure = why;
    clearTimeout(this.rest);
    for (const each of this.waiting) each.failed(why);
    this.waiting.clear();
  }
}
