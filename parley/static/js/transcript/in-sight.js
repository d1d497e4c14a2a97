// @ts-check
// Keeps the message in sight that a sheet from below is about: it is moved clear of the sheet, and the veil leaves it out.
import { byId } from "../browser/dom.js";

/** Between the message and what is above and below it. */
const GAP_PX = 12;

/** @type {InSight | undefined} of the sheet that is open */
let open;

/**
 * Until the sheet closes.
 * @param {HTMLElement} element the message
 * @param {HTMLDialogElement} sheet that is open
 */
export function keepInSight(element, sheet) {
  open?.end(); // one sheet can lead to the next
  open = new InSight(element, sheet);
}

class InSight {
  /**
   * @param {HTMLElement} element
   * @param {HTMLDialogElement} sheet
   */
  constructor(element, sheet) {
    this.element = element;
    this.sheet = sheet;
    this.scroller = byId("scroller");
    this.transcript = /** @type {HTMLElement} */ (element.closest(".transcript"));
    this.transcript.style.transition = "translate var(--quick) ease-out";
    // What comes meanwhile moves the message, and so does a keyboard that goes.
    this.sizes = new ResizeObserver(() => this.place());
    for (const each of [this.transcript, this.scroller, sheet]) this.sizes.observe(each);
    sheet.addEventListener("close", () => this.end(), { once: true });
  }

  place() {
    if (!this.element.isConnected) return this.end();
    const pane = this.scroller.getBoundingClientRect();
    const box = this.element.getBoundingClientRect();
    const moved = Number.parseFloat(getComputedStyle(this.transcript).translate.split(" ")[1] ?? "0"); // it may be on its way
    const [top, bottom] = [box.top - moved, box.bottom - moved];
    const end = Math.min(this.sheet.offsetTop, pane.bottom); // where the sheet is once it has risen
    const lift = liftOf({ top, bottom }, pane.top + GAP_PX, end - GAP_PX);
    this.transcript.style.translate = `0 ${-lift}px`;
    const from = Math.max(pane.top, top - lift - GAP_PX / 2);
    const to = Math.max(from, Math.min(end, bottom - lift + GAP_PX / 2));
    this.sheet.style.setProperty("--clear-from", `${from}px`);
    this.sheet.style.setProperty("--clear-to", `${to}px`);
  }

  end() {
    this.sizes.disconnect();
    if (open !== this) return;
    open = undefined;
    for (const each of ["translate", "transition"]) this.transcript.style.removeProperty(each);
    for (const edge of ["--clear-from", "--clear-to"]) this.sheet.style.removeProperty(edge);
  }
}

/**
 * No more than it takes. One that is too long for the room begins or ends at its edge, or fills it.
 * @param {{top: number, bottom: number}} message
 * @param {number} from where the room begins
 * @param {number} to where it ends
 */
function liftOf({ top, bottom }, from, to) {
  const [least, most] = [bottom - to, top - from];
  return Math.max(Math.min(0, Math.max(least, most)), Math.min(least, most));
}
