// @ts-check
// Whom "@" may mean, offered while one writes it. Loaded when somebody first writes one.
//
// A field of several lines is no combobox: it stays the text box it is, and says which option is chosen.
import { apiOf } from "../browser/root.js";
import { announce } from "../transcript/announcer.js";
import { byId, cloneTemplate, part } from "../browser/dom.js";
import { ask } from "../connection/wire.js";
import { candidates, knownPeople, soughtAt } from "../state/naming.js";

/**
 * @typedef {import("../state/naming.js").Person} Person
 */

const WAIT_MS = 150;

export class Mentions {
  /**
   * @param {object} parts
   * @param {import("../state/store.js").Store} parts.store
   * @param {import("../people/faces.js").Faces} parts.faces
   * @param {import("./replying.js").Replying} parts.replying
   * @param {string} parts.roomId
   */
  constructor({ store, faces, replying, roomId }) {
    this.store = store;
    this.faces = faces;
    this.replying = replying;
    this.path = `${apiOf(roomId)}/participants`;
    this.field = /** @type {HTMLTextAreaElement} */ (byId("message"));
    this.form = byId("composer");
    this.list = makeList();
    /** @type {Person[]} */
    this.offered = [];
    this.chosen = 0;
    /** Where the name begins that is sought; -1 while none is. */
    this.begin = -1;
    /** Where somebody closed the list: it stays closed for that "@". */
    this.dismissed = -1;
    /** @type {Map<string, Person[]>} whom the server found by what was sought */
    this.found = new Map();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  start() {
    this.form.append(this.list);
    this.field.addEventListener("input", () => this.look());
    this.field.addEventListener("click", () => this.look());
    this.field.addEventListener("blur", () => this.close());
    // Before the field's own keys: Enter sends, and Escape takes the quote away.
    this.form.addEventListener("keydown", (event) => this.keyed(event), { capture: true });
    this.list.addEventListener("click", ({ target }) => {
      const option = /** @type {HTMLElement} */ (target).closest("[role=option]");
      if (option) this.choose([...this.list.children].indexOf(option));
    });
    this.look();
  }

  look() {
    const { value, selectionStart, selectionEnd } = this.field;
    const sought = selectionStart === selectionEnd ? soughtAt(value.slice(0, selectionStart)) : undefined;
    if (!sought) this.dismissed = -1;
    if (!sought || sought.start === this.dismissed) return this.close();
    this.begin = sought.start;
    const known = [...knownPeople(this.store.state), ...(this.found.get(sought.name) ?? [])];
    this.offer(candidates(known, sought.name));
    this.askServer(sought.name);
  }

  /** Of many people the page knows the first, and those who wrote of late. @param {string} name */
  askServer(name) {
    clearTimeout(this.timer);
    const { peopleCursor, someUnnamed } = this.store.state;
    if (!name.trim() || this.found.has(name) || !(peopleCursor || someUnnamed)) return;
    this.timer = setTimeout(async () => {
      const reply = await ask(`${this.path}?limit=20&q=${encodeURIComponent(name)}`);
      if (!reply.success) return;
      this.found.set(name, reply.participants);
      if (document.activeElement === this.field) this.look();
    }, WAIT_MS);
  }

  /** @param {Person[]} people */
  offer(people) {
    if (!people.length) return this.close();
    const wasOpen = !this.list.hidden;
    const before = this.offered[this.chosen]?.user_id;
    const again = people.findIndex((person) => person.user_id === before);
    this.chosen = wasOpen && again > 0 ? again : 0;
    this.offered = people;
    this.list.replaceChildren(...people.map((person, at) => this.option(person, at)));
    this.list.hidden = false;
    this.field.setAttribute("aria-controls", this.list.id);
    this.field.setAttribute("aria-haspopup", "listbox");
    this.field.setAttribute("aria-autocomplete", "list");
    this.point();
    if (!wasOpen) announce(`${people.length === 1 ? "1 person" : `${people.length} people`} to mention. Choose with the arrow keys.`);
  }

  close() {
    clearTimeout(this.timer);
    if (this.list.hidden) return;
    this.list.hidden = true;
    this.offered = [];
    this.begin = -1;
    for (const name of ["aria-controls", "aria-haspopup", "aria-autocomplete", "aria-activedescendant"]) {
      this.field.removeAttribute(name);
    }
  }

  /**
   * @param {Person} person
   * @param {number} at
   */
  option(person, at) {
    const element = cloneTemplate("person-template");
    const facts = [person.role !== "member" && person.role, person.alike && "same name as someone else", !(person.online || person.role === "bot") && "away"];
    element.setAttribute("role", "option");
    element.id = `naming-${at}`;
    element.classList.toggle("online", person.online);
    this.faces.show(part(element, "face"), person);
    part(element, "name").textContent = person.username;
    part(element, "unproven").hidden = !person.unproven;
    part(element, "facts").textContent = facts.filter(Boolean).join(", ");
    return element;
  }

  /** Which one Enter takes. */
  point() {
    for (const [at, option] of [...this.list.children].entries()) {
      option.setAttribute("aria-selected", String(at === this.chosen));
      if (at === this.chosen) option.scrollIntoView({ block: "nearest" });
    }
    this.field.setAttribute("aria-activedescendant", `naming-${this.chosen}`);
  }

  /** @param {KeyboardEvent} event */
  keyed(event) {
    const { key, shiftKey, ctrlKey, metaKey, altKey, isComposing, keyCode } = event;
    if (this.list.hidden || event.target !== this.field || isComposing || keyCode === 229) return;
    if (shiftKey || ctrlKey || metaKey || altKey) return;
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
    this.chosen = (this.chosen + by + this.offered.length) % this.offered.length;
    this.point();
  }

  dismiss() {
    this.dismissed = this.begin;
    this.close();
  }

  /** @param {number} at */
  choose(at) {
    const [person, { begin }] = [this.offered[at], this];
    if (!person) return;
    this.close();
    this.replying.means(person);
    this.field.setSelectionRange(begin, this.field.selectionEnd);
    insert(this.field, `${person.username} `);
  }
}

/**
 * As if it were typed, so that it can be undone.
 * @param {HTMLTextAreaElement} field
 * @param {string} text
 */
function insert(field, text) {
  field.focus();
  if (document.execCommand("insertText", false, text)) return;
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new InputEvent("input", { bubbles: true }));
}

function makeList() {
  const list = document.createElement("ul");
  list.id = "naming";
  list.className = "naming";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "People to mention");
  list.hidden = true;
  return list;
}
