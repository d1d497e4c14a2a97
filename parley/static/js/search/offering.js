// @ts-check
// The list under the field of a search: operators, names, kinds and days, to be chosen by key, by mouse and by touch.
// The field is a combobox, as the ARIA Authoring Practices have it: the focus stays there.
import { apiOf } from "../browser/root.js";
import { between } from "../connection/between.js";
import { ask } from "../connection/wire.js";
import { make } from "../browser/elements.js";
import { offerOf, offersAt } from "./offers.js";

/**
 * @typedef {import("./offers.js").Offer} Offer
 * @typedef {(sought: string) => Promise<{user_id?: string, username: string}[]>} People
 */

const WAIT_MS = 150;
const PEOPLE_MAX = 8;
const TITLES = { operators: "What you can type", people: "People", kinds: "What it has", days: "Days" };

export class Offering {
  /**
   * @param {object} parts
   * @param {HTMLInputElement} parts.field
   * @param {People} parts.people
   */
  constructor({ field, people }) {
    this.field = field;
    this.people = people;
    this.list = make("ul", { class: "search-offers", id: `${field.id}-offers`, role: "listbox" });
    this.day = /** @type {HTMLInputElement} */ (make("input", { type: "date", id: `${field.id}-day`, "aria-label": "Choose a day" }));
    this.dayLine = make("p", { class: "search-offers-day" }, ["Or another day: ", this.day]);
    /** @type {Offer[]} */
    this.offers = [];
    /** The one that Enter takes; -1 for none. */
    this.chosen = -1;
    this.start = 0;
    /** Where somebody closed the list: it stays closed for that word. */
    this.dismissed = -1;
    /** @type {Map<string, Offer[]>} whom was found by what was sought */
    this.found = new Map();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /** Puts itself after the field's form. @param {Element} after */
  begin(after) {
    for (const [name, value] of Object.entries({
      role: "combobox", "aria-autocomplete": "list", "aria-controls": this.list.id, "aria-expanded": "false", type: "text",
    })) this.field.setAttribute(name, value);
    after.after(this.list, this.dayLine);
    this.field.addEventListener("input", () => this.look());
    // Where the cursor goes by itself: by key, or by touch.
    for (const moved of ["click", "keyup"]) {
      this.field.addEventListener(moved, (event) => !/^(Arrow(Up|Down)|Enter|Escape)$/.test(/** @type {KeyboardEvent} */ (event).key ?? "") && this.look());
    }
    // Whoever presses one stays in the field.
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", ({ target }) => {
      const option = /** @type {HTMLElement} */ (target).closest("[role=option]");
      if (option) this.take([...this.list.children].indexOf(option));
    });
    this.day.addEventListener("change", () => this.day.value && this.put({ text: `${this.day.value} `, label: "", help: "" }));
    this.look();
  }

  get isOpen() {
    return !this.list.hidden;
  }

  look() {
    clearTimeout(this.timer);
    const { value, selectionStart, selectionEnd } = this.field;
    const found = selectionStart === selectionEnd || !value ? offersAt(value, selectionStart ?? value.length) : undefined;
    if (!found || found.start !== this.dismissed) this.dismissed = -1;
    if (!found || found.start === this.dismissed) return this.close();
    this.start = found.start;
    this.dayLine.hidden = found.what !== "days";
    if (found.what === "people") return this.offerPeople(found.sought);
    this.offer(found.what, found.offers);
  }

  /** @param {string} sought */
  offerPeople(sought) {
    const known = this.found.get(sought);
    if (known) return this.offer("people", known);
    this.timer = setTimeout(async () => {
      const people = (await this.people(sought)).slice(0, PEOPLE_MAX);
      this.found.set(sought, people.map(offerOf));
      const now = offersAt(this.field.value, this.field.selectionStart ?? 0);
      if (now?.what === "people" && now.sought === sought) this.look();
    }, WAIT_MS);
  }

  /**
   * @param {import("./offers.js").Offers["what"]} what
   * @param {Offer[]} offers
   */
  offer(what, offers) {
    const isSame = this.isOpen && JSON.stringify(offers) === JSON.stringify(this.offers);
    if (!offers.length) return this.close(what === "days");
    this.list.hidden = false;
    this.field.setAttribute("aria-expanded", "true");
    if (isSame) return;
    this.offers = offers;
    this.list.setAttribute("aria-label", TITLES[what]);
    this.list.replaceChildren(...offers.map((offer, at) => this.option(offer, at)));
    this.point(-1);
  }

  /**
   * @param {Offer} offer
   * @param {number} at
   */
  option({ label, help }, at) {
    return make("li", { class: "search-offer", role: "option", id: `${this.list.id}-${at}`, "aria-selected": "false" }, [
      make("bdi", { class: "search-offer-label" }, [label]),
      ...(help ? [" ", make("span", { class: "search-offer-help" }, [help])] : []),
    ]);
  }

  /** @param {boolean} [keepsDay] */
  close(keepsDay = false) {
    this.list.hidden = true;
    this.dayLine.hidden = !keepsDay;
    this.offers = [];
    this.point(-1);
    this.field.setAttribute("aria-expanded", "false");
  }

  /** @param {number} at */
  point(at) {
    this.chosen = at;
    for (const [number, option] of [...this.list.children].entries()) {
      option.setAttribute("aria-selected", String(number === at));
      if (number === at) option.scrollIntoView({ block: "nearest" });
    }
    if (at < 0) this.field.removeAttribute("aria-activedescendant");
    else this.field.setAttribute("aria-activedescendant", `${this.list.id}-${at}`);
  }

  /**
   * @param {number} by
   * @returns {boolean} whether there was one to go to
   */
  step(by) {
    const next = this.chosen + by;
    if (!this.isOpen || next < -1 || next >= this.offers.length) return false;
    this.point(next);
    return true;
  }

  dismiss() {
    this.dismissed = this.start;
    this.close();
  }

  /** @param {number} at */
  take(at) {
    const offer = this.offers[at];
    if (offer) this.put(offer);
  }

  /** In place of what was typed of it. @param {Offer} offer */
  put({ text }) {
    const { field, start } = this;
    const end = Math.max(field.selectionEnd ?? start, start);
    field.focus();
    field.setSelectionRange(start, end);
    // As if it were typed, so that it can be undone.
    if (document.execCommand("insertText", false, text)) return;
    field.setRangeText(text, start, end, "end");
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }
}

/**
 * The people of a conversation whose names hold this: those who are in it, then those who were where it was imported
 * from.
 * @param {string} roomId
 * @returns {People}
 */
export function peopleOf(roomId) {
  const path = apiOf(roomId);
  /** @type {Promise<{user_id: string, username: string}[]> | undefined} */
  let imported;
  return async (sought) => {
    if (between.search) return between.search.people(sought).catch(() => []);
    const query = new URLSearchParams({ limit: "20", ...(sought && { q: sought }) });
    imported ??= ask(`${path}/imported`).then((reply) => reply.people ?? []);
    const [reply, others] = await Promise.all([ask(`${path}/participants?${query}`), imported]);
    const here = reply.participants ?? [];
    // Somebody who is looked for by name is found among both.
    const ids = new Set(here.map((/** @type {{user_id: string}} */ each) => each.user_id));
    const missing = others.filter(({ user_id: id, username }) => !ids.has(id) && username.toLowerCase().includes(sought.toLowerCase()));
    return [...here, ...missing];
  };
}

/** Over all conversations: who wrote last in one of them. @returns {People} */
export function peopleOfAll() {
  /** @type {Promise<{username: string}[]> | undefined} */
  let known;
  return async (sought) => {
    known ??= ask("/api/mine?limit=100").then((reply) => lastAuthors(reply.conversations ?? []));
    return (await known).filter(({ username }) => username.toLowerCase().includes(sought));
  };
}

/** @param {{last_message?: {username: string}}[]} conversations */
function lastAuthors(conversations) {
  const names = conversations.flatMap(({ last_message: last }) => (last ? [last.username] : []));
  return [...new Set(names)].map((username) => ({ username }));
}
