// @ts-check
// The page that asks into which conversation something shared goes.
import { keepShared, lastShared } from "./kept/shared.js";
import { byId } from "./browser/dom.js";
import "./page.js";

const page = byId("share");
if (page.dataset.text) await keepShared({ text: page.dataset.text, files: [], at: Date.now() }).catch(() => {});
const shared = await lastShared();
const preview = byId("share-preview");
if (shared) {
  preview.hidden = false;
  byId("share-text").textContent = shared.text;
  byId("share-files").replaceChildren(...shared.files.map(({ name }) => Object.assign(document.createElement("li"), { textContent: name })));
} else {
  byId("share-none").hidden = false;
  byId("share-where").hidden = !page.dataset.text;
}
byId("share-where").classList.remove("until-kept");
