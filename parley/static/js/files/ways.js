// @ts-check
// How files come to the page: chosen, pasted, dragged on it, or recorded.
import { byId } from "../browser/dom.js";
import { Attaching } from "./attaching.js";

export class Ways {
  /**
   * @param {object} parts
   * @param {() => Promise<import("./uploads.js").Uploads>} parts.uploads
   * @param {import("../writing/composer.js").Composer} parts.composer
   * @param {string} parts.kept under which name this tab keeps what is attached
   * @param {Event} event that brought somebody here
   */
  constructor({ uploads, composer, kept }, event) {
    this.composer = composer;
    this.uploads = uploads;
    this.kept = kept;
    /** @type {Promise<Attaching> | undefined} */
    this.loading = undefined;
    this.attaching().catch(() => {}); // whoever attaches something is told
    this.picker = /** @type {HTMLInputElement} */ (byId("file"));
    this.picker.addEventListener("change", () => this.chosen());
    byId("message").addEventListener("paste", (pasted) => this.take(pasted, pasted.clipboardData));
    addEventListener("dragover", (dragged) => this.over(dragged));
    addEventListener("dragleave", ({ relatedTarget }) => relatedTarget || mark(false));
    addEventListener("drop", (dropped) => this.drop(dropped));
    byId("record").addEventListener("pointerdown", (pressed) => pressed.button || this.record(pressed));
    byId("record").addEventListener("click", (clicked) => clicked.detail || this.record(clicked)); // by keyboard
    const isRecord = event.target instanceof Element && event.target.closest("#record");
    if (isRecord && event.type === "pointerdown") this.record(event);
  }

  attaching() {
    this.loading ??= this.uploads().then((uploads) => {
      const chips = new Attaching({ uploads, composer: this.composer, kept: this.kept });
      chips.restore();
      return chips;
    });
    this.loading.catch(() => (this.loading = undefined)); // the network may be there next time
    return this.loading;
  }

  /** @param {(File | null)[]} files */
  async attach(files) {
    try {
      const chips = await this.attaching();
      chips.add(files.filter((file) => file !== null));
    } catch {
      this.composer.showProblem("The files couldn't be added. Check your connection, or reload the page.");
    }
  }

  chosen() {
    this.attach([...(this.picker.files ?? [])]);
    this.picker.value = ""; // the same one may be chosen again
  }

  /** @param {DragEvent} event */
  over(event) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault(); // or the browser would open it in place of the page
    const may = !this.composer.form.hidden;
    event.dataTransfer.dropEffect = may ? "copy" : "none";
    mark(may);
  }

  /** @param {DragEvent} event */
  drop(event) {
    mark(false);
    if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
    if (!this.composer.form.hidden) this.take(event, event.dataTransfer);
  }

  /**
   * @param {Event} event
   * @param {DataTransfer | null} brought
   */
  take(event, brought) {
    const items = [...(brought?.items ?? [])].filter(({ kind }) => kind === "file");
    // Words copied from a word processor come with a picture of themselves.
    if (!items.length || (event.type === "paste" && brought?.types.includes("text/plain"))) return;
    event.preventDefault();
    const files = items.filter((item) => !item.webkitGetAsEntry?.()?.isDirectory);
    if (files.length < items.length) this.composer.showProblem("Folders can't be sent. Choose the files in them.");
    this.attach(files.map((item) => item.getAsFile()));
  }

  /** @param {Event} event that asks for it */
  async record(event) {
    try {
      const [{ record }, chips] = await Promise.all([import("./recorder.js"), this.attaching()]);
      await record(this.composer, chips, event);
    } catch {
      this.composer.showProblem("The recorder couldn't be loaded. Check your connection.");
    }
  }
}

/** @param {boolean} isOver */
function mark(isOver) {
  byId("composer").classList.toggle("dropping", isOver);
}
