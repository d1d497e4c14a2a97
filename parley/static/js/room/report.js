// @ts-check
// Reporting a message or somebody, to the owners and to whoever runs the server.
import { openDialog } from "../browser/dialogs.js";
import { apiOf } from "../browser/root.js";
import { loadSheet } from "../browser/sheets.js";
import { say } from "../browser/toast.js";
import { ask } from "../connection/wire.js";
import { announce } from "../transcript/announcer.js";

/** As the server has them: `REASONS` in parley/pages/manage.py. */
const REASONS = [
  ["spam", "Spam"],
  ["abuse", "Insult or harassment"],
  ["threat", "Threat or violence"],
  ["sexual", "Sexual content"],
  ["private", "Someone's private information"],
  ["other", "Something else"],
];
const WHO_SEES = "The owner and whoever runs this server see it as it is now. They aren't told who reported it.";
const SENDS_TEXT = "This sends the text of this message to the owner and to whoever runs this server, who can't read it otherwise. "
  + "They aren't told who reported it.";
const SAID_FOR_MS = 4000;
const WORDS_MAX = 1000;
/** Of an encrypted message, with the names of its files. */
const TEXT_MAX = 10_000;
let number = 0;

/**
 * @typedef {object} Reporting
 * @property {string} roomId
 * @property {boolean} isEncrypted
 * @property {HTMLElement} opener
 */

/** @param {Reporting & {message: import("../connection/wire.js").Message}} parts */
export function reportMessage({ message, ...parts }) {
  const excerpt = made("blockquote", "report-excerpt", textOf(message).slice(0, 300));
  excerpt.dir = "auto";
  const told = parts.isEncrypted ? { text: textOf(message).slice(0, TEXT_MAX) } : {};
  const title = `Report a message by ${message.username}`;
  open(parts, title, [excerpt], parts.isEncrypted ? SENDS_TEXT : WHO_SEES, () => ({ message_id: message.id, ...told }));
}

/** @param {{roomId: string, store: import("../state/store.js").Store, opener: HTMLElement}} parts */
export async function reportPerson({ store, ...parts }) {
  await loadSheet("actions");
  const { people, me } = store.state;
  const others = people.filter(({ user_id: userId }) => userId !== me?.userId);
  const select = document.createElement("select");
  for (const { user_id: userId, username } of others) select.append(new Option(username, userId));
  const about = others.length ? labelled("Who?", select) : made("p", "", "There is no one else to report.");
  open(parts, "Report someone", [about], WHO_SEES, others.length ? () => ({ user_id: select.value }) : undefined);
}

/**
 * @param {{roomId: string, opener: HTMLElement}} parts
 * @param {string} title
 * @param {HTMLElement[]} about what is reported
 * @param {string} whoSees
 * @param {(() => object) | undefined} reported in words of the server; undefined where nothing can be
 */
function open({ roomId, opener }, title, about, whoSees, reported) {
  const id = `report-title-${++number}`;
  const dialog = /** @type {HTMLDialogElement} */ (made("dialog", "ask notifying report"));
  dialog.setAttribute("aria-labelledby", id);
  const heading = Object.assign(made("h2", "", title), { id, dir: "auto" });
  const problem = made("p", "problem-line");
  problem.setAttribute("role", "alert");
  const form = document.createElement("form");
  const why = made("fieldset", "notifying-group");
  why.append(made("legend", "", "Why?"));
  for (const [value, words] of REASONS) why.append(choice(value, words));
  const words = Object.assign(document.createElement("textarea"), { rows: 2, maxLength: WORDS_MAX, dir: "auto" });
  const send = Object.assign(made("button", "button primary", "Report"), { type: "submit" });
  const cancel = Object.assign(made("button", "button", reported ? "Cancel" : "Close"), { type: "button" });
  cancel.addEventListener("click", () => dialog.close());
  const acts = made("div", "actions");
  acts.append(cancel, ...(reported ? [send] : []));
  form.append(...about, ...(reported ? [why, labelled("Anything else? (optional)", words), made("p", "", whoSees)] : []), problem, acts);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!reported || send.disabled) return;
    const reason = new FormData(form).get("reason");
    send.disabled = true;
    const reply = await ask(`${apiOf(roomId)}/reports`, { ...reported(), reason, words: words.value });
    send.disabled = false;
    if (!reply.success) return tell(problem, reply.error);
    dialog.close();
    say("Reported. Thank you.", SAID_FOR_MS);
    announce("Reported. Thank you.");
  });
  dialog.append(heading, form);
  document.body.append(dialog);
  dialog.addEventListener("close", () => setTimeout(() => dialog.remove()));
  openDialog(dialog, opener);
}

/** One without words says its files' names: each is named once. @param {import("../connection/wire.js").Message} message */
export function textOf({ message, attachments = [] }) {
  const isWordless = message === attachments.map(({ name }) => name).join(", ");
  return [isWordless ? "" : message, ...attachments.map(({ name }) => `File: ${name}`)].filter(Boolean).join("\n");
}

/**
 * @param {string} value
 * @param {string} words
 */
function choice(value, words) {
  const label = made("label", "check");
  label.append(Object.assign(document.createElement("input"), { type: "radio", name: "reason", value, required: true }), made("span", "", words));
  return label;
}

/**
 * @param {string} words
 * @param {HTMLElement} field
 */
function labelled(words, field) {
  const label = made("label", "report-field");
  label.append(words, field);
  return label;
}

/**
 * @param {HTMLElement} problem
 * @param {string} words
 */
function tell(problem, words) {
  problem.textContent = words;
  problem.scrollIntoView({ block: "nearest" });
}

/**
 * @param {string} tag
 * @param {string} className
 * @param {string} [text]
 */
function made(tag, className, text = "") {
  return /** @type {any} */ (Object.assign(document.createElement(tag), { className, textContent: text }));
}
