// @ts-check
// What an encrypted conversation says of a call that is over, in words of its own: the server's could be any. Pure.

const NAME_MAX = 64;
const NAMED_MAX = 10;

/** As the server puts it where it may. @param {unknown} told */
export function wordsOfCall(told) {
  const { seconds, people } = /** @type {Partial<import("../connection/wire.js").PastCall>} */ (told ?? {});
  const all = Array.isArray(people) ? people : [];
  const names = all.slice(0, NAMED_MAX).map((person) => String(person?.username ?? "").slice(0, NAME_MAX)).filter(Boolean);
  if (names.length === 1) return `Missed call from ${names[0]}`;
  const more = all.length > NAMED_MAX ? [`and ${all.length - NAMED_MAX} more`] : [];
  return [`Call: ${durationOf(Math.max(0, Math.floor(Number(seconds) || 0)))}`, ...names, ...more].join(", ");
}

/** @param {number} seconds */
function durationOf(seconds) {
  const minutes = Math.floor(seconds / 60);
  const many = (/** @type {number} */ number, /** @type {string} */ unit) => `${number} ${unit}${number === 1 ? "" : "s"}`;
  if (minutes < 1) return many(seconds, "second");
  if (minutes < 60) return many(minutes, "minute");
  return [many(Math.floor(minutes / 60), "hour"), ...(minutes % 60 ? [many(minutes % 60, "minute")] : [])].join(" ");
}
