// @ts-check
// Somebody among many, by their name. Loaded where there are so many.
import { announce } from "../transcript/announcer.js";
import { byId } from "../browser/dom.js";
import { make } from "../browser/elements.js";
import { ask } from "../connection/wire.js";
import { folded } from "../state/naming.js";
import { knowsEverybody } from "../state/people-pages.js";
import { inOrder } from "./people.js";

/** @typedef {import("../connection/wire.js").Participant} Participant */

const WAIT_MS = 150;
const MOST_FOUND = 200;
const TELL_AFTER_MS = 600;
const NO_ONE = "No one here has a name like that.";
const NOT_ALL = "Couldn't look any further. Try again in a moment.";

export class Finding {
  /** @param {import("./people.js").People} list */
  constructor(list) {
    this.list = list;
    this.store = list.store;
    this.field = make("input", { id: "find-person", type: "search", placeholder: "Find someone", "aria-label": "Find someone by name" });
    this.sought = "";
    /** @type {Participant[]} whom the server found by it */
    this.others = [];
    /** What the server has still to say: nothing, an answer, or that it could not be asked. */
    this.asked = /** @type {"" | "waiting" | "failed"} */ ("");
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.telling = undefined;
    this.count = 0;
    this.field.addEventListener("input", () => this.seek());
    byId("people").before(this.field);
  }

  /**
   * Of the people the page knows those who are sought, if anybody is.
   * @param {Participant[]} people
   * @param {boolean} areMany
   */
  shows(people, areMany) {
    this.field.hidden = !areMany && !this.field.value;
    if (!this.sought) return false;
    const found = this.among(people);
    this.list.list(inOrder(found.people, this.store.state.me));
    const more = byId("people-more");
    more.hidden = !found.note;
    more.textContent = found.note;
    this.list.button.hidden = true;
    return true;
  }

  seek() {
    const sought = folded(this.field.value.trim());
    if (sought === this.sought) return;
    this.ask(sought);
    this.list.show();
  }

  /** @param {string} sought */
  ask(sought) {
    this.sought = sought;
    this.others = [];
    this.asked = "";
    clearTimeout(this.timer);
    clearTimeout(this.telling);
    if (!sought) return;
    if (knowsEverybody(this.store.state)) return this.tellSoon();
    this.asked = "waiting";
    this.timer = setTimeout(() => this.askServer(sought), WAIT_MS);
  }

  /** @param {string} sought */
  async askServer(sought) {
    const reply = await ask(`${this.list.path}?limit=${MOST_FOUND}&who=here&q=${encodeURIComponent(sought)}`);
    if (this.sought !== sought) return; // they typed on
    this.asked = reply.success ? "" : "failed";
    this.others = reply.success ? reply.participants : [];
    this.list.show();
    this.tellSoon();
  }

  /**
   * Those the page knows, as it was told of them last, and those the server found beside.
   * @param {Participant[]} known
   * @returns {{people: Participant[], note: string}}
   */
  among(known) {
    const people = known.filter(({ username }) => folded(username).includes(this.sought));
    const has = new Set(people.map((person) => person.user_id));
    const all = new Map(known.map((person) => [person.user_id, person]));
    for (const person of this.others) {
      if (!has.has(person.user_id)) people.push(all.get(person.user_id) ?? person);
    }
    this.count = people.length;
    if (this.asked === "failed") return { people, note: NOT_ALL };
    if (this.asked === "waiting") return { people, note: people.length ? "" : "Looking…" };
    return { people, note: people.length ? "" : NO_ONE };
  }

  /** Once somebody stops typing. */
  tellSoon() {
    this.telling = setTimeout(() => {
      if (this.asked === "failed") announce(NOT_ALL);
      else announce(this.count ? `${this.count === 1 ? "1 person" : `${this.count} people`} found.` : NO_ONE);
    }, TELL_AFTER_MS);
  }
}
