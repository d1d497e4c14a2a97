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
    /** @type {KeyboardEvent | undefined} */
    let key;
    /** @param {KeyboardEvent} pressed */
    const hear = (pressed) => (key = pressed);
    root.addEventListener("keydown", hear);
    try {
      const [{ startActions }] = await Promise.all([import("./actions.js"), loadSheet("actions")]);
      startActions(page, isHeld ? event : undefined);
      key?.target?.dispatchEvent(new KeyboardEvent("keydown", key)); // it was pressed meanwhile
    } catch {
      listen(); // the network may be there next time
    } finally {
      root.removeEventListener("keydown", hear);
    }
  };
  const listen = () => FIRST.forEach((type) => root.addEventListener(type, load));
  listen();
}
