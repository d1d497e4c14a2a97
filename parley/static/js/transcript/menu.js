// @ts-check
// What can be done with a message is loaded when somebody first goes to one: with the mouse, the keyboard or a finger.
import { byId } from "../browser/dom.js";
import { loadSheet } from "../browser/sheets.js";

const FIRST = ["pointerover", "focusin"];

/** @param {import("./actions.js").Page} page */
export function startMenu(page) {
  const root = byId("items");
  /** @param {Event} event */
  const load = async (event) => {
    for (const type of FIRST) root.removeEventListener(type, load);
    let isHeld = true;
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => (isHeld = false), { once: true });
    try {
      const [{ startActions }] = await Promise.all([import("./actions.js"), loadSheet("actions")]);
      startActions(page, isHeld ? event : undefined);
    } catch {
      listen(); // the network may be there next time
    }
  };
  const listen = () => FIRST.forEach((type) => root.addEventListener(type, load));
  listen();
}
