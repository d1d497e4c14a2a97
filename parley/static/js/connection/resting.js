// @ts-check
// Lets hidden tabs rest that poll. Browsers open six connections to a host, and each tab that polls keeps one: the
// seventh would wait for the others' polls to end, with all it loads and sends.
import { ROOT } from "../browser/root.js";

/** Hidden tabs of this browser that may go on polling, those that were hidden last. */
const KEPT = 2;
/** The others answer at once, however slow their timers are. */
const ANSWERS_WITHIN_MS = 250;
/** Without a channel nobody knows how many there are: then a tab that was hidden for so long rests. */
const HIDDEN_ALONE_MS = 60_000;

/**
 * @typedef {{type: "who", to?: undefined, id: string} | {type: "polling", to: string, id: string, hiddenAt: number}
 *   | {type: "rest", ids: string[]}} Word
 */

export class Resting {
  /**
   * @param {object} parts
   * @param {import("./connection.js").Connection} parts.connection
   * @param {() => boolean} parts.isBusy something waits to be sent
   */
  constructor({ connection, isBusy }) {
    this.connection = connection;
    this.isBusy = isBusy;
    this.id = Array.from(crypto.getRandomValues(new Uint8Array(8))).join(".");
    this.hiddenAt = isHidden() ? Date.now() : Infinity;
    /** @type {{id: string, hiddenAt: number}[] | undefined} while answers are waited for */
    this.answers = undefined;
    this.channel = "BroadcastChannel" in globalThis ? new BroadcastChannel(`${ROOT}parley:polling`) : undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  start() {
    this.channel?.addEventListener("message", ({ data }) => this.hear(data));
    document.addEventListener("visibilitychange", () => this.changed());
    this.changed();
  }

  changed() {
    this.hiddenAt = isHidden() ? Math.min(this.hiddenAt, Date.now()) : Infinity;
    clearTimeout(this.timer);
    if (this.channel) this.makeRoom();
    else if (isHidden()) this.timer = setTimeout(() => this.rest(), HIDDEN_ALONE_MS);
  }

  /** Whenever this tab begins to poll, is shown or hidden: so there is room before the next one opens. */
  makeRoom() {
    if (!this.channel || !this.connection.polls || this.answers) return;
    this.answers = this.mayRest() ? [{ id: this.id, hiddenAt: this.hiddenAt }] : [];
    this.say({ type: "who", id: this.id });
    setTimeout(() => this.sendToRest(), ANSWERS_WITHIN_MS);
  }

  sendToRest() {
    const hidden = (this.answers ?? []).sort((one, other) => other.hiddenAt - one.hiddenAt);
    this.answers = undefined;
    const ids = hidden.slice(KEPT).map(({ id }) => id);
    if (!ids.length) return;
    this.say({ type: "rest", ids });
    if (ids.includes(this.id)) this.rest();
  }

  /** @param {Word} word */
  hear(word) {
    if (word.type === "who" && this.mayRest()) {
      this.say({ type: "polling", to: word.id, id: this.id, hiddenAt: this.hiddenAt });
    } else if (word.type === "polling" && word.to === this.id) this.answers?.push(word);
    else if (word.type === "rest" && word.ids.includes(this.id)) this.rest();
  }

  /** @param {Word} word */
  say(word) {
    this.channel?.postMessage(word);
  }

  mayRest() {
    return isHidden() && this.connection.polls && !this.isBusy();
  }

  rest() {
    if (this.mayRest()) this.connection.rest();
  }
}

function isHidden() {
  return document.visibilityState === "hidden";
}
