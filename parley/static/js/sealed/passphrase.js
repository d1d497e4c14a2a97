// @ts-check
// The passphrase of a conversation that is being started: offered where somebody chooses to encrypt. It is sent nowhere
// and kept nowhere, so it has no name in the form, and a suggestion is better than most that people think of.
import { make } from "../browser/elements.js";
import { suggested, WORDS } from "./suggesting.js";

const MAX_CHARS = 200;
const HELP = "Write it down now: it's kept nowhere, and without it the link opens nothing. Don't send it along with the link.";
const COST = `Each guess keeps a computer busy for about a tenth of a second. ${WORDS} random words are more than anyone can try; a name or a date isn't.`;

/**
 * @param {HTMLFormElement} form
 * @param {boolean} isEncrypted
 */
export function offer(form, isEncrypted) {
  const known = /** @type {HTMLElement | null} */ (form.querySelector(".passphrase-choice"));
  const shown = known ?? made();
  if (!known) form.querySelector("#encrypted-choice")?.after(shown);
  shown.hidden = !isEncrypted;
}

/**
 * @param {HTMLFormElement} form
 * @returns {string | undefined} empty where one was wanted and none was given; none where none was wanted
 */
export function chosen(form) {
  const choice = form.querySelector(".passphrase-choice:not([hidden])");
  const box = /** @type {HTMLInputElement | null | undefined} */ (choice?.querySelector("[type=checkbox]"));
  return box?.checked ? /** @type {HTMLInputElement} */ (choice?.querySelector("[type=text]")).value : undefined;
}

function made() {
  const box = /** @type {HTMLInputElement} */ (make("input", { type: "checkbox" }));
  const why = make("small", {}, ["In case the link gets into the wrong hands."]);
  const fields = fieldsOf();
  fields.hidden = true;
  box.addEventListener("change", () => {
    fields.hidden = !box.checked;
    if (box.checked) fields.querySelector("input")?.focus();
  });
  const asked = make("label", { class: "check" }, [box, make("span", {}, ["Also ask for a passphrase ", why])]);
  return make("div", { class: "passphrase-choice", "data-unkept": "" }, [asked, fields]);
}

function fieldsOf() {
  const field = make("input", {
    id: "start-passphrase", type: "text", maxlength: String(MAX_CHARS), autocomplete: "off", autocapitalize: "none",
    spellcheck: "false", "aria-describedby": "passphrase-help",
  });
  const another = make("button", { class: "button", type: "button" }, ["Suggest another"]);
  const suggest = () => suggested().then((words) => (field.value = words), () => {}); // then people think of one themselves
  another.addEventListener("click", suggest);
  suggest();
  const label = make("label", { for: field.id }, ["Passphrase"]);
  const help = make("div", { id: "passphrase-help", class: "passphrase-help" }, [make("p", {}, [HELP]), make("p", {}, [COST])]);
  return make("div", { class: "passphrase-fields" }, [label, make("div", { class: "start-row" }, [field, another]), help]);
}
