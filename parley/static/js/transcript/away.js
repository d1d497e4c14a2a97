// @ts-check
// What whoever comes back after an hour or more is told: how much was said and by whom, and what of it means them; and one
// key that goes through it. Loaded for them alone.
import { restoreFocus } from "../browser/dialogs.js";
import { byId } from "../browser/dom.js";
import { ask } from "../connection/wire.js";

/** So many are named; of more, how much they said together. */
const NAMED = 3;
/** A longer name is cut. */
const NAME_CHARS = 24;

/**
 * @typedef {{username: string, count: number}} Author
 * @typedef {{unread: number, more?: boolean, by: Author[], mentions: number[], replies: number[]}} Missed
 */

export class Away {
  /**
   * @param {object} parts
   * @param {string} parts.roomId
   * @param {import("../state/store.js").Store} parts.store
   * @param {import("./reading.js").Reading} parts.reading
   */
  constructor({ roomId, store, reading }) {
    this.path = `/api/conversations/${encodeURIComponent(roomId)}/unread`;
    this.store = store;
    this.reading = reading;
    this.card = byId("away");
    this.button = byId("away-next");
    /** @type {number[]} the seqs that mean one, those that mention one first */
    this.steps = [];
    /** How many of them were gone to. */
    this.gone = 0;
    this.button.addEventListener("click", () => this.next());
    byId("away-close").addEventListener("click", () => this.close());
    document.addEventListener("keydown", (event) => this.key(event));
  }

  /** @param {number} after what came later was missed */
  async tell(after) {
    const reply = await ask(`${this.path}?after=${after}`);
    if (!reply.success || !reply.unread) return;
    this.steps = [...new Set([...reply.mentions, ...reply.replies])];
    this.gone = 0;
    this.reading.keepPlace(() => {
      byId("away-text").textContent = wordsOf(reply);
      this.showStep();
      this.card.hidden = false;
    });
    // From a field in which nothing is written yet: the key is to work at once.
    const focused = document.activeElement;
    if (focused instanceof HTMLTextAreaElement && !focused.value) this.button.focus({ preventScroll: true });
  }

  showStep() {
    const { length } = this.steps;
    if (!length) this.button.textContent = "Go to the first";
    else if (this.gone < length) this.button.textContent = `${this.gone ? "Next" : "Show"} (${this.gone + 1} of ${length})`;
    else this.button.textContent = "Go to the first";
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

/** @param {Missed} missed */
function wordsOf({ unread, more, by, mentions, replies }) {
  const counted = `${more ? "Over " : ""}${unread.toLocaleString("en")} ${unread === 1 ? "message" : "messages"}`;
  const others = unread - by.slice(0, NAMED).reduce((sum, { count }) => sum + count, 0);
  const authors = by.length === 1 ? `from ${short(by[0].username)}` : `${named(by)}${others ? ` and ${others} more` : ""}`;
  const facts = [
    mentions.length && `${mentions.length} mention${mentions.length === 1 ? "s" : ""} you`,
    replies.length && `${replies.length} answer${replies.length === 1 ? "s" : ""} you`,
  ].filter(Boolean);
  const said = by.length === 1 ? `${counted} ${authors}.` : `${counted}: ${authors}.`;
  return facts.length ? `${said} ${facts.join(" and ")}.` : said;
}

/** @param {Author[]} by */
function named(by) {
  const shown = by.slice(0, NAMED).map(({ username, count }) => `${count} from ${short(username)}`);
  const last = by.length <= NAMED && shown.length > 1 ? ` and ${shown.pop()}` : "";
  return `${shown.join(", ")}${last}`;
}

/** @param {string} name */
function short(name) {
  const letters = [...name];
  return letters.length > NAME_CHARS ? `${letters.slice(0, NAME_CHARS - 1).join("")}…` : name;
}
