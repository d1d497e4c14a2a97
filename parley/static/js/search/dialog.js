// @ts-check
// Searching over the page of a conversation, and going from hit to hit in it. Loaded when somebody first searches.
import { openDialog } from "../browser/dialogs.js";
import { Box } from "./box.js";
import { make } from "../browser/elements.js";
import { Walk } from "./walk.js";

/**
 * @typedef {object} Page
 * @property {string} roomId
 * @property {import("../state/store.js").Store} store
 * @property {import("../transcript/reading.js").Reading} reading
 * @property {HTMLElement} opener
 */

/** @type {Searching | undefined} */
let searching;

/** @param {Page} page */
export function open(page) {
  searching ??= new Searching(page);
  searching.open();
}

/**
 * Into the search from which a result of its own page led here. The address is then as that of any message: who is
 * sent it is not told what was looked for.
 * @param {Page} page
 */
export function follow(page) {
  searching ??= new Searching(page);
  const address = new URL(location.href);
  const way = address.searchParams;
  searching.follow(way.get("find") ?? "", way.get("by") ?? "time", Number(way.get("at") ?? 0));
  for (const name of ["find", "by"]) way.delete(name);
  history.replaceState(history.state, "", address);
}

class Searching {
  /** @param {Page} page */
  constructor({ roomId, store, reading, opener }) {
    this.opener = opener;
    const label = "Search this conversation";
    const field = make("input", {
      id: "search-field", type: "text", maxlength: "500", dir: "auto", autocomplete: "off", autocapitalize: "off", spellcheck: "false",
      enterkeyhint: "search", inputmode: "search", placeholder: "Search messages", "aria-label": label, autofocus: "",
    });
    const close = make("button", { class: "button quiet", type: "button" }, ["Close"]);
    const form = make("form", { class: "search", role: "search" }, [field, close]);
    const found = make("div", { class: "found" });
    this.dialog = make("dialog", { class: "searching", "aria-label": label }, [form, found]);
    document.body.append(this.dialog);
    this.field = field;
    this.box = new Box({ root: this.dialog, form, field, found, roomId });
    this.walk = new Walk({ roomId, store, reading, widen: (typed) => this.open(typed) });
    this.box.start();
    close.addEventListener("click", () => this.dialog.close());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.goToFirst();
    });
    found.addEventListener("click", (event) => this.clicked(event));
    // Beside the dialog.
    this.dialog.addEventListener("click", ({ target }) => target === this.dialog && this.dialog.close());
  }

  /** @param {string} [typed] */
  open(typed) {
    if (this.dialog.open) return;
    if (typed !== undefined) this.field.value = typed;
    if (!this.box.asking.isFor(this.box.typed, this.box.by)) this.box.now();
    openDialog(this.dialog, this.opener);
    this.field.select();
    this.box.offering.look();
  }

  /** By Enter: as soon as there is one. */
  async goToFirst() {
    const { asking, by, typed } = this.box;
    if (!asking.isFor(typed, by) || asking.state.kind !== "found") await this.box.now();
    if (asking.state.kind === "found" && asking.isFor(this.box.typed, by)) this.goTo(asking.state.results[0].message.seq);
  }

  /** @param {MouseEvent} event */
  clicked(event) {
    const link = /** @type {HTMLElement} */ (event.target).closest("a");
    if (!link?.dataset.seq || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    this.goTo(Number(link.dataset.seq), new URLSearchParams(link.search));
  }

  /**
   * @param {number} seq
   * @param {URLSearchParams} [way] of results that others are under way to replace
   */
  goTo(seq, way) {
    const { state } = this.box.asking;
    const typed = way?.get("find") ?? state.typed;
    // Once the focus is back where it was: the bar takes it then.
    this.dialog.addEventListener("close", () => {
      if (state.kind === "found" && state.typed === typed) this.walk.start(state, seq);
      else this.follow(typed, way?.get("by") ?? "time", seq);
    }, { once: true });
    this.dialog.close();
  }

  /**
   * @param {string} typed
   * @param {string} by
   * @param {number} seq
   */
  follow(typed, by, seq) {
    this.field.value = typed;
    this.box.by = by;
    this.walk.start({ kind: "asking", typed, by, results: [] }, seq);
  }
}
