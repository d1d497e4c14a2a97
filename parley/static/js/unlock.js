// @ts-check
// Where the key of an encrypted conversation is taken from the link, or asked for.
import { byId } from "./browser/dom.js";
import { apiOf, pathOf } from "./browser/root.js";
import { ask } from "./connection/wire.js";
import { Epoch, parseFragment, stretched } from "./encryption/keys.js";
import { toBase64url } from "./encryption/octets.js";
import { Person } from "./encryption/people.js";
import { whole } from "./sealed/coming.js";
import { openerOf } from "./sealed/epochs.js";
import { keep, keptOf, newKept } from "./sealed/kept.js";
import { tidied } from "./sealed/tidied.js";
import "./page.js";

/** @typedef {import("./sealed/kept.js").Kept} Kept */

const { roomId = "", epoch: told = "0" } = byId("door").dataset;
/** The number of the key that is used now. */
const number = Number(told);
const form = /** @type {HTMLFormElement} */ (byId("unlock"));
const field = /** @type {HTMLInputElement} */ (byId("full-link"));
const NO_KEY = "This link has lost its key: the part after the #. Ask for the whole link, or paste it here.";
const CHANGED = "The key was changed. Ask for the new link.";
const OLD_LINK = "This link's key was changed. Ask whoever sent it for the new one.";
const FORGED = "The server's records of the key don't fit this link. Ask whoever sent it, and don't write anything here.";
const NO_ANSWER = "The server didn't respond. Try again.";
const NO_ROOM = "Your browser doesn't let this page keep the key. Leave private browsing, or free some space.";
const ASKS = "This link has a passphrase. The person who sent it can tell you.";
const NOT_SECURE = "Encrypted conversations only open over https. Ask for a link that begins with https.";

/** The link whose passphrase is asked for. @type {import("./encryption/keys.js").LinkKey | undefined} */
let locked;

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (locked) tryPassphrase(locked, field.value);
  else open(field.value.slice(field.value.indexOf("#") + 1));
});
// To open the whole link where this page is open already doesn't load it again.
addEventListener("hashchange", () => location.hash.length > 1 && open(takeFragment().slice(1)));
begin();

/** Nobody reads it off the screen. */
function takeFragment() {
  const fragment = location.hash;
  if (fragment) history.replaceState(history.state, "", location.pathname);
  return fragment;
}

async function begin() {
  if (!globalThis.crypto?.subtle) return say(NOT_SECURE);
  const fragment = takeFragment();
  const kept = await keptOf(roomId).catch(() => undefined);
  if (!fragment && kept && await comeBack(kept)) return;
  if (!fragment && await takeFromChest(kept)) return;
  form.hidden = false;
  if (fragment) await open(fragment.slice(1));
  else if (!kept || (kept.epoch ?? 0) >= number) say(NO_KEY);
}

/**
 * Another device of the account may have its key, or a newer one.
 * @param {Kept} [known]
 */
async function takeFromChest(known) {
  const { keptInChest } = await import("./sealed/chest.js");
  const found = await keptInChest(roomId, known ? known.epoch ?? 0 : undefined);
  if (!found) return false;
  const { key, iterations, stretched: adds, epoch, room, before } = found;
  // Who one is here stays.
  const kept = known ? { ...known, key, iterations, stretched: adds, epoch, room, before, introduced: undefined } : found;
  return await isShown(kept, kept.epoch ?? 0) ? go(kept) : false;
}

/**
 * With the key that this browser has, or with one that was handed to it since.
 * @param {Kept} kept
 */
async function comeBack(kept) {
  const { epoch = 0 } = kept;
  if (epoch >= number) return await isShown(kept, epoch) && go(kept);
  const [opener, person] = [await openerOf(kept), await Person.of(kept.signing, kept.exchange)];
  const { renew } = await import("./sealed/renewing.js");
  const outcome = await renew({ kept, opener, person, roomId });
  if (outcome === "current") return go(kept);
  say(outcome === "unreachable" ? NO_ANSWER : CHANGED);
  return false;
}

/** @param {string} fragment */
async function open(fragment) {
  let link;
  try {
    link = parseFragment(fragment.trim());
  } catch {
    return complain("That isn't the whole link. Its end looks like #k= and 43 letters and digits.");
  }
  if (link.iterations) return askForPassphrase(link);
  await enterBy(link);
}

/**
 * Without the spaces that a keyboard adds, and where it isn't that, as it was typed: another client may have made it so.
 * @param {import("./encryption/keys.js").LinkKey} link
 * @param {string} typed
 */
async function tryPassphrase(link, typed) {
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
  button.disabled = true;
  say("Opening…"); // a phone takes seconds for it
  for (const passphrase of new Set([tidied(typed), typed])) if (await enterBy(link, passphrase)) return;
  button.disabled = false;
  say(ASKS);
  field.focus();
}

/**
 * @param {import("./encryption/keys.js").LinkKey} link
 * @param {string} [passphrase] where it has one
 * @returns {Promise<boolean>} whether it opened the conversation
 */
async function enterBy(link, passphrase) {
  complain("");
  const adds = passphrase === undefined ? new Uint8Array() : await stretched(link, passphrase);
  const known = await keptOf(roomId).catch(() => undefined);
  const person = known ? await Person.of(known.signing, known.exchange) : await Person.generate();
  const kept = await newKept(roomId, link, adds, person);
  const epoch = await isShown(kept, number);
  if (!epoch) return false;
  try {
    return await go(await whole({ kept, epoch, known, roomId }));
  } catch (trouble) {
    return refuse(/** @type {any} */ (trouble).outcome === "forged" ? FORGED : NO_ANSWER);
  }
}

/**
 * Shows the server that one has the key.
 * @param {Kept} kept
 * @param {number} of the number of its key, as far as that was told
 * @returns {Promise<Epoch | undefined>} none where it isn't the one; then the page says why
 */
async function isShown(kept, of) {
  const epoch = await Epoch.derive(kept.key, { stretched: kept.stretched, number: of });
  const reply = await ask(`${apiOf(roomId)}/enter`, { read_proof: toBase64url(await epoch.proof()) });
  if (reply.success) return epoch;
  // It was changed since this page was loaded, and the link may be newer.
  if (reply.epoch > of) return isShown(kept, reply.epoch);
  refuse(reply.code === "read_proof_wrong" ? wrong(kept, of) : reply.error);
  return undefined;
}

/** @param {string} words */
function refuse(words) {
  complain(words);
  form.hidden = false;
  return false;
}

/** @param {Kept} kept */
async function go(kept) {
  try {
    await keep(kept, { isNew: true });
  } catch {
    return refuse(NO_ROOM);
  }
  location.replace(pathOf(roomId));
  return true;
}

/** @param {Kept} kept @param {number} of */
function wrong({ iterations }, of) {
  if (iterations) return of ? "That's not the passphrase, or this link's key was changed." : "That's not the passphrase, or not this conversation's link.";
  return of ? OLD_LINK : "That key belongs to another conversation, or to an earlier link. If you were told a passphrase as well, the end of the link is missing.";
}

/** @param {import("./encryption/keys.js").LinkKey} link */
function askForPassphrase(link) {
  locked = link;
  const label = /** @type {HTMLElement} */ (form.querySelector("label"));
  say(ASKS);
  label.textContent = "Passphrase";
  field.type = "password";
  field.value = "";
  field.placeholder = "";
  complain("");
  field.focus();
}

/** @param {string} words */
function say(words) {
  byId("unlock-text").textContent = words;
}

/** @param {string} words */
function complain(words) {
  byId("unlock-problem").textContent = words;
  if (words) field.focus();
}
