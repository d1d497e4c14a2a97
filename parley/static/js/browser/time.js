// @ts-check
// Times as the reader's clock and language have them. The server renders UTC; the page renders again.

const CLOCK = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });
const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const DAY_OF_ANOTHER_YEAR = new Intl.DateTimeFormat(undefined, { dateStyle: "full" });

/** @param {string} timestamp */
export function fullDate(timestamp) {
  return FULL.format(new Date(timestamp));
}

/**
 * The local day a moment falls on, as a key: `2026-11-23`.
 * @param {string | Date} moment
 */
export function dayOf(moment) {
  const date = new Date(moment);
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/**
 * @param {string} timestamp
 * @param {Date} [now]
 */
export function dayName(timestamp, now = new Date()) {
  const yesterday = new Date(now);
  yesterday.setDate(now.getDate() - 1);
  const day = dayOf(timestamp);
  if (day === dayOf(now)) return "Today";
  if (day === dayOf(yesterday)) return "Yesterday";
  const date = new Date(timestamp);
  return (date.getFullYear() === now.getFullYear() ? DAY : DAY_OF_ANOTHER_YEAR).format(date);
}

/** A timer that long may be late where the machine sleeps; whoever looks at the page again looks at the clock, too. */
const LONGEST_WAIT_MS = 3_600_000;

/**
 * Calls whenever a new local day has begun: what was today is yesterday then.
 * @param {() => void} act
 */
export function onNewDay(act) {
  let today = dayOf(new Date());
  const look = () => {
    if (dayOf(new Date()) === today) return;
    today = dayOf(new Date());
    act();
  };
  const wait = () => {
    const midnight = new Date();
    midnight.setHours(24, 0, 0, 0);
    setTimeout(() => {
      look();
      wait();
    }, Math.min(LONGEST_WAIT_MS, midnight.getTime() - Date.now()));
  };
  document.addEventListener("visibilitychange", look);
  wait();
}

/** @type {Record<string, (timestamp: string) => string>} */
const FORMATS = {
  clock: (timestamp) => CLOCK.format(new Date(timestamp)),
  date: (timestamp) => DATE.format(new Date(timestamp)),
  day: (timestamp) => dayName(timestamp),
  full: fullDate,
};

/**
 * @param {HTMLTimeElement} element with `data-format`
 * @param {string} timestamp
 */
export function showTime(element, timestamp) {
  element.dateTime = timestamp;
  element.textContent = FORMATS[element.dataset.format ?? "full"](timestamp);
  if (element.dataset.format !== "day") element.title = fullDate(timestamp);
}

/** @param {ParentNode} root */
export function showLocalTimes(root) {
  for (const element of root.querySelectorAll("time[datetime]")) {
    const time = /** @type {HTMLTimeElement} */ (element);
    if (time.dateTime) showTime(time, time.dateTime);
  }
}
