// @ts-check
// Whoever has the only key is told so before it is gone: nobody could ever read the conversation again. The key of who
// started it is the only one until the link was taken from the page, or somebody else is there.
import { byId } from "../browser/dom.js";

/** @typedef {import("./kept.js").Kept} Kept */

const ONLY_HERE = "Only this browser has the key so far. Copy the link and keep it: without it, no one could read this again if this browser lost the key.";

/**
 * @param {object} parts
 * @param {Kept} parts.kept
 * @param {import("../state/store.js").Store} parts.store
 * @param {import("./line.js").Line} parts.line
 */
export function watchLastKey({ kept, store, line }) {
  const isAlone = () => store.state.participantCount <= 1;
  const isOnlyOne = () => Boolean(kept.isOnlyHere) && isAlone() && store.state.messages.length > 0;
  const note = byId("key-note");
  const usual = note.textContent;
  const show = () => (note.textContent = isOnlyOne() ? ONLY_HERE : usual);
  store.watch(["participantCount", "messages"], show);
  document.addEventListener("keytaken", show);

  /** What was asked about, and is to be done now. @type {EventTarget | undefined} */
  let agreed;
  const guard = (/** @type {Event} */ event, /** @type {HTMLElement} */ what, /** @type {"leave" | "forget"} */ act) => {
    if (agreed === what || !isAlone()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    ask(act, what, kept, () => {
      agreed = what;
      if (what instanceof HTMLFormElement) what.requestSubmit();
      else what.click();
    });
  };
  const [leave, forget] = [byId("leave"), byId("forget-key")];
  document.addEventListener("submit", (event) => event.target === leave && guard(event, leave, "leave"), { capture: true });
  document.addEventListener("click", (event) => event.target === forget && guard(event, forget, "forget"), { capture: true });

  // Whoever goes on within this site comes back to it.
  let isGoingOn = false;
  const goesOn = () => {
    isGoingOn = true;
    setTimeout(() => (isGoingOn = false), 5000); // it may have been something else that was pressed
  };
  document.addEventListener("click", ({ target }) => /** @type {HTMLElement} */ (target).closest("a[href]") && goesOn());
  document.addEventListener("submit", goesOn);
  line.acts.get("link_replaced")?.push(goesOn);
  addEventListener("beforeunload", (event) => {
    if (isGoingOn || agreed || !isOnlyOne()) return;
    event.preventDefault();
    // Runs only where somebody stays.
    setTimeout(() => ask("close", byId("scroller"), kept, () => {}), 300);
  });
}

/**
 * @param {"leave" | "forget" | "close"} act
 * @param {HTMLElement} opener
 * @param {Kept} kept
 * @param {() => void} goOn
 */
async function ask(act, opener, kept, goOn) {
  try {
    const { askAboutKey } = await import("./last-key-dialog.js");
    await askAboutKey(act, opener, kept, goOn);
  } catch {
    if (act !== "close" && confirm(ONLY_HERE)) goOn(); // the network may be gone
  }
}
