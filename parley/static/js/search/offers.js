// @ts-check
// What may be meant by what is being typed into the field of a search: operators, and what stands after them. Pure.

/**
 * @typedef {object} Offer
 * @property {string} text what comes in place of what was typed
 * @property {string} label
 * @property {string} help one line; may be empty
 *
 * @typedef {object} Offers
 * @property {number} start where in the field what is being typed begins
 * @property {"operators" | "people" | "kinds" | "days"} what
 * @property {string} sought what was typed of it
 * @property {Offer[]} offers those that are known at once: people are asked for
 */

/** @type {Offer[]} */
const OPERATORS = [
  { text: "from:", label: "from:", help: "what one person wrote" },
  { text: "has:", label: "has:", help: "with a file, an image, a link or a reaction" },
  { text: "before:", label: "before:", help: "sent before a day, month or year" },
  { text: "after:", label: "after:", help: "sent after a day, month or year" },
  { text: "on:", label: "on:", help: "sent on a day, or in a month or year" },
  { text: '"', label: "“…”", help: "exactly these words, in this order" },
  { text: "-", label: "-word", help: "without this word" },
];
/** @type {Offer[]} */
const KINDS = [
  { text: "file ", label: "file", help: "a file of any kind" },
  { text: "image ", label: "image", help: "a picture" },
  { text: "link ", label: "link", help: "a link" },
  { text: "reaction ", label: "reaction", help: "somebody reacted to it" },
];
/** Shorter beginnings are words of their own. */
const BEGINS_CHARS = 2;
const OPERATOR = /^-?(from|has|before|after|on):/i;
/** Pairs that may stand around a name of several words. */
const QUOTES = [['"', '"'], ["«", "»"], ["「", "」"]];

/**
 * @param {string} typed all that stands in the field
 * @param {number} caret
 * @param {Date} [now]
 * @returns {Offers | undefined} none where nothing is to be offered
 */
export function offersAt(typed, caret, now = new Date()) {
  if (!typed.trim()) return { start: typed.length, what: "operators", sought: "", offers: OPERATORS };
  const word = wordBefore(typed.slice(0, caret));
  const start = caret - word.length;
  const operator = OPERATOR.exec(word);
  if (!operator) return operatorsLike(word, start);
  const sought = word.slice(operator[0].length).toLowerCase();
  const after = start + operator[0].length;
  switch (operator[1].toLowerCase()) {
    case "from":
      return { start: after, what: "people", sought: unquoted(sought), offers: [] };
    case "has":
      return { start: after, what: "kinds", sought, offers: KINDS.filter(({ label }) => label.startsWith(sought)) };
    default:
      return { start: after, what: "days", sought, offers: days(operator[1].toLowerCase(), sought, now) };
  }
}

/**
 * As it stands after `from:`.
 * @param {{user_id?: string, username: string}} person
 * @returns {Offer}
 */
export function offerOf({ user_id: userId, username }) {
  const pair = QUOTES.find((quotes) => !quotes.some((quote) => username.includes(quote)));
  const isOneWord = !/\s/.test(username) && !/^["“„«»「『]/.test(username);
  const quoted = pair ? `${pair[0]}${username}${pair[1]}` : (userId ?? username);
  return { text: `${isOneWord ? username : quoted} `, label: username, help: "" };
}

/**
 * What is looked for so far: without an operator after which nothing stands yet.
 * @param {string} typed
 */
export function complete(typed) {
  return typed.replace(/(^|\s)-?(from|has|before|after|on):\s*$/i, "").trim();
}

/** The piece that is being typed: words between quotation marks are one. @param {string} before */
function wordBefore(before) {
  let start = 0;
  let isQuoted = false;
  for (let at = 0; at < before.length; at += 1) {
    if (before[at] === '"') isQuoted = !isQuoted;
    else if (!isQuoted && /\s/.test(before[at])) start = at + 1;
  }
  return before.slice(start);
}

/**
 * @param {string} word
 * @param {number} start
 * @returns {Offers | undefined}
 */
function operatorsLike(word, start) {
  const skipped = word.startsWith("-") ? 1 : 0;
  const sought = word.slice(skipped).toLowerCase();
  if (sought.length < BEGINS_CHARS) return undefined;
  const offers = OPERATORS.filter(({ text }) => text.endsWith(":") && text.startsWith(sought));
  return offers.length ? { start: start + skipped, what: "operators", sought, offers } : undefined;
}

/** @param {string} sought */
function unquoted(sought) {
  return sought.replace(/^["“„«»「『@]+/, "").replace(/["”»」』]$/, "");
}

/**
 * @param {string} operator
 * @param {string} sought
 * @param {Date} now
 * @returns {Offer[]}
 */
function days(operator, sought, now) {
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  const lastMonth = new Date(now.getFullYear(), now.getMonth() - 1, 1);
  const [day, month, year] = [dayOf(now), dayOf(now).slice(0, 7), String(now.getFullYear())];
  const found = {
    // Nothing was sent after today, this month and this year.
    after: [["yesterday", dayOf(yesterday)], ["last month", dayOf(lastMonth).slice(0, 7)], ["last year", String(now.getFullYear() - 1)]],
    before: [["today", day], ["this month", month], ["this year", year]],
    on: [["today", day], ["yesterday", dayOf(yesterday)], ["this month", month], ["this year", year]],
  }[operator] ?? [];
  return found
    .filter(([label, text]) => label.startsWith(sought) || text.startsWith(sought))
    .map(([label, text]) => ({ text: `${text} `, label, help: text }));
}

/** @param {Date} date */
function dayOf(date) {
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  return `${String(date.getFullYear()).padStart(4, "0")}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
