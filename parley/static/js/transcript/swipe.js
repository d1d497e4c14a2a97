// @ts-check
// A finger that draws a message to the right answers it; a sign beside it says so, and when it was drawn far enough.
import { byId } from "../browser/dom.js";
import { icon } from "./menu-icon.js";
import { reply } from "./reply.js";

/** As far as it has to be drawn, and as far as it follows. */
const ENOUGH_PX = 56;
/** Before that it may be a tap, or the beginning of scrolling. */
const BEGINS_PX = 12;
/** The edge of the screen is the system's: from there it goes back a page. */
const EDGE_PX = 24;

/** @param {import("./actions.js").Page} page */
export function startSwiping(page) {
  /** @type {{element: HTMLElement, x: number, y: number, by: number, isSwipe: boolean} | undefined} */
  let drawn;
  const root = byId("items");
  const sign = document.createElement("span");
  sign.className = "swipe-sign";
  sign.append(icon(reply.icon));

  const letGo = () => {
    drawn?.element.style.removeProperty("translate");
    sign.remove();
    drawn = undefined;
  };
  root.addEventListener("touchstart", (event) => {
    letGo();
    const target = /** @type {HTMLElement} */ (event.target);
    const element = /** @type {HTMLElement | null} */ (target.closest(".message[data-id]"));
    const { clientX: x, clientY: y } = event.touches[0];
    // What scrolls sideways itself is left to do so.
    if (event.touches.length > 1 || !element || x < EDGE_PX || target.closest("pre, .tools")) return;
    if (messageOf(page, element)) drawn = { element, x, y, by: 0, isSwipe: false };
  }, { passive: true });
  root.addEventListener("touchmove", (event) => {
    if (!drawn) return;
    const [right, down] = [event.touches[0].clientX - drawn.x, event.touches[0].clientY - drawn.y];
    if (!drawn.isSwipe && Math.hypot(right, down) < BEGINS_PX) return;
    if (!drawn.isSwipe && right < 2 * Math.abs(down)) return letGo();
    drawn.isSwipe = true;
    drawn.by = Math.max(0, Math.min(ENOUGH_PX, right));
    drawn.element.style.translate = `${drawn.by}px`;
    if (sign.parentElement !== drawn.element) drawn.element.append(sign);
    sign.style.opacity = String(drawn.by / ENOUGH_PX);
    sign.classList.toggle("enough", drawn.by === ENOUGH_PX);
  }, { passive: true });
  root.addEventListener("touchend", () => {
    const { element, by = 0 } = drawn ?? {};
    letGo();
    const message = element && by >= ENOUGH_PX && messageOf(page, element);
    if (message) reply.run(message, element, page);
  });
  root.addEventListener("touchcancel", letGo);
}

/**
 * @param {import("./actions.js").Page} page
 * @param {HTMLElement} element
 */
function messageOf({ store: { state } }, element) {
  const message = state.messages.find(({ id }) => id === element.dataset.id);
  return message && !message.deleted && reply.isFor(message, state) ? message : undefined;
}
