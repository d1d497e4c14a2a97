// @ts-check
// The "/" commands of the bots here, offered while one writes the first word. The field stays the text box it is, and
// says which option is chosen, as for names (writing/mentions.js).
import { byId } from "../browser/dom.js";
import { make } from "../browser/elements.js";
import { apiOf } from "../browser/root.js";
import { ask } from "../connection/wire.js";
import { announce } from "../transcript/announcer.js";
import { isEncrypted } from "./encrypted.js";

/**
 * @typedef {{bot: string, username: string, name: string, description: string, hint?: string}} Offer
 */

/** What bots declare may change: so old it is asked for anew. */
const FRESH_MS = 30_000;
const SHOWN_MAX = 8;

export class Commands {
  /** @param {import("../connection/connection.js").Connection} connection */
  constructor(connection) {
    this.connection = connection;
    /** @type {Offer[] | undefined} */
    this.offers = undefined;
    this.loadedAt = -Infinity;
    if (isEncrypted()) [this.offers, this.loadedAt] = [[], Infinity];
    /** @type {Promise<void> | undefined} */
    this.loading = undefined;
    /** @type {Offer | undefined} the one that was chosen, of several of one name */
    this.picked = undefined;
    /** @type {Offer[]} */
    this.shown = [];
    this.chosen = 0;
    this.dismissed = false;
    this.field = /** @type {HTMLTextAreaElement} */ (byId("message"));
    this.list = make("ul", { class: "naming", id: "commands", role: "listbox", "aria-label": "Commands", hidden: "" });
    const form = byId("composer");
    form.append(this.list);
    this.field.addEventListener("input", () => this.look());
    this.field.addEventListener("blur", () => this.close());
    // Before the field's own keys: Enter sends.
    form.addEventListener("keydown", (event) => this.keyed(event), { capture: true });
    // The field keeps the focus.
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", ({ target }) => {
      const option = /** @type {HTMLElement} */ (target).closest("[role=option]");
      if (option) this.choose([...this.list.children].indexOf(option));
    });
    this.look();
  }

  /** @returns {Promise<void>} */
  load() {
    if (Date.now() - this.loadedAt < FRESH_MS) return Promise.resolve();
    this.loading ??= ask(`${apiOf(this.connection.roomId)}/commands`).then((reply) => {
      this.loading = undefined;
      if (!reply.success) return;
      this.offers = reply.commands;
      this.loadedAt = Date.now();
    });
    return this.loading;
  }

  /**
   * @param {string} text
   * @returns {{offer: Offer, words: string} | undefined} the command that it is
   */
  find(text) {
    const [, name, words = ""] = /^\/([a-z0-9][a-z0-9_-]*)(?:\s+([^]*))?$/.exec(text) ?? [];
    const named = (this.offers ?? []).filter((offer) => offer.name === name);
    const offer = named.find(({ bot }) => bot === this.picked?.bot && name === this.picked.name) ?? named[0];
    return offer && { offer, words };
  }

  async look() {
    const begun = this.begun();
    if (!begun) this.dismissed = false; // of the next one, too
    if (begun === undefined) return this.close();
    await this.load();
    const now = this.begun();
    if (now === undefined || this.dismissed || document.activeElement !== this.field) return this.close();
    this.offer((this.offers ?? []).filter(({ name }) => name.startsWith(now)).slice(0, SHOWN_MAX));
  }

  /** @returns {string | undefined} the first letters of a command that is being written */
  begun() {
    const { value, selectionStart, selectionEnd } = this.field;
    if (selectionStart !== selectionEnd) return undefined;
    return /^\/([a-z0-9_-]*)$/.exec(value.slice(0, selectionStart))?.[1];
  }

  /** @param {Offer[]} offers */
  offer(offers) {
    if (!offers.length) return this.close();
    const wasOpen = !this.list.hidden;
    this.chosen = 0;
    this.shown = offers;
    this.list.replaceChildren(...offers.map((offer, at) => option(offer, at)));
    this.list.hidden = false;
    this.field.setAttribute("aria-controls", this.list.id);
    this.field.setAttribute("aria-haspopup", "listbox");
    this.field.setAttribute("aria-autocomplete", "list");
    this.point();
    if (!wasOpen) announce(`${offers.length === 1 ? "1 command" : `${offers.length} commands`}. Choose with the arrow keys.`);
  }

  close() {
    if (this.list.hidden) return;
    this.list.hidden = true;
    this.shown = [];
    for (const name of ["aria-controls", "aria-haspopup", "aria-autocomplete", "aria-activedescendant"]) {
      this.field.removeAttribute(name);
    }
  }

  point() {
    for (const [at, element] of [...this.list.children].entries()) {
      element.setAttribute("aria-selected", String(at === this.chosen));
      if (at === this.chosen) element.scrollIntoView({ block: "nearest" });
    }
    this.field.setAttribute("aria-activedescendant", `command-${this.chosen}`);
  }

  /** @param {KeyboardEvent} event */
  keyed(event) {
    const { key, shiftKey, ctrlKey, metaKey, altKey, isComposing, keyCode } = event;
    if (this.list.hidden || event.target !== this.field || isComposing || keyCode === 229) return;
    if (shiftKey || ctrlKey || metaKey || altKey) return;
    // What is written out is sent at once.
    if (key === "Enter" && this.shown.length === 1 && this.shown[0].name === this.begun()) return this.close();
    const act = {
      ArrowDown: () => this.step(1), ArrowUp: () => this.step(-1),
      Enter: () => this.choose(this.chosen), Tab: () => this.choose(this.chosen), Escape: () => this.dismiss(),
    }[key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  /** @param {number} by */
  step(by) {
    this.chosen = (this.chosen + by + this.shown.length) % this.shown.length;
    this.point();
  }

  dismiss() {
    this.dismissed = true;
    this.close();
  }

  /** @param {number} at */
  choose(at) {
    const offer = this.shown[at];
    if (!offer) return;
    this.picked = offer;
    this.close();
    this.field.setSelectionRange(0, this.field.selectionEnd);
    this.field.focus();
    // As if it were typed, so that it can be undone.
    if (document.execCommand("insertText", false, `/${offer.name} `)) return;
    this.field.setRangeText(`/${offer.name} `, 0, this.field.selectionEnd, "end");
    this.field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }
}

/**
 * @param {Offer} offer
 * @param {number} at
 */
function option({ username, name, description, hint }, at) {
  return make("li", { class: "command", role: "option", id: `command-${at}` }, [
    make("b", {}, [`/${name}`]), " ",
    ...(hint ? [make("span", { class: "command-hint", dir: "auto" }, [hint]), " "] : []),
    make("span", { class: "command-about" }, [make("bdi", {}, [description]), " · ", make("bdi", {}, [username])]),
  ]);
}
