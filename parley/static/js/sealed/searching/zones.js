// @ts-check
// When a day begins in a time zone.

const DAY_MS = 86_400_000;
/** The first and the last instant of the calendar that the search knows, in ms. */
const FIRST = timeOf(1, 1, 1);
const LAST = timeOf(9999, 12, 31) + DAY_MS - 1;

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/**
 * Midnight in UTC, in ms; NaN where there is no such day.
 * @param {number} year
 * @param {number} month from 1
 * @param {number} day
 */
export function timeOf(year, month, day) {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const isThere = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return isThere && year >= 1 && year <= 9999 ? date.getTime() : NaN;
}

/**
 * The instant at which a day begins, in ms; NaN where that is before or after all days. Where midnight comes twice it is
 * the first; where clocks leave it out, it is what it would have been.
 * @param {number} local midnight as if it were in UTC
 * @param {string} zone an IANA name
 */
export function midnight(local, zone) {
  const before = offset(local - DAY_MS, zone);
  const after = offset(local + DAY_MS, zone);
  const isAfter = offset(local - before, zone) !== before && offset(local - after, zone) === after;
  const instant = local - (isAfter ? after : before);
  return instant >= FIRST && instant <= LAST ? instant : NaN;
}

/**
 * How far clocks are ahead of UTC, in ms.
 * @param {number} instant
 * @param {string} zone
 */
function offset(instant, zone) {
  /** @type {Record<string, number>} */
  const shown = {};
  for (const { type, value } of formatOf(zone).formatToParts(instant)) shown[type] = Number(value);
  const shownAt = new Date(0);
  shownAt.setUTCFullYear(new Date(instant).getUTCFullYear(), shown.month - 1, shown.day);
  shownAt.setUTCHours(shown.hour, shown.minute, shown.second);
  // The year is left out: eras make it hard to read. Around New Year it is that of the day before or after.
  const seconds = Math.floor(instant / 1000) * 1000;
  const off = shownAt.getTime() - seconds;
  if (Math.abs(off) < 2 * DAY_MS) return off;
  shownAt.setUTCFullYear(shownAt.getUTCFullYear() + (off > 0 ? -1 : 1));
  return shownAt.getTime() - seconds;
}

/** @param {string} zone */
function formatOf(zone) {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-US-u-ca-iso8601", {
      timeZone: zone, hourCycle: "h23", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric",
    });
    formats.set(zone, format);
  }
  return format;
}
