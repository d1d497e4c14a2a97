// @ts-check
// What a bot answers to whoever asked it, above where one writes: for them alone, and gone when they close it.
import { byId } from "../browser/dom.js";
import { make } from "../browser/elements.js";

/** So many at once: of more, the first goes. */
const SHOWN_MAX = 3;

export class Answers {
  constructor() {
    /** @type {Map<string, {row: HTMLElement, text: HTMLElement}>} by what the ask is called */
    this.rows = new Map();
    /** @type {Map<string, (text: HTMLElement) => void>} what was told before the ask was acknowledged */
    this.early = new Map();
    this.list = make("div", { class: "answers", id: "answers", role: "log", "aria-label": "Answers from bots", hidden: "" });
    byId("replying").before(this.list);
  }

  /**
   * @param {string} id
   * @param {string} username the bot's
   */
  waitFor(id, username) {
    const text = make("span", { class: "answer-text", dir: "auto" }, ["…"]);
    const close = make("button", { class: "button quiet", type: "button", "aria-label": `Close the answer from ${username}` }, ["Close"]);
    const row = make("p", { class: "answer" }, [make("bdi", { class: "quote-author" }, [username]), " ", text, close]);
    close.addEventListener("click", () => {
      this.remove(id);
      byId("message").focus();
    });
    this.rows.set(id, { row, text });
    this.list.append(row);
    this.list.hidden = false;
    const [first] = this.rows.keys();
    if (this.rows.size > SHOWN_MAX) this.remove(first);
    this.early.get(id)?.(text);
    this.early.delete(id);
  }

  /**
   * @param {string} id
   * @param {string} [text] nothing where there is nothing to say: it is done
   */
  answered(id, text = "Done.") {
    this.show(id, (element) => {
      element.textContent = text;
      element.classList.remove("late");
    });
  }

  /** @param {string} id */
  late(id) {
    this.show(id, (element) => {
      element.textContent = "hasn’t answered yet. If it still does, you’ll see it here.";
      element.classList.add("late");
    });
  }

  /**
   * @param {string} id
   * @param {(text: HTMLElement) => void} how
   */
  show(id, how) {
    const shown = this.rows.get(id);
    if (shown) how(shown.text);
    else this.early.set(id, how);
  }

  /** @param {string} id */
  remove(id) {
    this.rows.get(id)?.row.remove();
    this.rows.delete(id);
    this.list.hidden = this.rows.size === 0;
  }
}
