// @ts-check
// What one is notified of in this conversation, and whether this device is notified at all.
import { openDialog } from "../browser/dialogs.js";
import { apiOf } from "../browser/root.js";
import { ask } from "../connection/wire.js";
import { USUAL, notified, send, support, turnOff, turnOn } from "./device.js";
import { HELP, LEVELS, WHY_NOT } from "./reasons.js";

const PAUSES = /** @type {const} */ ([["3600", "1 hour"], ["28800", "8 hours"], ["86400", "1 day"], ["604800", "1 week"]]);

/**
 * @param {object} parts
 * @param {string} parts.roomId
 * @param {HTMLElement} parts.opener
 */
export async function openNotifying({ roomId, opener }) {
  const path = `${apiOf(roomId)}/notifications`;
  const [reply, choices] = [await ask(path), await notified()];
  const dialog = /** @type {HTMLDialogElement} */ (made("dialog", "ask notifying"));
  dialog.setAttribute("aria-labelledby", "notifying-title");
  const problem = made("p", "problem-line");
  problem.setAttribute("role", "alert");
  dialog.append(Object.assign(made("h2", "", "Notifications"), { id: "notifying-title" }));
  if (reply.success) dialog.append(ofConversation({ path, reply, problem }));
  else problem.textContent = `${reply.error} What of this conversation you're notified of can be chosen then.`;
  dialog.append(ofDevice({ choices, problem }), problem);
  const form = /** @type {HTMLFormElement} */ (made("form", "actions"));
  form.method = "dialog";
  const done = /** @type {HTMLButtonElement} */ (made("button", "button", "Done"));
  done.type = "submit";
  form.append(done);
  dialog.append(form);
  document.body.append(dialog);
  dialog.addEventListener("close", () => setTimeout(() => dialog.remove()));
  openDialog(dialog, opener);
}

/** @param {{path: string, reply: any, problem: HTMLElement}} parts */
function ofConversation({ path, reply, problem }) {
  const group = fieldset("In this conversation");
  /** @type {[string, string][]} */
  const levels = [["default", `As usual (${LEVELS[reply.usual].toLowerCase()})`], ...Object.entries(LEVELS)];
  let chosen = reply.is_default ? "default" : reply.level;
  for (const [value, words] of levels) {
    const label = made("label", "check");
    const radio = Object.assign(document.createElement("input"), { type: "radio", name: "level", value, checked: value === chosen });
    radio.addEventListener("change", async () => {
      const answer = await send("PUT", { level: value }, path);
      tell(problem, answer.success ? "" : answer.error);
      if (answer.success) chosen = value;
      for (const each of group.querySelectorAll("input")) each.checked = each.value === chosen;
    });
    label.append(radio, made("span", "", words));
    group.append(label);
  }
  group.append(made("p", "panel-note", "Calls ring too, unless you choose “Nothing”; among more than ten people only with “Everything”."));
  const until = reply.quiet_until ? new Date(reply.quiet_until) : undefined;
  const isQuiet = until !== undefined && until > new Date();
  const label = made("label", "notifying-row", "Pause");
  const select = document.createElement("select");
  const now = isQuiet ? `Until ${until.toLocaleString([], { weekday: "short", hour: "numeric", minute: "2-digit" })}` : "Not paused";
  for (const [value, words] of [["", now], ...(isQuiet ? [["0", "End the pause"]] : []), ...PAUSES]) select.append(new Option(words, value));
  select.addEventListener("change", async () => {
    if (!select.value) return;
    const answer = await send("PUT", { quiet_for_s: Number(select.value) }, path);
    tell(problem, answer.success ? "" : answer.error);
    if (!answer.success) select.value = "";
  });
  label.append(select);
  group.append(label);
  return group;
}

/** @param {{choices: import("./device.js").Choices | undefined, problem: HTMLElement}} parts */
function ofDevice({ choices, problem }) {
  const group = fieldset("On this device, for all conversations");
  const can = support();
  if (can !== "there") {
    group.append(made("p", "panel-note", WHY_NOT[can]));
    if (can !== "off") group.append(Object.assign(made("a", "button small", "What you can do"), { href: HELP }));
    return group;
  }
  let now = choices ?? USUAL;
  const on = checkbox("Notify me on this device", choices !== undefined);
  const words = checkbox("Show names and what was said", now.words);
  const quiet = checkbox("Quiet hours", now.quiet_hours !== null);
  const [from, to] = [time("From", now.quiet_hours?.start ?? "22:00"), time("to", now.quiet_hours?.end ?? "07:00")];
  const row = made("div", "notifying-row");
  row.append(from.label, to.label);
  const show = () => {
    for (const each of [words, quiet, from, to]) each.box.disabled = !on.box.checked;
    row.hidden = !quiet.box.checked;
  };
  /** One after the other, and of several that wait the last: the server keeps what comes last. */
  let changes = 0;
  let changing = Promise.resolve();
  const change = () => {
    const number = ++changes;
    show();
    changing = changing.then(() => (number === changes ? apply(number) : undefined));
  };
  const apply = async (/** @type {number} */ number) => {
    const [start, end] = [from.box.value, to.box.value];
    if (quiet.box.checked && (!start || !end)) return; // somebody is at it
    if (quiet.box.checked && start === end) return tell(problem, "Quiet hours need two different times.");
    const hours = { start, end, time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone };
    const wanted = { words: words.box.checked, quiet_hours: quiet.box.checked ? hours : null };
    const failed = on.box.checked ? await turnOn(wanted) : await turnOff();
    if (!failed) now = wanted;
    if (number !== changes) return; // what was chosen since is next
    tell(problem, failed);
    if (!failed) return;
    // As it was: nothing may look chosen that is not.
    on.box.checked = (await notified()) !== undefined;
    words.box.checked = now.words;
    quiet.box.checked = now.quiet_hours !== null;
    if (now.quiet_hours) [from.box.value, to.box.value] = [now.quiet_hours.start, now.quiet_hours.end];
    show();
  };
  for (const each of [on, words, quiet, from, to]) each.box.addEventListener("change", change);
  show();
  group.append(on.label, words.label, quiet.label, row);
  return group;
}

/**
 * @param {HTMLElement} problem
 * @param {string} words
 */
function tell(problem, words) {
  problem.textContent = words;
  if (words) problem.scrollIntoView({ block: "nearest" });
}

/** @param {string} words */
function fieldset(words) {
  const group = made("fieldset", "notifying-group");
  group.append(made("legend", "", words));
  return group;
}

/**
 * @param {string} words
 * @param {boolean} checked
 */
function checkbox(words, checked) {
  const label = made("label", "check");
  const box = Object.assign(document.createElement("input"), { type: "checkbox", checked });
  label.append(box, made("span", "", words));
  return { label, box };
}

/**
 * @param {string} words
 * @param {string} value
 */
function time(words, value) {
  const label = made("label", "", words);
  const box = Object.assign(document.createElement("input"), { type: "time", value });
  label.append(box);
  return { label, box };
}

/**
 * @param {string} tag
 * @param {string} className
 * @param {string} [text]
 */
function made(tag, className, text = "") {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}
