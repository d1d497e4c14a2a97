// @ts-check
// Title and description of an encrypted conversation, where an owner manages it: said in the conversation, for those who
// have the key, and shown on this page by the browser alone.
import { byId } from "../browser/dom.js";
import { apiOf } from "../browser/root.js";
import { ask } from "../connection/wire.js";
import { keep, keptOf } from "./kept.js";
import { speakingOf } from "./speaking.js";

/** @typedef {import("./log.js").About} About */

const NO_KEY = "Open the conversation in this browser first: this needs its key.";
const UNTITLED = "Encrypted conversation";
const PAGE_MESSAGES = 200;

/** @param {HTMLFormElement} form */
export async function startAbout(form) {
  const { roomId = "", userId = "" } = form.dataset;
  const kept = globalThis.crypto?.subtle && await keptOf(roomId).catch(() => undefined);
  if (!kept) return complain(NO_KEY);
  // Where nobody has joined yet it waits, as what it was started with.
  let { about } = kept;
  const line = await speakingOf(kept, userId);
  if (!about) {
    await readNewest(line, roomId);
    ({ about } = line.log);
  }
  /** @type {About} */
  let saved = { title: about.title, description: about.description };
  fill(form, saved);
  show(saved);
  form.hidden = false;
  form.addEventListener("input", () => showWhether(form, saved));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopPropagation(); // nothing is sent but what is sealed
    const wanted = read(form);
    const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
    button.disabled = true;
    const problem = userId ? await say(wanted, line, roomId) : await wait(wanted, roomId);
    button.disabled = false;
    complain(problem);
    if (problem) return;
    saved = wanted;
    show(saved);
    showWhether(form, saved);
    part(form, ".saved").hidden = false;
  });
}

/**
 * An owner may have changed it elsewhere since this browser was there.
 * @param {import("./line.js").Line} line
 * @param {string} roomId
 */
async function readNewest({ log }, roomId) {
  const reply = await ask(`${apiOf(roomId)}/messages?limit=${PAGE_MESSAGES}`);
  if (!reply.success || !reply.messages.length) return;
  await log.readAll(reply.messages);
  await log.follow(reply.messages.at(-1).seq, !reply.has_more);
}

/**
 * @param {About} about
 * @param {import("./line.js").Line} line
 * @param {string} roomId
 * @returns {Promise<string>} why not
 */
async function say(about, line, roomId) {
  const ack = await line.emitter(overRest(roomId), 0).emitWithAck("retitle", { about });
  if (!ack.ok) return ack.error;
  const kept = await keptOf(roomId).catch(() => undefined); // the conversation's page may have changed it meanwhile
  if (kept) await keep({ ...kept, about: undefined, called: { ...about, seq: ack.seq } }, { saysAbout: true }).catch(() => {});
  return "";
}

/** As a socket, of which there is none here. @param {string} roomId @returns {any} */
function overRest(roomId) {
  const emitWithAck = async (/** @type {string} */ _event, /** @type {object} */ fields) => {
    const reply = await ask(`${apiOf(roomId)}/messages`, fields);
    return reply.success ? { ok: true, seq: reply.seq } : { ok: false, ...reply };
  };
  return { timeout: () => ({ emitWithAck }) };
}

/** To be said with the name that somebody gives. @param {About} about @param {string} roomId */
async function wait(about, roomId) {
  const kept = await keptOf(roomId).catch(() => undefined);
  if (!kept) return NO_KEY;
  return keep({ ...kept, about }, { saysAbout: true }).then(() => "", () => "Your browser couldn't keep this. Free some space, and try again.");
}

/** @param {HTMLFormElement} form @returns {About} */
function read(form) {
  const said = new FormData(form);
  const [title, description] = ["title", "description"].map((name) => String(said.get(name) ?? "").replace(/\r\n?/g, "\n").trim());
  return { title, description };
}

/** @param {HTMLFormElement} form @param {About} about */
function fill(form, about) {
  for (const [name, words] of Object.entries(about)) {
    /** @type {HTMLInputElement} */ (form.elements.namedItem(name)).value = words;
  }
}

/** @param {About} about */
function show({ title }) {
  part(document, ".manage-title").textContent = title || UNTITLED;
  document.title = `Manage ${title || "an encrypted conversation"} · parley`;
}

/** @param {HTMLFormElement} form @param {About} saved */
function showWhether(form, saved) {
  const written = read(form);
  const isUnsaved = written.title !== saved.title || written.description !== saved.description;
  part(form, ".unsaved").hidden = !isUnsaved;
  part(form, ".saved").hidden = true;
  part(form, "button").classList.toggle("primary", isUnsaved);
}

/** @param {ParentNode} root @param {string} selector */
function part(root, selector) {
  return /** @type {HTMLElement} */ (root.querySelector(selector));
}

/** @param {string} words */
function complain(words) {
  byId("sealed-about-problem").textContent = words;
}
