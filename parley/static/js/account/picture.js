// @ts-check
// The picture in one's mark: made small here, and once more by the server. Loaded by whoever is signed in.
import { byId } from "../browser/dom.js";
import { ROOT } from "../browser/root.js";
import { send } from "../connection/send.js";
import { OWN_PAGE } from "../connection/line.js";

const PATH = "/api/account/picture";
const SIDE_PX = 288;
const QUALITY = 0.85;
const [file, remove] = [/** @type {HTMLInputElement} */ (byId("picture-file")), /** @type {HTMLButtonElement} */ (byId("picture-remove"))];

export function start() {
  byId("picture-section").hidden = false;
  file.addEventListener("change", choose);
  remove.addEventListener("click", takeAway);
}

async function choose() {
  const [chosen] = file.files ?? [];
  file.value = "";
  if (!chosen) return;
  say("", "");
  try {
    const body = await square(chosen);
    const headers = { "Content-Type": body.type, Accept: "application/json", ...OWN_PAGE };
    const reply = await (await fetch(ROOT + PATH, { method: "PUT", headers, body })).json();
    if (!reply.success) return say("", reply.error);
    remove.hidden = false;
    say("Your picture is shown now.", "");
  } catch (error) {
    say("", error instanceof TypeError ? "The server didn't respond. Try again." : "This picture can't be opened. Try another one.");
  }
}

async function takeAway() {
  const reply = await send("DELETE", PATH, {});
  if (!reply.success) return say("", reply.error);
  remove.hidden = true;
  say("Your picture is removed.", "");
}

/** Its middle. @param {Blob} picture @returns {Promise<Blob>} Rejects where it can't be opened. */
async function square(picture) {
  const opened = await createImageBitmap(picture);
  const side = Math.min(opened.width, opened.height);
  const canvas = Object.assign(document.createElement("canvas"), { width: SIDE_PX, height: SIDE_PX });
  const [left, top] = [(opened.width - side) / 2, (opened.height - side) / 2];
  canvas.getContext("2d")?.drawImage(opened, left, top, side, side, 0, 0, SIDE_PX, SIDE_PX);
  opened.close();
  return new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("not drawn"))), "image/webp", QUALITY));
}

/** @param {string} said @param {string} problem */
function say(said, problem) {
  byId("picture-said").textContent = said;
  byId("picture-problem").textContent = problem;
  byId("picture-problem").hidden = !problem;
}
