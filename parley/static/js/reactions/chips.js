// @ts-check
// Who reacted: shown on hover and focus, and by a long press of a finger. Names are looked up when they are asked for.
import { byId } from "../browser/dom.js";
import { nameIn } from "../people/names.js";
import { reactionsOf } from "../state/reacting.js";
import { showReactions } from "../transcript/reactions.js";

const LONG_PRESS_MS = 450;
/** As high as a list of many names. */
const NAMES_PX = 80;

/**
 * @param {import("../state/store.js").Store} store
 * @param {Event} [first] that brought somebody to a chip, if it is not over
 */
export function startChips(store, first) {
  const root = byId("items");
  for (const type of ["pointerover", "focusin"]) root.addEventListener(type, (event) => rename(store, event.target));
  rename(store, first?.target ?? null);
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
  placeNames(chipAt(target)?.parentElement);
  if (element && message) showReactions(element, reactionsOf(message, state), state.me?.userId ?? "", nameIn(state));
}

/**
 * Over the chips, or under them where what scrolls would cut them off.
 * @param {HTMLElement | null | undefined} row
 */
function placeNames(row) {
  const above = (row?.getBoundingClientRect().top ?? 0) - byId("scroller").getBoundingClientRect().top;
  row?.classList.toggle("low", above < NAMES_PX);
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
