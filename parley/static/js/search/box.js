// @ts-check
// A field, what it offers, and what is found: the same over a conversation and on the page of a search.
import { apiOf } from "../browser/root.js";
import { Asking } from "./asking.js";
import { FoundList } from "./found-list.js";
import { complete } from "./offers.js";
import { Offering, peopleOf, peopleOfAll } from "./offering.js";

export class Box {
  /**
   * @param {object} parts
   * @param {HTMLElement} parts.root of all of it
   * @param {HTMLFormElement} parts.form
   * @param {HTMLInputElement} parts.field
   * @param {HTMLElement} parts.found
   * @param {string} parts.roomId empty where all conversations are searched
   * @param {string} [parts.by]
   * @param {(state: import("./asking.js").State) => void} [parts.changed]
   */
  constructor({ root, form, field, found, roomId, by = "time", changed }) {
    this.root = root;
    this.form = form;
    this.field = field;
    this.by = by;
    const path = roomId ? `${apiOf(roomId)}/search` : "/api/search";
    this.list = new FoundList({ root: found, roomId, more: () => this.more(), order: (order) => this.order(order) });
    this.asking = new Asking(path, (state) => {
      this.list.show(state);
      changed?.(state);
    });
    this.offering = new Offering({ field, people: roomId ? peopleOf(roomId) : peopleOfAll() });
  }

  start() {
    this.offering.begin(this.form);
    this.field.addEventListener("input", () => this.asking.soon(this.typed, this.by));
    // Before a dialog's own keys: Escape closes the list first.
    this.root.addEventListener("keydown", (event) => this.keyed(event), { capture: true });
  }

  /** What is looked for. */
  get typed() {
    return complete(this.field.value);
  }

  now() {
    return this.asking.now(this.typed, this.by);
  }

  /** @param {string} by */
  order(by) {
    this.by = by;
    this.now();
  }

  async more() {
    const before = this.list.links().length;
    await this.asking.more();
    this.list.links()[before]?.focus();
  }

  /** @param {KeyboardEvent} event */
  keyed(event) {
    const { key, shiftKey, ctrlKey, metaKey, altKey, isComposing, keyCode } = event;
    if (isComposing || keyCode === 229 || shiftKey || ctrlKey || metaKey || altKey) return;
    const acts = event.target === this.field ? this.inField(key) : this.inList(key);
    if (!acts) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /**
   * @param {string} key
   * @returns {boolean} whether it did something
   */
  inField(key) {
    const { offering } = this;
    switch (key) {
      case "ArrowDown":
        if (!offering.step(1)) this.goTo(0);
        return true;
      case "ArrowUp":
        return offering.step(-1);
      case "Enter":
        if (offering.chosen < 0) return false;
        offering.take(offering.chosen);
        return true;
      case "Escape":
        if (!offering.isOpen || !this.field.value) return false;
        offering.dismiss();
        return true;
      default:
        return false;
    }
  }

  /** @param {string} key */
  inList(key) {
    const at = this.list.links().findIndex((link) => link === document.activeElement);
    if (at < 0) return false;
    if (key === "ArrowDown") this.goTo(at + 1);
    else if (key === "ArrowUp") this.goTo(at - 1);
    else return false;
    return true;
  }

  /** @param {number} at of the results; before the first stands the field */
  goTo(at) {
    const links = this.list.links();
    const target = at < 0 ? this.field : links[Math.min(at, links.length - 1)];
    this.offering.point(-1);
    target?.focus();
  }
}
