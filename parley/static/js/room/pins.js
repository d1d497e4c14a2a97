// @ts-check
// The strip of what is pinned: it shows one at a time, leads there, and goes on to the next.
import { pathOf } from "../browser/root.js";
import { excerpt } from "../state/excerpt.js";
import { byId } from "../browser/dom.js";
import { ask } from "../connection/wire.js";

/** @typedef {import("../connection/wire.js").Message} Message */

export class Pins {
  /**
   * @param {object} parts
   * @param {import("../state/store.js").Store} parts.store
   * @param {import("../connection/connection.js").Connection} parts.connection
   * @param {import("../transcript/reading.js").Reading} parts.reading
   */
  constructor({ store, connection, reading }) {
    this.store = store;
    this.connection = connection;
    this.reading = reading;
    this.strip = byId("pins");
    this.link = /** @type {HTMLAnchorElement} */ (byId("pin"));
    /** @type {Message[]} the one that was pinned last first */
    this.pins = [];
    this.at = 0;
    this.isAsking = false;
    /** @type {Promise<void>} until it is known what is pinned: the page has the last one alone */
    this.first = Promise.resolve();
  }

  async start() {
    this.link.addEventListener("click", (event) => this.follow(event));
    await (this.first = this.look());
    this.store.watch(["messages"], () => this.differs() && this.look());
    this.store.watch(["gone"], () => this.show());
  }

  /** Ask for them anew: after one was away, say. */
  async look() {
    if (this.isAsking) return;
    this.isAsking = true;
    const pins = await this.all();
    this.isAsking = false;
    if (pins) this.have(pins);
  }

  /** Page after page, where they are long. */
  async all() {
    /** @type {Message[]} */
    const pins = [];
    for (let more = true; more;) {
      const room = encodeURIComponent(this.connection.roomId);
      const reply = await ask(`/api/conversations/${room}/pins?skip=${pins.length}`);
      if (!reply.success) return undefined;
      pins.push(...reply.messages);
      more = reply.has_more === true;
    }
    return pins;
  }

  /** @param {Message} message as it is now, wherever it stands */
  changed(message) {
    const known = this.pins.findIndex(({ id }) => id === message.id);
    const others = this.pins.filter(({ id }) => id !== message.id);
    if (!message.pinned) this.have(others);
    else if (known < 0) this.have([message, ...others]);
    else this.have(this.pins.map((pin) => (pin.id === message.id ? message : pin)));
  }

  /** Whether what is loaded says otherwise: what changed while one was away is told without an event. */
  differs() {
    return this.store.state.messages.some((message) => {
      const pinned = this.pins.find(({ id }) => id === message.id);
      return Boolean(pinned) !== Boolean(message.pinned) || (pinned && message.message !== pinned.message);
    });
  }

  /** @param {Message[]} pins */
  have(pins) {
    const shown = this.pins[this.at]?.id;
    const hasNew = pins.length > this.pins.length && pins[0]?.id !== this.pins[0]?.id;
    this.pins = pins;
    this.at = hasNew ? 0 : Math.max(0, pins.findIndex(({ id }) => id === shown));
    this.show();
  }

  show() {
    const pin = this.pins[this.at];
    const isHidden = !pin || this.store.state.gone !== "";
    if (isHidden !== this.strip.hidden) this.reading.keepPlace(() => void (this.strip.hidden = isHidden));
    if (!pin) return;
    this.link.href = `${pathOf(this.connection.roomId)}?at=${pin.seq}#m-${pin.seq}`;
    byId("pin-author").textContent = pin.username;
    byId("pin-text").textContent = excerpt(pin.message);
    byId("pin-next").hidden = this.pins.length < 2;
    byId("pin-count").textContent = `${this.at + 1} of ${this.pins.length}`;
  }

  /** @param {MouseEvent} event */
  follow(event) {
    if (event.metaKey || event.ctrlKey || event.shiftKey || !this.pins.length) return;
    event.preventDefault();
    this.reading.goTo(this.pins[this.at].seq);
    this.next();
  }

  async next() {
    await this.first;
    if (!this.pins.length) return;
    this.at = (this.at + 1) % this.pins.length;
    this.show();
  }
}
