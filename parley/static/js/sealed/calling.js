// @ts-check
// What an encrypted conversation says of a call that is over, in words of its own: the server's could be any. Pure.

const NAME_MAX = 64;
const PEOPLE_MAX = 100;

/** As the server puts it where it may. @param {unknown} told */
export function wordsOfCall(told) {
  const { seconds, people } = /** @type {Partial<import("../connection/wire.js").PastCall>} */ (told ?? {});
  const all = (Array.isArray(people) ? people : []).slice(0, PEOPLE_MAX);
  const names = all.map((person) => String(person?.username ?? "").slice(0, NAME_MAX)).filter(Boolean);
  if (names.length === 1) return `Missed call from ${names[0]}`;
  return ["Call: " + durationOf(Number(seconds) || 0), ...names].join(", ");
}

/** @param {number} seconds */
function durationOf(seconds) {
  const minutes = Math.round(seconds / 60);
  const many = (/** @type {number} */ number, /** @type {string} */ unit) => `${number} ${unit}${number === 1 ? "" : "s"}`;
  if (minutes < 1) return many(Math.max(0, Math.floor(seconds)), "second");
  if (minutes < 60) return many(minutes, "minute");
  return [many(Math.floor(minutes / 60), "hour"), ...(minutes % 60 ? [many(minutes % 60, "minute")] : [])].join(" ");
}
