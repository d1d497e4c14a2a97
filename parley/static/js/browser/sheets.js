// @ts-check
// Style sheets that not every reader needs. The page says in its data where they are, as in `data-files-sheet`.
import { byId } from "./dom.js";

/**
 * Resolves once it is there, or is not to be had: then things look plain, and work.
 * @param {"files" | "actions" | "pins" | "search" | "call"} name
 */
export function loadSheet(name) {
  const address = byId("conversation").dataset[`${name}Sheet`] ?? "";
  if (document.querySelector(`link[href="${address}"]`)) return Promise.resolve();
  const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: address });
  return new Promise((resolve) => {
    link.onload = link.onerror = resolve;
    document.head.append(link);
  });
}
