// @ts-check
// What tells the reader that there is more below: the pill, the count in the title, and the way to the end.
import { restoreFocus } from "../browser/dialogs.js";
import { byId } from "../browser/dom.js";
import { unreadFor } from "../state/unread.js";

export class Marks {
  /** @param {{store: import("../state/store.js").Store, reading: import("./reading.js").Reading}} parts */
  constructor({ store, reading }) {
    this.store = store;
    this.reading = reading;
    this.pill = byId("pill");
    this.end = byId("to-end");
    this.title = document.title;
    /** @type {number | undefined} the frame it is shown after */
    this.soon = undefined;
  }

  start() {
    leads(this.pill, async () => (await this.reading.toUnread())?.focus({ preventScroll: true }));
    leads(this.end, () => this.reading.toEnd());
    leads(byId("missing-close"), () => void (byId("missing").hidden = true));
    this.reading.onMove = () => this.showPlace();
    this.store.watch(["unread", "knocks"], (state) => this.show(state));
  }

  /** @param {string} title */
  retitle(title) {
    this.title = title;
    this.show(this.store.state);
  }

  /** @param {import("../state/store.js").State} state */
  show({ unread: { count }, knocks }) {
    const forYou = unreadFor(this.store.state);
    const unread = [count > forYou && count, forYou && `${forYou} @`].filter(Boolean).join(", ");
    const marks = [knocks.length ? `(${knocks.length} waiting)` : "", unread && `(${unread})`];
    globalThis.framed?.tell(count);
    document.title = [...marks, this.title].filter(Boolean).join(" ");
    const words = count === 1 ? "1 new message" : `${count} new messages`;
    byId("pill-text").textContent = forYou ? `${words}, ${forYou} for you` : words;
    // After the next frame, when the place is known without laying out the page for it.
    this.soon ??= requestAnimationFrame(() => setTimeout(() => {
      this.soon = undefined;
      this.showPlace();
    }));
  }

  showPlace() {
    const { reading } = this;
    const [atEnd, isFar] = [reading.atEnd(), reading.isFarFromEnd()]; // both before anything moves
    this.pill.hidden = !this.store.state.unread.count || atEnd;
    this.end.hidden = !isFar;
  }
}

/**
 * A button that is gone once it was used leaves the focus in the transcript.
 * @param {HTMLElement} button
 * @param {() => Promise<void> | void} act
 */
function leads(button, act) {
  button.addEventListener("click", async () => {
    await act();
    restoreFocus(byId("scroller"));
  });
}
