// @ts-check
// From hit to hit in the transcript: a bar in place of the page's head, with what is looked for, where one is among the
// hits, and the ways to the others.
import { apiOf } from "../browser/root.js";
import { announce } from "../transcript/announcer.js";
import { goBack, jump } from "../transcript/jumps.js";
import { spokenTime } from "../browser/time.js";
import { Asking } from "./asking.js";
import { make } from "../browser/elements.js";
import { HitMarks } from "./hit-marks.js";
import { complete } from "./offers.js";

/** @typedef {import("./asking.js").State} State */

const SVG = "http://www.w3.org/2000/svg";
/** So many pages of results are read to learn which of them one is at. */
const PAGES_MAX = 10;

export class Walk {
  /**
   * @param {object} parts
   * @param {string} parts.roomId
   * @param {import("../state/store.js").Store} parts.store
   * @param {import("../transcript/reading.js").Reading} parts.reading
   * @param {(typed: string) => void} parts.widen shows all results
   */
  constructor({ roomId, store, reading, widen }) {
    this.reading = reading;
    this.asking = new Asking(`${apiOf(roomId)}/search`, () => this.show());
    this.marks = new HitMarks(store);
    this.seq = 0;
    this.field = make("input", {
      id: "walk-field", type: "text", maxlength: "500", dir: "auto", autocomplete: "off", autocapitalize: "off", spellcheck: "false",
      enterkeyhint: "search", inputmode: "search", "aria-label": "Search this conversation", "aria-describedby": "walk-place",
    });
    this.place = make("button", { class: "button quiet walk-place", id: "walk-place", type: "button", title: "Show all results" });
    this.next = button("Older hit", "M10 16V4M4.5 9.5 10 4l5.5 5.5");
    this.previous = button("Newer hit", "M10 4v12M4.5 10.5 10 16l5.5-5.5");
    const close = button("Close the search", "M5 5l10 10M15 5 5 15");
    this.form = make("form", { class: "walk", role: "search" }, [this.field, this.place, this.next, this.previous, close]);
    this.form.hidden = true;
    document.querySelector(".bar")?.after(this.form);
    this.place.addEventListener("click", () => widen(this.field.value));
    this.next.addEventListener("click", () => this.step(1));
    this.previous.addEventListener("click", () => this.step(-1));
    close.addEventListener("click", () => this.close());
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("keydown", (event) => this.keyed(event));
    document.addEventListener("keydown", (event) => this.keyedAnywhere(event));
  }

  get isOpen() {
    return !this.form.hidden;
  }

  get at() {
    return this.asking.state.results.findIndex(({ message }) => message.seq === this.seq);
  }

  /**
   * @param {State} state what was found, as far as that is known
   * @param {number} seq the hit to begin at
   */
  async start(state, seq) {
    const isNew = !this.isOpen;
    if (isNew) this.before = /** @type {HTMLElement | null} */ (document.activeElement);
    this.form.hidden = false;
    this.field.value = state.typed;
    this.seq = seq;
    const isByTime = state.by === "time";
    name(this.next, isByTime ? "Older hit" : "Next hit");
    name(this.previous, isByTime ? "Newer hit" : "Previous hit");
    if (isNew && matchMedia("(hover: hover)").matches) this.field.focus();
    if (state.kind === "found") this.asking.show(state);
    else await this.find(state);
    await this.go();
  }

  /** @param {State} state */
  async find({ typed, by }) {
    await this.asking.now(typed, by);
    for (let pages = 1; this.seq && this.at < 0 && this.asking.state.cursor && pages < PAGES_MAX; pages += 1) await this.asking.more();
  }

  /** @param {1 | -1} by */
  async step(by) {
    const { state } = this.asking;
    if (state.typed !== complete(this.field.value)) return this.anew();
    const next = this.at + by;
    if (next >= state.results.length && !["found", "none"].includes(state.kind)) return; // more is under way
    if (next >= state.results.length && state.cursor) await this.asking.more();
    const result = this.asking.state.results[Math.max(0, next)];
    if (!result || next < 0) return announce(by > 0 ? "That was the last hit." : "That was the first hit.");
    this.seq = result.message.seq;
    await this.go();
  }

  /** Something else is looked for. */
  async anew() {
    const { by } = this.asking.state;
    await this.asking.now(complete(this.field.value), by);
    this.seq = this.asking.state.results[0]?.message.seq ?? 0;
    if (this.seq) await this.go();
    else this.show();
  }

  /** The focus stays on what was pressed. */
  async go() {
    this.show();
    // After the press itself, which takes the mark from the message before.
    await new Promise((resolve) => setTimeout(resolve));
    const focused = /** @type {HTMLElement | null} */ (document.activeElement);
    await jump(this.reading, null, this.seq);
    this.marks.reveal(this.seq, this.reading.scroller);
    if (focused && this.form.contains(focused)) focused.focus({ preventScroll: true });
    const result = this.asking.state.results[this.at];
    if (result) announce(`${this.inWords()}. ${result.message.username}, ${spokenTime(result.message.timestamp)}: ${result.snippet.map(({ text }) => text).join("")}`);
  }

  show() {
    const { results, cursor } = this.asking.state;
    this.place.textContent = this.inWords();
    dim(this.previous, this.at <= 0);
    dim(this.next, this.at >= results.length - 1 && !cursor);
    if (this.isOpen) this.marks.show(results);
  }

  inWords() {
    const { kind, results, cursor, seconds } = this.asking.state;
    if (kind === "offline") return "Offline";
    if (kind === "waiting") return `Wait ${seconds} s`;
    if (kind === "none" || kind === "refused") return "No hits";
    if (!results.length) return "…";
    return `${this.at < 0 ? "–" : this.at + 1} of ${results.length}${cursor ? "+" : ""}`;
  }

  /** @param {KeyboardEvent} event */
  keyed(event) {
    const { key, shiftKey, ctrlKey, metaKey, altKey, isComposing, keyCode } = event;
    if (isComposing || keyCode === 229 || ctrlKey || metaKey || altKey) return;
    if (key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.close();
      this.goBack();
    } else if (key === "Enter" && event.target === this.field) {
      event.preventDefault();
      this.step(shiftKey ? -1 : 1);
    }
  }

  /** Whoever was writing goes on writing. */
  async goBack() {
    await goBack(this.reading);
    if (this.before?.matches("textarea, input") && !this.isOpen) this.before.focus({ preventScroll: true });
  }

  /** As browsers have it for what they find themselves. @param {KeyboardEvent} event */
  keyedAnywhere(event) {
    if (!this.isOpen || event.altKey || document.querySelector("dialog:modal")) return;
    // In the transcript it leads back by itself.
    if (event.key === "Escape" && this.reading.scroller.contains(/** @type {Node} */ (event.target))) return this.close();
    const isAgain = event.key === "F3" || (event.key.toLowerCase() === "g" && event.ctrlKey !== event.metaKey);
    if (!isAgain) return;
    event.preventDefault();
    this.step(event.shiftKey ? -1 : 1);
  }

  /** One stays where one is; the way back is offered as after any jump. */
  close() {
    const had = this.form.contains(document.activeElement);
    this.form.hidden = true;
    this.asking.begin();
    this.marks.clear();
    if (had) (document.getElementById(`m-${this.seq}`) ?? this.reading.scroller).focus({ preventScroll: true });
  }
}

/**
 * @param {string} label
 * @param {string} path
 */
function button(label, path) {
  const drawing = document.createElementNS(SVG, "svg");
  for (const [key, value] of Object.entries({ width: "20", height: "20", viewBox: "0 0 20 20", "aria-hidden": "true" })) {
    drawing.setAttribute(key, value);
  }
  const drawn = document.createElementNS(SVG, "path");
  drawn.setAttribute("d", path);
  drawing.append(drawn);
  const made = make("button", { class: "button quiet bar-button", type: "button" }, [drawing]);
  name(made, label);
  return made;
}

/**
 * @param {HTMLElement} button
 * @param {string} label
 */
function name(button, label) {
  button.setAttribute("aria-label", label);
  button.title = label;
}

/**
 * It keeps the focus, which a disabled one would lose.
 * @param {HTMLElement} button
 * @param {boolean} isOver
 */
function dim(button, isOver) {
  button.setAttribute("aria-disabled", String(isOver));
}
