// @ts-check
// What was half written in a form is there again for whoever goes away and comes back in the same tab. Pages are stored
// nowhere, so WebKit and Firefox would give an empty form. What has led to a conversation is not kept.

import { recall, remember } from "./saved.js";

/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Field */

const SENT = "form-sent";

/** @param {HTMLFormElement} form one that the server gave empty, or with what it refused */
export function keepForm(form) {
  const key = `form:${location.pathname}`;
  const changed = fields(form).some((field) => current(field) !== initial(field));
  // This is it, then: the browser's own memory would also hold what was sent.
  form.autocomplete = "off";
  // What the server gives back filled in, it has refused, and knows better.
  if (!changed && !form.querySelector("[role=alert]")) fill(form, read(key));

  form.addEventListener("input", () => write(key, written(form)));
  form.addEventListener("submit", () => write(SENT, { key }));
  addEventListener("pageshow", (event) => {
    // The very same page again, as it was when it was left: but WebKit has emptied what has autocomplete="off", or does
    // so in the next task.
    if (!event.persisted) return;
    const kept = read(key);
    if (Object.keys(kept).length) setTimeout(() => fill(form, kept));
    else form.reset();
  });
}

/** Where it led to is there: until then it may have gone nowhere, for want of a network. */
export function forgetSentForm() {
  write(read(SENT).key ?? SENT, {});
  write(SENT, {});
}

/**
 * @param {HTMLFormElement} form
 * @returns {Field[]} those that somebody fills in
 */
function fields(form) {
  const all = /** @type {Field[]} */ ([...form.querySelectorAll("input:not([type=hidden]), textarea, select")]);
  return all.filter((field) => !field.closest("[data-unkept]"));
}

/** @param {Field} field */
function current(field) {
  return field.type === "checkbox" ? String(/** @type {HTMLInputElement} */ (field).checked) : field.value;
}

/** @param {Field} field */
function initial(field) {
  if (field instanceof HTMLSelectElement) {
    return ([...field.options].find((option) => option.defaultSelected) ?? field.options[0]).value;
  }
  return field.type === "checkbox" ? String(/** @type {HTMLInputElement} */ (field).defaultChecked) : field.defaultValue;
}

/**
 * What is filled in otherwise than the server has it: all of what it refused.
 * @param {HTMLFormElement} form
 * @returns {Record<string, string>} by the name of the field
 */
export function written(form) {
  const isRefused = form.querySelector("[role=alert]");
  const changed = fields(form).filter((field) => isRefused || current(field) !== initial(field));
  return Object.fromEntries(changed.map((field) => [field.name, current(field)]));
}

/**
 * @param {HTMLFormElement} form
 * @param {Record<string, string>} kept
 */
export function fill(form, kept) {
  for (const field of fields(form)) {
    const value = kept[field.name];
    if (typeof value !== "string") continue;
    if (field.type === "checkbox") /** @type {HTMLInputElement} */ (field).checked = value === "true";
    else field.value = value;
    const folded = field.closest("details");
    if (folded) folded.open = true;
  }
}

/**
 * @param {string} key
 * @returns {Record<string, string>}
 */
function read(key) {
  try {
    return JSON.parse(recall(key, "sessionStorage") || "{}");
  } catch {
    return {}; // none of ours
  }
}

/**
 * @param {string} key
 * @param {Record<string, string>} kept nothing to forget it
 */
function write(key, kept) {
  remember(key, Object.keys(kept).length ? JSON.stringify(kept) : "", "sessionStorage");
}
