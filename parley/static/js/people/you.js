// @ts-check
// Who one is here, and the ways to another name and out.
import { byId } from "../browser/dom.js";

/**
 * @param {object} parts
 * @param {string} parts.roomId
 * @param {import("../state/store.js").Store} parts.store
 * @param {(username: string) => void} parts.renamed
 * @param {() => void} parts.stop once one has left
 */
export function startYou({ roomId, store, renamed, stop }) {
  const leaving = /** @type {HTMLFormElement} */ (byId("leave"));
  const rename = /** @type {HTMLDetailsElement} */ (byId("rename"));
  const field = /** @type {HTMLInputElement} */ (byId("new-name"));
  store.watch(["me", "active"], ({ me, active }) => {
    byId("you").hidden = !me;
    byId("own-name").textContent = me?.username ?? "";
    leaving.hidden = !me;
    rename.hidden = !active;
    if (!rename.open) field.value = me?.username ?? "";
  });
  const form = /** @type {HTMLFormElement} */ (rename.querySelector("form"));
  form.noValidate = true;
  rename.addEventListener("toggle", () => import("./rename.js").catch(() => {}), { once: true }); // to have it by then
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const asking = await import("./rename.js").catch(() => form.submit()); // as without a script
    asking?.askForName({ roomId, rename, field, renamed });
  });
  leaving.addEventListener("submit", async (event) => {
    event.preventDefault();
    const asking = await import("./leave.js").catch(() => leaving.submit());
    asking?.leave({ roomId, form: leaving, stop });
  });
}
