// @ts-check
import { byId } from "../browser/dom.js";

/** The sheet for files: the server names it in the page's head where there are any, and else in `data-files-sheet`. */
export function loadStyle() {
  const address = byId("conversation").dataset.filesSheet ?? "";
  if (document.querySelector(`link[href="${address}"]`)) return;
  document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: address }));
}
