// @ts-check
// What was found, and how it stands with the search: a line of words that is also spoken, the results, and what more
// can be done.
import { ROOT } from "../browser/root.js";
import { between } from "../connection/between.js";
import { make } from "../browser/elements.js";
import { rowOf } from "./rows.js";

/** @typedef {import("./asking.js").State} State */

export class FoundList {
  /**
   * @param {object} parts
   * @param {HTMLElement} parts.root
   * @param {string} parts.roomId empty where all conversations are searched
   * @param {() => void} parts.more
   * @param {(by: string) => void} parts.order
   */
  constructor({ root, roomId, more, order }) {
    this.root = root;
    this.roomId = roomId;
    this.order = order;
    this.status = make("p", { class: "found-status", role: "status" });
    this.hint = make("p", { class: "found-hint" });
    this.choice = make("div", { class: "found-order", role: "group", "aria-label": "Order" }, [
      this.ordering("time", "Newest first"), this.ordering("relevance", "Best match first"),
    ]);
    this.rows = make("ol", { class: "found-rows" });
    this.more = make("button", { class: "button", type: "button" }, ["More results"]);
    this.more.addEventListener("click", more);
    /** @type {import("./asking.js").Result[]} what stands in the list */
    this.shown = [];
    this.of = "";
  }

  /**
   * @param {string} by
   * @param {string} words
   */
  ordering(by, words) {
    const button = make("button", { class: "button small", type: "button", "data-by": by }, [words]);
    button.addEventListener("click", () => this.order(by));
    return button;
  }

  /** In place of what the server rendered, once there is something else to say. */
  takeOver() {
    if (this.root.contains(this.rows)) return;
    this.root.replaceChildren(this.status, this.hint, this.choice, this.rows, this.more);
  }

  /** @param {State} state */
  show(state) {
    this.takeOver();
    const { kind, typed, by, results, cursor } = state;
    this.root.setAttribute("aria-busy", String(kind === "asking"));
    if (kind !== "asking" || !results.length) this.say(inWords(state));
    this.showHint(state);
    this.choice.hidden = !results.length;
    for (const button of this.choice.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.dataset.by === by));
    }
    // What is asked for anew shows what was found before until then, under the words it was found by.
    if (kind !== "asking") this.fill(results, { roomId: this.roomId, typed, by });
    this.rows.hidden = !results.length;
    this.more.hidden = !cursor || !results.length;
    this.more.disabled = kind === "asking";
  }

  /**
   * @param {import("./asking.js").Result[]} results
   * @param {{roomId: string, typed: string, by: string}} asked
   */
  fill(results, asked) {
    const of = `${asked.by} ${asked.typed}`;
    const isMore = of === this.of && this.shown.every((each, at) => each === results[at]);
    const kept = isMore ? this.shown.length : 0;
    const made = results.slice(kept).map((result) => rowOf(result, asked));
    if (isMore) this.rows.append(...made);
    else this.rows.replaceChildren(...made);
    [this.shown, this.of] = [results, of];
  }

  /** @param {string} words */
  say(words) {
    if (this.status.textContent !== words) this.status.textContent = words;
  }

  /** @param {State} state */
  showHint({ kind, typed }) {
    this.hint.hidden = kind !== "none";
    if (kind !== "none") return;
    this.hint.replaceChildren("Try fewer words, or only the beginning of one.");
    if (!this.roomId || between.search) return;
    const href = `${ROOT}/search?${new URLSearchParams({ q: typed })}`;
    this.hint.append(" Or ", make("a", { href }, ["search all your conversations"]), ".");
  }

  links() {
    return /** @type {HTMLAnchorElement[]} */ ([...this.rows.querySelectorAll("a")]);
  }
}

/** @param {State} state */
function inWords({ kind, typed, results, cursor, error, reading, seconds = 0 }) {
  const further = reading ? "Still reading older messages…" : "Searching further back…";
  switch (kind) {
    case "asking":
      return "Searching…";
    case "further":
      return further;
    case "found":
      return `${results.length}${cursor ? "+" : ""} ${results.length === 1 && !cursor ? "result" : "results"}${reading ? `. ${further}` : ""}`;
    case "none":
      return `Nothing found for “\u2068${typed}\u2069”.`;
    case "offline":
      return "Searching needs a connection. It will continue when you're back online.";
    case "waiting":
      return `Too many searches. This one will continue in ${seconds} ${seconds === 1 ? "second" : "seconds"}.`;
    case "refused":
      return error ?? "";
    default:
      return "";
  }
}
