// @ts-check
// The key on the owner's pages: in the browser where the conversation was started, whoever is removed loses it, and a
// new link has another one. Loaded there.
import { closeAll } from "../browser/dialogs.js";
import { copyText } from "../browser/copy-link.js";
import { byId } from "../browser/dom.js";
import { pathOf } from "../browser/root.js";
import { recall, remember } from "../browser/saved.js";
import { askToChange, needing, question, wordsOf } from "./asking.js";
import { change, isFounder } from "./changing.js";
import { keptOf } from "./kept.js";
import { linkOf } from "./links.js";

const TOLD = "key-changed";
const CHANGED = "The key was changed.";

/** @typedef {{roomId: string, me: import("./changing.js").Me, hasPassphrase: boolean}} Here */

/** @param {HTMLElement} page */
export async function manage(page) {
  const { roomId = "", userId = "", username = "", active } = page.dataset;
  const kept = await keptOf(roomId).catch(() => undefined);
  if (!kept) return;
  offerLink(roomId);
  if (!await isFounder(kept)) return void (kept.owner.length || nobodyCan());
  // Nothing more is said in it, or nobody could tell by whom the new key is.
  if (active !== "yes" || !userId) return;
  const here = { roomId, me: { userId, username }, hasPassphrase: kept.iterations > 0 };
  if (page.matches(".statement")) return replacing(page, here);
  say("remove-help", "Removing someone takes effect at once on all their devices, and changes the key: they can't read what follows. Whoever is allowed back needs the new link.");
  say("replace-help", "The old link stops working, and the key is changed with it. People who have joined stay.");
  say("key-help", "The old link stops working. People who are here get the new key automatically, and new people can still read everything.");
  tellWhatWasDone();
  offerChange(here);
  page.addEventListener("submit", (event) => removing(event, here));
}

/** @param {string} id @param {string} words */
function say(id, words) {
  const element = document.getElementById(id);
  if (element) element.textContent = words;
}

function nobodyCan() {
  say("key-help", "This conversation's link doesn't say who started it, so nobody can change its key.");
}

/** It is as it is when it is copied: another window may change the key. @param {string} roomId */
function offerLink(roomId) {
  const place = document.getElementById("key-link");
  if (!place) return;
  place.hidden = false;
  say("link-help", "The link contains the key. Anyone who gets it can read everything here.");
  place.addEventListener("click", async (event) => {
    const copied = /** @type {any} */ (/** @type {HTMLElement} */ (event.target).closest("copy-link"));
    if (!copied) return;
    event.stopImmediatePropagation();
    const kept = await keptOf(roomId);
    const isCopied = kept && await copyText(linkOf(kept), copied);
    copied.confirm(copied.querySelector("button"), isCopied ? "Copied" : "Not copied");
  }, { capture: true });
}

/** @param {Here} here */
function offerChange(here) {
  const { roomId, me } = here;
  const button = /** @type {HTMLButtonElement} */ (byId("change-key"));
  button.hidden = false;
  button.addEventListener("click", async () => {
    const isDone = await askToChange({
      heading: "Change the key?", confirm: "Change the key", opener: button, roomId, offersPassphrase: true,
      act: async (passphrase) => told(await change({ roomId, me, passphrase })),
    });
    here.hasPassphrase = Boolean((await keptOf(roomId))?.iterations);
    if (isDone) say("key-told", recallTold());
    byId("key-told").hidden = !isDone;
  });
}

/** @param {SubmitEvent} event @param {Here} here */
async function removing(event, { roomId, me, hasPassphrase }) {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (!form.action.includes("/manage/remove")) return;
  event.preventDefault();
  const user = String(new FormData(form).get("user_id"));
  const name = form.closest("li")?.querySelector("b")?.textContent ?? "";
  const isDone = await askToChange({
    heading: `Remove ${name}?`, confirm: "Remove", opener: form.querySelector("button"), roomId, remove: user,
    before: "They are out at once, and the key is changed, so that they can't read what follows. ", offersPassphrase: hasPassphrase,
    act: async (passphrase) => told(await change({ roomId, me, passphrase, remove: user })),
    instead: { words: "Only remove", act: () => closeAll().then(() => form.submit()) }, // the key is changed later then
  });
  if (!isDone) return;
  await closeAll();
  location.assign(`${pathOf(roomId)}/manage?${new URLSearchParams({ saved: "remove", who: user })}#people-title`);
}

/** The page that asks whether to replace the link. @param {HTMLElement} page @param {Here} here */
function replacing(page, { roomId, me }) {
  const form = /** @type {HTMLFormElement} */ (page.querySelector("form"));
  const { elements, passphrase } = question(roomId, { offersPassphrase: true, before: "The key is changed with it. " });
  const problem = Object.assign(document.createElement("p"), { className: "problem-line" });
  problem.setAttribute("role", "alert");
  form.before(...elements, problem);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
    if (button.disabled) return;
    button.disabled = true;
    let now = roomId;
    problem.textContent = await wordsOf(change({ roomId, me, passphrase: passphrase(), replacesLink: true }).then((changed) => {
      told(changed);
      now = changed?.roomId ?? roomId;
    }));
    button.disabled = false;
    if (!problem.textContent) location.assign(`${pathOf(now)}/manage?saved=replace-link#links`);
  });
}

/** For the page that follows. @param {{others: string[]} | undefined} changed */
function told(changed) {
  remember(TOLD, `${CHANGED} ${needing(changed?.others ?? [])}`.trim(), "sessionStorage");
}

/** Once. */
function recallTold() {
  const words = recall(TOLD, "sessionStorage");
  remember(TOLD, "", "sessionStorage");
  return words;
}

function tellWhatWasDone() {
  const words = recallTold();
  const beside = document.querySelector("section > .saved");
  if (words && beside) beside.append(` ${words}`);
}
