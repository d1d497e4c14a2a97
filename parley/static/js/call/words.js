// @ts-check
// What is said of calls. Pure.

/** @typedef {{user_id: string, username: string, peer: string, audio: boolean, video: boolean, screen: boolean, hand: boolean}} InCall */

/**
 * As a clock: "4:07", "1:04:07".
 * @param {number} ms
 */
export function clockOf(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  const hours = Math.floor(s / 3600);
  return hours ? `${hours}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
}

/** A call that began so lately calls whoever opens the page. */
const FRESH_MS = 30_000;

/** Whether it is worth being called for. @param {string} startedAt @param {number} [now] in ms */
export function isFresh(startedAt, now = Date.now()) {
  return Math.abs(now - Date.parse(startedAt)) < FRESH_MS;
}

/**
 * "Ada, Ben and 3 more", oneself last; a person with two devices once.
 * @param {{user_id: string, username: string}[]} people
 * @param {string} [ownId]
 * @param {number} [most]
 */
export function namesOf(people, ownId = "", most = 3) {
  const others = [...new Map(people.filter(({ user_id: id }) => id !== ownId).map(({ user_id: id, username }) => [id, username])).values()];
  const isIn = people.some(({ user_id: id }) => id === ownId);
  const names = isIn ? [...others, others.length ? "you" : "You"] : others;
  if (names.length <= most) return listOf(names);
  return `${names.slice(0, most - 1).join(", ")} and ${names.length - most + 1} more`;
}

/**
 * Who is in a call, as a sentence for whoever may not be in it themselves.
 * @param {{user_id: string, username: string}[]} people
 * @param {string} ownId
 * @param {boolean} isIn whether this device is
 */
export function whoIsIn(people, ownId, isIn) {
  const names = namesOf(people, ownId);
  if (names === "You") return isIn ? "You're in a call" : "You're in a call on another device";
  if (isIn) return names;
  return `${names} ${new Set(people.map(({ user_id: id }) => id)).size > 1 ? "are" : "is"} in a call`;
}

/** @param {string[]} names */
function listOf(names) {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
}

/**
 * What is worth saying aloud of a change.
 * @param {InCall[]} before
 * @param {InCall[]} after
 * @param {string} own peer
 * @returns {string[]} sentences
 */
export function newsOf(before, after, own) {
  const known = new Map(before.map((person) => [person.peer, person]));
  const left = before.filter(({ peer }) => peer !== own && !after.some((person) => person.peer === peer));
  const said = left.map(({ username }) => `${username} left the call.`);
  for (const person of after) {
    const was = known.get(person.peer);
    if (person.peer === own) continue;
    if (!was) said.push(`${person.username} joined the call.`);
    else if (person.hand && !was.hand) said.push(`${person.username} raised their hand.`);
    else if (person.screen && !was.screen) said.push(`${person.username} is sharing their screen.`);
  }
  return said;
}

/**
 * Whether it is in the quiet hours of this device.
 * @param {{start: string, end: string, time_zone?: string} | null | undefined} hours
 * @param {Date} [now]
 */
export function isQuiet(hours, now = new Date()) {
  if (!hours || hours.start === hours.end) return false;
  const time = now.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: hours.time_zone });
  const isOverMidnight = hours.start > hours.end;
  return isOverMidnight ? time >= hours.start || time < hours.end : time >= hours.start && time < hours.end;
}
