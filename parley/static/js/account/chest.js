// @ts-check
// The part of the account's page that is about keys of encrypted conversations. Loaded by whoever is signed in.
import { make as element } from "../browser/elements.js";
import { byId } from "../browser/dom.js";
import { send } from "../connection/send.js";
import { wayByPasskey, wayByPhrase } from "../encryption/chest.js";
import { add, change, fetched, letGo, look } from "../sealed/chest.js";
import { allKept } from "../sealed/kept.js";
import { addPasskey, hasPhrase, make, newPhrase, openByPasskey, openByPhrase, setPhrase } from "./chest-ways.js";
import { outputOf, prove } from "./passkeys.js";

const NO_PRF = "This passkey can't do that, or this browser can't ask it. Use a recovery phrase.";
const NOT_DONE = "That didn't work. Try again.";
const canShow = Boolean(/** @type {any} */ (globalThis.PublicKeyCredential)?.parseRequestOptionsFromJSON)
  && !document.querySelector("[data-no-passkeys]");
const section = byId("chest-section");

/** Never rejects. */
export async function start() {
  section.hidden = !globalThis.crypto?.subtle;
  await show();
}

/** @param {string} [said] what has just been done */
async function show(said = "") {
  const chest = await look();
  if (typeof chest === "string") return SHOWN[chest](said);
  const rooms = Object.keys(chest.rooms).length;
  const words = rooms === 1 ? "The key of one conversation is kept." : `The keys of ${rooms} conversations are kept.`;
  const older = chest.isOlder && " The server has an earlier state than this device saw before: what was kept since may be missing. The keys of this device are put in again.";
  fill(said, [
    help(`${words} They open on each of your devices that can open the chest.${older || ""}`),
    acts(
      canShow && act("Let a passkey open it", letPasskey),
      act(hasPhrase(chest.ways) ? "New recovery phrase" : "Create a recovery phrase", tellPhrase),
      act("Stop keeping them", stop, "danger"),
    ),
  ]);
  if (chest.isOlder) await putAllAgain();
}

/** @type {Record<import("../sealed/chest.js").Trouble, (said: string) => void>} */
const SHOWN = {
  none: (said) => fill(said, [
    help("On each new device you need their links. Keep their keys with your account, and they open on all your devices. This browser seals them: the server can't open them."),
    acts(canShow && act("Keep them, with a passkey", beginByPasskey), act("Keep them, with a recovery phrase", beginByPhrase)),
  ]),
  locked: (said) => showClosed(said, "This device can't open them yet. Show a passkey that can, or enter your recovery phrase."),
  unreadable: (said) => showClosed(said, "What the server has isn't what this device kept. If you started over on another device, open it anew. If not, it was changed, and nothing of it is used. The keys on this device stay."),
  unreachable: (said) => fill(said, [help("The server didn't respond."), acts(act("Try again", async () => void await show()))]),
};

/** @param {string} said @param {string} words */
function showClosed(said, words) {
  fill(said, [
    help(words), phraseForm(),
    acts(canShow && act("Open with a passkey", openWithPasskey), act("Start over", beginAnew, "danger")),
  ]);
}

async function beginByPasskey() {
  const { problem, credential } = await prove(false);
  if (!credential) return complain(problem);
  const output = outputOf(credential);
  if (!output) return complain(NO_PRF);
  const outcome = await make((master) => wayByPasskey(master, new Uint8Array(credential.rawId), output));
  return outcome === "done" ? show("The keys are kept.") : complain(NOT_DONE);
}

async function beginByPhrase() {
  const phrase = await newPhrase();
  const outcome = await make((master) => wayByPhrase(master, phrase));
  return outcome === "done" ? showPhrase(phrase) : complain(NOT_DONE);
}

/** Whatever there was is given up. */
async function beginAnew() {
  if (!confirm("Start over? Keys that only other devices have kept there are given up. Those on your devices stay.")) return;
  await letGo();
  SHOWN.none("");
}

async function openWithPasskey() {
  const { problem, credential } = await prove(false);
  if (!credential) return complain(problem);
  if (!outputOf(credential)) return complain(NO_PRF);
  const outcome = await openByPasskey(credential);
  return outcome === "done" ? show("This device opens them now.") : complain(outcome === "no_way" ? "This passkey doesn't open them. Use another, or your recovery phrase." : outcome === "unreadable" ? "What the server has can't be opened with this passkey: it was changed." : NOT_DONE);
}

async function letPasskey() {
  const { problem, credential } = await prove(false);
  if (!credential) return complain(problem);
  if (!outputOf(credential)) return complain(NO_PRF);
  return await addPasskey(credential) === "done" ? show("This passkey opens them now.") : complain(NOT_DONE);
}

async function tellPhrase() {
  const phrase = await newPhrase();
  return await setPhrase(phrase) === "done" ? showPhrase(phrase) : complain(NOT_DONE);
}

/** @param {string} phrase */
function showPhrase(phrase) {
  fill("", [
    help("This is your recovery phrase. It is shown only now. Write it down, or keep it where you keep passwords: whoever has it and can sign in as you can read your encrypted conversations."),
    element("p", { class: "codes", id: "chest-phrase-shown", dir: "ltr" }, [phrase]),
    acts(act("I've written it down", async () => void await show())),
  ]);
}

async function stop() {
  if (!confirm("Stop keeping them? The keys stay on the devices that have them.")) return;
  const found = await fetched();
  const reply = found && await send("PUT", "/api/account/chest", { chest: "", version: found.version });
  if (!reply?.success) return complain(NOT_DONE);
  await letGo();
  return show("They are no longer kept with your account.");
}

async function putAllAgain() {
  const all = await allKept().catch(() => []);
  await change(async ({ rooms }) => {
    for (const kept of all) await add(rooms, kept);
    return true;
  });
}

function phraseForm() {
  const field = /** @type {HTMLInputElement} */ (element("input", { id: "chest-phrase", class: "field", type: "text", maxlength: "200", required: "", dir: "ltr", autocomplete: "off", autocapitalize: "none", spellcheck: "false" }, []));
  const button = /** @type {HTMLButtonElement} */ (element("button", { class: "button", type: "submit" }, ["Open"]));
  const form = element("form", { class: "stack" }, [
    element("label", { for: "chest-phrase" }, ["Recovery phrase"]), field, element("p", { class: "save" }, [button]),
  ]);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    complain("");
    const outcome = await openByPhrase(field.value);
    button.disabled = false;
    if (outcome === "done") return show("This device opens them now.");
    complain(outcome === "wrong" ? "That isn't the phrase, or what the server has was changed." : outcome === "no_way" ? "There is no recovery phrase. Show a passkey." : NOT_DONE);
    field.focus();
  });
  return form;
}

/** @param {string} words */
function help(words) {
  return element("p", { class: "help" }, [words]);
}

/** @param {(HTMLElement | false)[]} buttons */
function acts(...buttons) {
  return element("p", { class: "save chest-acts" }, buttons.filter((each) => each !== false));
}

/** @param {string} words @param {() => Promise<void> | void} does @param {string} [kind] */
function act(words, does, kind = "") {
  const button = /** @type {HTMLButtonElement} */ (element("button", { class: `button ${kind}`.trim(), type: "button" }, [words]));
  button.addEventListener("click", async () => {
    button.disabled = true;
    complain("");
    try {
      await does();
    } catch {
      complain(NOT_DONE);
    }
    button.disabled = false;
  });
  return button;
}

/** @param {string} said @param {HTMLElement[]} parts */
function fill(said, parts) {
  complain("");
  byId("chest-said").textContent = said;
  byId("chest-parts").replaceChildren(...parts);
}

/** @param {string} words */
function complain(words) {
  const line = byId("chest-problem");
  line.textContent = words;
  line.hidden = !words;
}
