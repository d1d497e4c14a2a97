// @ts-check
// Times in English, as the page is, by the reader's time zone and with the hours they are used to, twelve or twenty-four.
// The server renders UTC; the page renders again.

const OWN = new Intl.DateTimeFormat(undefined, { hour: "numeric" }).resolvedOptions();
/** The reader's own English; for all others one with the day before the month, and with the hours written as usual. */
const ENGLISH = /^en\b/i.test(OWN.locale) ? OWN.locale : OWN.hour12 ? "en-AU" : "en-GB";
// As it is, not as the locale's name may say: a calendar or digits of another language would not fit the words.
const FORM = { calendar: "gregory", numberingSystem: "latn" };
const HOURS = { hourCycle: OWN.hour12 ? /** @type {const} */ ("h12") : /** @type {const} */ ("h23") };

const CLOCK = new Intl.DateTimeFormat(ENGLISH, { timeStyle: "short", ...FORM, ...HOURS });
const FULL = new Intl.DateTimeFormat(ENGLISH, { dateStyle: "full", timeStyle: "short", ...FORM, ...HOURS });
const DATE = new Intl.DateTimeFormat(ENGLISH, { dateStyle: "medium", ...FORM });
const DAY = new Intl.DateTimeFormat(ENGLISH, { weekday: "long", day: "numeric", month: "long", ...FORM });
const DAY_OF_ANOTHER_YEAR = new Intl.DateTimeFormat(ENGLISH, { dateStyle: "full", ...FORM });

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
