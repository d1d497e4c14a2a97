// @ts-check
// Who reacted: shown on hover and focus, and by a long press of a finger. Names are looked up when they are asked for.
import { byId } from "../browser/dom.js";
import { nameIn } from "../people/names.js";
import { reactionsOf } from "../state/reacting.js";
import { showReactions } from "../transcript/reactions.js";

const LONG_PRESS_MS = 450;

/** @param {import("../state/store.js").Store} store */
export function startChips(store) {
  const root = byId("items");
  for (const type of ["pointerover", "focusin"]) root.addEventListener(type, (event) => rename(store, event.target));
  root.addEventListener("pointerdown", pressed);
  root.addEventListener("contextmenu", (event) => chipAt(event.target) && event.preventDefault());
}

/**
 * Somebody may have come or have another name since.
 * @param {import("../state/store.js").Store} store
 * @param {EventTarget | null} target
 */
function rename({ state }, target) {
  const element = /** @type {HTMLElement | null} */ (chipAt(target)?.closest(".message"));
  const message = state.messages.find(({ id }) => id === element?.dataset.id);
  if (element && message) showReactions(element, reactionsOf(message, state), state.me?.userId ?? "", nameIn(state));
}

/** @param {PointerEvent} event */
function pressed({ target, pointerType }) {
  const chip = chipAt(target);
  if (!chip || pointerType !== "touch") return;
  const timer = setTimeout(() => {
    chip.focus({ preventScroll: true });
    // It was pressed to look: lifting the finger reacts with nothing.
    addEventListener("click", swallow, { capture: true, once: true });
    addEventListener("pointerdown", () => removeEventListener("click", swallow, true), { capture: true, once: true });
  }, LONG_PRESS_MS);
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => clearTimeout(timer), { once: true });
}

/** @param {Event} event */
function swallow(event) {
  event.preventDefault();
  event.stopPropagation();
}

/** @param {EventTarget | null} target */
function chipAt(target) {
  return /** @type {HTMLElement | null} */ (target instanceof Element ? target.closest(".reaction") : null);
}
