// @ts-check
// What people reacted with, under a message: the same as `parley/pages/reactions.py` and its template render.
// `tests/reactions_cases.json` holds both to it.
import { cloneTemplate, part } from "../browser/dom.js";

/**
 * @typedef {import("../connection/wire.js").Reaction} Reaction
 * @typedef {(userId: string) => string | undefined} NameOf
 */

/** A list of more names is not read. */
const NAMED_MAX = 10;

/**
 * @param {HTMLElement} message
 * @param {Reaction[]} reactions
 * @param {string} ownId empty for who has no name here
 * @param {NameOf} nameOf
 */
export function showReactions(message, reactions, ownId, nameOf) {
  const shown = /** @type {HTMLElement | null} */ (message.querySelector('[data-part="reactions"]'));
  if (!reactions.length) return shown?.remove();
  const row = shown ?? placeIn(message);
  const chips = new Map([...row.children].map((chip) => [/** @type {HTMLButtonElement} */ (chip).value, chip]));
  const wanted = reactions.map((reaction) => {
    const chip = /** @type {HTMLButtonElement} */ (chips.get(reaction.emoji) ?? cloneTemplate("reaction-template"));
    showChip(chip, reaction, ownId, nameOf);
    return chip;
  });
  for (const chip of chips.values()) if (!wanted.includes(/** @type {any} */ (chip))) chip.remove();
  // Those that stay are not moved: one of them may have the focus.
  wanted.forEach((chip, at) => row.children[at] === chip || row.insertBefore(chip, row.children[at] ?? null));
}

/** Below the text, above what is said of one on its way. @param {HTMLElement} message */
function placeIn(message) {
  const row = cloneTemplate("reactions-template");
  const before = message.querySelector(":scope > .fold") ?? part(message, "text");
  before.after(row);
  return row;
}

/**
 * @param {HTMLButtonElement} chip
 * @param {Reaction} reaction
 * @param {string} ownId
 * @param {NameOf} nameOf
 */
function showChip(chip, reaction, ownId, nameOf) {
  const { emoji, count } = reaction;
  const people = who(reaction, ownId, nameOf);
  const label = `${emoji} ${count}, ${people}`;
  if (chip.getAttribute("aria-label") === label) return;
  chip.value = emoji;
  chip.setAttribute("aria-pressed", String(isOwn(reaction, ownId)));
  chip.setAttribute("aria-label", label);
  chip.dataset.who = people.slice(0, 1).toUpperCase() + people.slice(1);
  write(part(chip, "emoji"), emoji);
  write(part(chip, "count"), String(count));
}

/**
 * What is replaced under a finger or a mouse takes the click with it.
 * @param {HTMLElement} element
 * @param {string} text
 */
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * @param {Reaction} reaction
 * @param {string} ownId
 */
export function isOwn({ user_ids: ids, own }, ownId) {
  return own === true || (ownId !== "" && ids.includes(ownId));
}

/**
 * In words: you first, those whose names are known, and how many others.
 * @param {Reaction} reaction
 * @param {string} ownId
 * @param {NameOf} nameOf
 */
export function who(reaction, ownId, nameOf) {
  const { user_ids: ids, count } = reaction;
  const listed = isOwn(reaction, ownId) ? ["you"] : [];
  for (const id of ids) {
    const name = id === ownId ? undefined : nameOf(id);
    if (name !== undefined && listed.length < NAMED_MAX) listed.push(name);
  }
  const unnamed = count - listed.length;
  if (!listed.length) return unnamed === 1 ? "1 person" : `${unnamed} people`;
  if (unnamed > 0) listed.push(unnamed === 1 ? "1 other" : `${unnamed} others`);
  const last = listed.pop() ?? "";
  return listed.length ? `${listed.join(", ")} and ${last}` : last;
}
