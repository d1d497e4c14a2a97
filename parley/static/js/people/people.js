// @ts-check
// Who is here.
import { byId, cloneTemplate, part } from "../browser/dom.js";
import { untilThere } from "../browser/later.js";
import { apiOf } from "../browser/root.js";
import { peopleOf } from "../state/people-pages.js";

/** More at once would be a list nobody reads, and a slow page in a room of thousands. */
const FIRST_PEOPLE = 100;
/** Fewer are seen at a glance. */
const MANY_PEOPLE = 20;

/** @typedef {import("../connection/wire.js").Participant} Participant */

export class People {
  /**
   * @param {object} parts
   * @param {import("../state/store.js").Store} parts.store
   * @param {string} parts.roomId
   * @param {import("./faces.js").Faces} parts.faces
   */
  constructor({ store, roomId, faces }) {
    this.store = store;
    this.faces = faces;
    this.path = `${apiOf(roomId)}/participants`;
    this.most = FIRST_PEOPLE;
    this.button = byId("more-people");
    /** @type {import("./finding.js").Finding | undefined} where they are many */
    this.finding = undefined;
    this.isFindingAsked = false;
  }

  start() {
    this.store.watch(["people", "participantCount", "peopleCursor", "someUnnamed", "me", "active"], () => this.show());
    // Of most conversations all are in sight.
    this.button.addEventListener("click", () => import("./more.js").then(({ showMore }) => showMore(this), () => {
      this.button.textContent = "Couldn't load people. Try again";
    }));
  }

  show() {
    const { me, peopleCursor } = this.store.state;
    const { people, total } = peopleOf(this.store.state);
    byId("people-count").textContent = byId("sheet-count").textContent = String(total);
    if (total > MANY_PEOPLE) this.find();
    if (this.finding?.shows(people, total > MANY_PEOPLE)) return;
    for (const { user_id: userId } of people) this.faces.hueOf(userId); // who came first chooses first
    const shown = inOrder(people, me).slice(0, this.most);
    this.list(shown);
    const others = total - shown.length;
    const more = byId("people-more");
    more.hidden = total > 0 && others <= 0;
    more.textContent = total ? `and ${others} more` : "No one has joined yet.";
    this.button.hidden = shown.length === people.length && !peopleCursor;
  }

  find() {
    if (this.isFindingAsked) return;
    this.isFindingAsked = true;
    untilThere(() => import("./finding.js")).then(({ Finding }) => {
      this.finding = new Finding(this);
      this.show(); // they may be few by now
    });
  }

  /** @param {Participant[]} people */
  list(people) {
    const { me } = this.store.state;
    byId("people").replaceChildren(...people.map((person) => personElement(person, me, this.faces)));
  }
}

/**
 * @param {Participant} person
 * @param {import("../state/store.js").Me | null} me
 * @param {import("./faces.js").Faces} faces
 */
function personElement(person, me, faces) {
  const element = cloneTemplate("person-template");
  const mine = person.user_id === me?.userId;
  const alike = person.alike && "same name as someone else";
  const { role, online } = person;
  const facts = [mine && "you", role !== "member" && role, alike, !online && !mine && role !== "bot" && "away"];
  element.classList.toggle("online", online || mine);
  element.classList.toggle("me", mine);
  element.dataset.userId = person.user_id;
  faces.show(part(element, "face"), person);
  part(element, "name").textContent = person.username;
  part(element, "unproven").hidden = !person.unproven;
  part(element, "facts").textContent = facts.filter(Boolean).join(", ");
  return element;
}

/**
 * @param {Participant[]} people
 * @param {import("../state/store.js").Me | null} me
 */
export function inOrder(people, me) {
  const byName = isAscii(people) ? byCode : byAlphabet;
  return [...people].sort((one, other) => rank(one, me) - rank(other, me) || byName(one, other));
}

/**
 * You first, then who is here, then who is away.
 * @param {Participant} person
 * @param {import("../state/store.js").Me | null} me
 */
function rank(person, me) {
  if (person.user_id === me?.userId) return 0;
  return person.online ? 1 : 2;
}

/** @param {Participant[]} people */
function isAscii(people) {
  return people.every(({ username }) => /^[\x20-\x7e]*$/.test(username));
}

/**
 * For names without accents: the alphabets of all languages, once loaded, have held up a phone for 50 ms.
 * @param {Participant} one
 * @param {Participant} other
 */
function byCode(one, other) {
  const [a, b] = [one.username.toLowerCase(), other.username.toLowerCase()];
  return a < b ? -1 : Number(a > b);
}

/**
 * @param {Participant} one
 * @param {Participant} other
 */
function byAlphabet(one, other) {
  return one.username.localeCompare(other.username);
}

/**
 * The people the server rendered.
 * @returns {Participant[]}
 */
export function readPeople() {
  return [...byId("people").children].map((element) => {
    const { userId = "", username = "", role, online, alike, unproven } = /** @type {HTMLElement} */ (element).dataset;
    return {
      user_id: userId, username, role: /** @type {Participant["role"]} */ (role ?? "member"), online: online === "yes",
      alike: alike === "yes", unproven: unproven === "yes",
    };
  });
}
