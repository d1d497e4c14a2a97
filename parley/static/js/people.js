// @ts-check
// Who is here.
import { byId, cloneTemplate, part } from "./dom.js";

/** More would be a list nobody reads, and a slow page in a room of thousands. */
const SHOWN_PEOPLE = 150;

/** @typedef {import("./wire.js").Participant} Participant */

/** @param {import("./store.js").State} state */
export function showPeople({ people, participantCount, someUnnamed, me }) {
  const total = someUnnamed ? participantCount : Math.max(people.length, participantCount);
  const shown = someUnnamed ? Math.min(people.length, SHOWN_PEOPLE) : SHOWN_PEOPLE;
  const ordered = [...people].sort((one, other) => rank(one, me) - rank(other, me) || byName(one, other));
  byId("people").replaceChildren(...ordered.slice(0, SHOWN_PEOPLE).map((person) => personElement(person, me)));
  byId("people-count").textContent = byId("sheet-count").textContent = String(someUnnamed ? total : people.length);
  const more = byId("people-more");
  more.hidden = total > 0 && total <= shown;
  more.textContent = total ? `and ${total - shown} more` : "Nobody has given a name yet.";
}

/**
 * @param {Participant} person
 * @param {import("./store.js").Me | null} me
 */
function personElement(person, me) {
  const element = cloneTemplate("person-template");
  const mine = person.user_id === me?.userId;
  const alike = person.alike && "not the first of this name";
  const facts = [mine && "you", person.role === "owner" && "owner", alike, !person.online && !mine && "away"];
  element.classList.toggle("online", person.online || mine);
  element.dataset.userId = person.user_id;
  part(element, "name").textContent = person.username;
  part(element, "unproven").hidden = !person.unproven;
  part(element, "facts").textContent = facts.filter(Boolean).join(", ");
  return element;
}

/**
 * You first, then who is here, then who is away.
 * @param {Participant} person
 * @param {import("./store.js").Me | null} me
 */
function rank(person, me) {
  if (person.user_id === me?.userId) return 0;
  return person.online ? 1 : 2;
}

/**
 * @param {Participant} one
 * @param {Participant} other
 */
function byName(one, other) {
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
      user_id: userId, username, role: role === "owner" ? "owner" : "member", online: online === "yes",
      alike: alike === "yes", unproven: unproven === "yes",
    };
  });
}
