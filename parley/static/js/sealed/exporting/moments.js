// @ts-check
// Moments in words, in UTC, as in the server's exports: `parley/pages/transcript.py`. Pure.

const MONTHS = [
  "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
];
const GROUP_MINUTES = 5;

/** @param {string} timestamp */
export function day(timestamp) {
  return timestamp.slice(0, 10);
}

/** @param {string} timestamp */
export function date(timestamp) {
  return `${Number(timestamp.slice(8, 10))} ${MONTHS[Number(timestamp.slice(5, 7)) - 1]} ${timestamp.slice(0, 4)}`;
}

/** @param {string} timestamp */
export function clock(timestamp) {
  return timestamp.slice(11, 16);
}

/** @param {string} timestamp */
export function fullDate(timestamp) {
  return `${date(timestamp)}, ${clock(timestamp)} UTC`;
}

/** @param {string} timestamp */
function minute(timestamp) {
  return Number(timestamp.slice(11, 13)) * 60 + Number(timestamp.slice(14, 16));
}

/**
 * Whether a message begins a day, and whether the same person goes on in it, so that their name need not be said again.
 * @param {import("./entries.js").Entry | undefined} before
 * @param {import("./entries.js").Entry} entry
 */
export function placed(before, entry) {
  const follows = before !== undefined && day(before.timestamp) === day(entry.timestamp);
  const continued = follows && !entry.reply_to && !entry.edited_at && before.user_id === entry.user_id
    && minute(entry.timestamp) - minute(before.timestamp) < GROUP_MINUTES;
  return { beginsDay: !follows, continued };
}
