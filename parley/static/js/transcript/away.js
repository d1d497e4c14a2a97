// @ts-check
// What whoever comes back after an hour or more is told: how much was said and by whom, and what of it means them; and one
// key that goes through it. Loaded for them alone.
import { restoreFocus } from "../browser/dialogs.js";
import { byId } from "../browser/dom.js";
import { make } from "../browser/elements.js";
import { apiOf } from "../browser/root.js";
import { loadSheet } from "../browser/sheets.js";
import { ask } from "../connection/wire.js";
import { missedInWords } from "../state/missed.js";

export class Away {
  /**
   * @param {object} parts
   * @param {string} parts.roomId
   * @param {import("../state/store.js").Store} parts.store
   * @param {import("./reading.js").Reading} parts.reading
   */
  constructor({ roomId, store, reading }) {
    this.path = `${apiOf(roomId)}/unread`;
    this.store = store;
    this.reading = reading;
    this.words = make("p", { id: "away-text", role: "status" });
    this.button = make("button", { class: "button small", id: "away-next", type: "button", "aria-keyshortcuts": "n", title: "Key: n" });
    const close = make("button", { class: "button small quiet", type: "button" }, ["Dismiss"]);
    this.card = make("section", { class: "away", id: "away", "aria-labelledby": "away-title", hidden: "" }, [
      make("h2", { class: "away-title", id: "away-title" }, ["While you were away"]),
      this.words,
      make("p", { class: "away-acts" }, [this.button, " ", close]),
    ]);
    byId("to-end").before(this.card);
    /** @type {number[]} the seqs that mean one, those that mention one first */
    this.steps = [];
    /** How many of them were gone to. */
    this.gone = 0;
    this.button.addEventListener("click", () => this.next());
    close.addEventListener("click", () => this.close());
    document.addEventListener("keydown", (event) => this.key(event));
  }

  /** @param {number} after what came later was missed */
  async tell(after) {
    const [reply] = await Promise.all([ask(`${this.path}?after=${after}`), loadSheet("actions")]);
    if (!reply.success || !reply.unread) return;
    this.steps = [...new Set([...reply.mentions, ...reply.replies])];
    this.gone = 0;
    this.reading.keepPlace(() => {
      this.words.textContent = missedInWords(reply);
      this.showStep();
      this.card.hidden = false;
    });
    // From a field in which nothing is written yet: the key is to work at once.
    const focused = document.activeElement;
    if (focused instanceof HTMLTextAreaElement && !focused.value) this.button.focus({ preventScroll: true });
  }

  showStep() {
    const { length } = this.steps;
    if (this.gone >= length) this.button.textContent = "Go to the first";
    else if (length === 1) this.button.textContent = "Show";
    else this.button.textContent = `${this.gone ? "Next" : "Show"} (${this.gone + 1} of ${length})`;
  }

  /** To the next that means one; after the last, to where the unread begins. */
  async next() {
    const seq = this.steps[this.gone];
    this.gone += 1;
    this.showStep();
    if (seq !== undefined) return this.reading.goTo(seq);
    const from = this.store.state.unread.from;
    this.close();
    if (from) await this.reading.goToFirst(from);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (this.card.hidden || event.ctrlKey || event.metaKey || event.altKey || target.closest("dialog")) return;
    if (event.key === "Escape" && this.card.contains(target)) return this.close();
    if (event.key !== "n" || target.matches("input, textarea, select")) return;
    event.preventDefault();
    this.next();
  }

  close() {
    this.reading.keepPlace(() => void (this.card.hidden = true));
    restoreFocus(byId("scroller"));
  }
}
