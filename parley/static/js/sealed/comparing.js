// @ts-check
// Safety numbers: what people read to each other to know that nobody stands between them.
import { fromBase64url } from "../encryption/octets.js";
import { safetyNumber } from "../encryption/people.js";

/**
 * @param {HTMLElement} into
 * @param {Uint8Array} room
 * @param {{name: string, point: string, isYou?: boolean, isNew?: boolean}[]} people
 */
export async function showNumbers(into, room, people) {
  const rows = await Promise.all(people.map(async ({ name, point, isYou, isNew }) => {
    const row = document.createElement("li");
    const called = Object.assign(document.createElement("bdi"), { textContent: isYou ? "You" : name });
    const number = Object.assign(document.createElement("code"), { textContent: await safetyNumber(room, fromBase64url(point)) });
    row.append(called, isNew ? " (a new key) " : " ", number);
    return row;
  }));
  into.replaceChildren(...rows);
}
