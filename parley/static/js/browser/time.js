// @ts-check
// Times as the reader's clock has them, in the language of the page. The server renders UTC; the page renders again.
//
// Without Intl but for one question, and that not at once: a browser takes a tenth of a second on a phone to load what
// it knows of all languages.

import { recall, remember } from "./saved.js";

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = [
  "January", "February", "March", "April", "May", "June", "July",
  "August", "September", "October", "November", "December",
];
/** Where English has the month before the day. */
const MONTH_FIRST = /^en-(US|CA|PH)$/.test(globalThis.navigator?.language ?? "");
/** Where most count to twelve: a guess, until the browser was asked. */
const TO_TWELVE = /^(?!fr).*-(AE|AU|BD|CA|CO|EG|IN|KR|MY|NZ|PH|PK|SA|US)$/.test(globalThis.navigator?.language ?? "");
/** In ms; the page is long alive then, and whoever reads has stopped to look around. */
const ASK_AFTER = 5000;

let has12Hours = (recall("hours") || (TO_TWELVE ? "12" : "24")) === "12";

/** @param {Date} date */
function clock(date) {
  const minutes = String(date.getMinutes()).padStart(2, "0");
  const hours = date.getHours();
  if (!has12Hours) return `${String(hours).padStart(2, "0")}:${minutes}`;
  const half = hours < 12 ? "am" : "pm";
  return `${hours % 12 || 12}:${minutes}\u202f${MONTH_FIRST ? half.toUpperCase() : half}`;
}

/**
 * @param {Date} date
 * @param {{day?: boolean, short?: boolean, year?: boolean}} parts which it has beside the month and its day
 */
function dateOf(date, { day = false, short = false, year = false }) {
  const month = short ? MONTHS[date.getMonth()].slice(0, 3) : MONTHS[date.getMonth()];
  const number = date.getDate();
  const weekday = day ? DAYS[date.getDay()] : "";
  if (!MONTH_FIRST) return [weekday, number, month, year && date.getFullYear()].filter(Boolean).join(" ");
  return [weekday, `${month} ${number}`, year && date.getFullYear()].filter(Boolean).join(", ");
}

/** @param {string} timestamp */
export function fullDate(timestamp) {
  const date = new Date(timestamp);
  return `${dateOf(date, { day: true, year: true })} at ${clock(date)}`;
}

/**
 * Within a sentence, as short as it is clear.
 * @param {string} timestamp
 */
export function spokenTime(timestamp) {
  const day = dayName(timestamp);
  const isNear = day === "Today" || day === "Yesterday";
  const date = new Date(timestamp);
  return `${isNear ? day.toLowerCase() : `on ${dateOf(date, { short: true, year: true })}`} at ${clock(date)}`;
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
  if (date.getFullYear() !== now.getFullYear()) return dateOf(date, { day: true, year: true });
  return dateOf(date, { day: true });
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
  clock: (timestamp) => clock(new Date(timestamp)),
  date: (timestamp) => dateOf(new Date(timestamp), { short: true, year: true }),
  day: (timestamp) => dayName(timestamp),
  full: fullDate,
};

/**
 * @param {HTMLTimeElement} element with `data-format`
 * @param {string} timestamp
 */
export function showTime(element, timestamp) {
  element.dateTime = timestamp;
  const words = FORMATS[element.dataset.format ?? "full"](timestamp);
  if (element.textContent !== words) element.textContent = words;
  if (element.dataset.format === "day") {
    // Paper is read on another day.
    element.dataset.printed = dateOf(new Date(timestamp), { day: true, year: true });
    return;
  }
  element.title = fullDate(timestamp);
  const link = /** @type {HTMLElement | null} */ (element.closest("[data-full]"));
  if (link) link.dataset.full = element.title;
}

/** @param {ParentNode} root */
export function showLocalTimes(root) {
  for (const element of root.querySelectorAll("time[datetime]")) {
    const time = /** @type {HTMLTimeElement} */ (element);
    if (time.dateTime) showTime(time, time.dateTime);
  }
}

/**
 * Ask the browser how the reader counts hours, once and when there is nothing better to do, and keep it.
 * @param {ParentNode} root whose times change where the answer is another than was thought
 */
export function learnHours(root) {
  if (recall("hours")) return;
  const ask = () => {
    const { hourCycle } = new Intl.DateTimeFormat(undefined, { hour: "numeric" }).resolvedOptions();
    const has = hourCycle === "h12" || hourCycle === "h11";
    remember("hours", has ? "12" : "24");
    if (has === has12Hours) return;
    has12Hours = has;
    showLocalTimes(root);
  };
  setTimeout(() => ("requestIdleCallback" in globalThis ? requestIdleCallback(ask) : ask()), ASK_AFTER);
}
