// @ts-check
// Files that are to go with what is being written: chips above the text field, from when they are chosen, pasted or
// dropped until they are sent.
import { announce } from "../transcript/announcer.js";
import { byId } from "../browser/dom.js";
import { between } from "../connection/between.js";
import { live, paint } from "./progress.js";
import { aboutOf, barOf, element, sign } from "./show.js";
import { loadSheet } from "../browser/sheets.js";

/** @typedef {import("../state/store.js").OutgoingFile} OutgoingFile */

// An encrypted conversation has put its own there by now.
const { recall, remember } = between.saved;
const FILES_MAX = 10;
const DOCUMENT = "M5 2.5h6.5L15 6v11.5H5zM11.5 2.5V6H15";

export class Attaching {
  /**
   * @param {object} parts
   * @param {import("./uploads.js").Uploads} parts.uploads
   * @param {import("../writing/composer.js").Composer} parts.composer
   * @param {string} parts.kept under which name this tab keeps what is attached
   */
  constructor({ uploads, composer, kept }) {
    this.uploads = uploads;
    this.composer = composer;
    this.kept = kept;
    /** @type {OutgoingFile[]} */
    this.files = [];
    this.counted = element("p", { className: "attached-count", hidden: true });
    this.list = element("ul", { className: "attached-list" });
    this.list.setAttribute("aria-label", "Files to send");
    this.root = element("div", { className: "attached", hidden: true }, [this.counted, this.list]);
    this.root.addEventListener("click", (event) => this.act(/** @type {HTMLElement} */ (event.target)));
    byId("attach").before(this.root);
    composer.attached = this;
    uploads.ended = (key) => this.uploaded(key);
    loadSheet("files");
  }

  /** What was attached before the page was loaded again. */
  restore() {
    if (!recall(this.kept, "sessionStorage")) return;
    try {
      this.show([...JSON.parse(recall(this.kept, "sessionStorage") || "[]"), ...this.files]);
    } catch {
      return;
    }
    for (const file of this.files) {
      this.uploads.recall(file).then((known) => known || this.remove(file.key));
    }
  }

  get count() {
    return this.files.length;
  }

  /** @param {File[]} chosen */
  async add(chosen) {
    if (this.composer.edit) return this.composer.showProblem("Finish editing first, then attach files.");
    const room = FILES_MAX - this.count;
    if (chosen.length > room) this.composer.showProblem(`A message can have ${FILES_MAX} files. Send the others with another.`);
    const files = chosen.slice(0, room).map((file) => ({ file, entry: entryFor(file) }));
    if (!files.length) return;
    this.show([...this.files, ...files.map(({ entry }) => entry)]);
    announce(files.length === 1 ? `${files[0].entry.name} is attached.` : `${files.length} files are attached.`);
    for (const { file, entry } of files) this.uploads.add(entry, file);
    await Promise.all(files.map(({ file, entry }) => this.measure(file, entry)));
  }

  /**
   * How large a picture is, so that its place is there before it is.
   * @param {File} file
   * @param {OutgoingFile} entry
   */
  async measure(file, { key }) {
    const known = live.get(key);
    if (!known || !file.type.startsWith("image/")) return;
    const image = new Image();
    image.src = known.preview = URL.createObjectURL(file);
    try {
      await image.decode();
    } catch {
      URL.revokeObjectURL(image.src);
      known.preview = undefined; // the server will say what it is
      return;
    }
    const size = { width: image.naturalWidth, height: image.naturalHeight };
    this.show(this.files.map((each) => (each.key === key ? { ...each, ...size } : each)));
  }

  /** @param {OutgoingFile[]} files goes on with what could not be sent */
  putBack(files) {
    this.show([...files, ...this.files]);
    this.uploads.retry(files);
  }

  /**
   * To be sent with what is written; nothing, and why, where one of them failed.
   * @returns {OutgoingFile[] | undefined}
   */
  take() {
    const [failed] = this.failed();
    if (failed) {
      const isForGood = live.get(failed.key)?.upload.isRefusedForGood;
      this.composer.showProblem(`“${failed.name}” did not upload. ${isForGood ? "Remove it first." : "Retry it or remove it."}`);
      this.showFailed();
      return undefined;
    }
    const { files } = this;
    this.show([]);
    return files;
  }

  /** @param {HTMLElement} clicked */
  act(clicked) {
    const key = /** @type {HTMLElement | null} */ (clicked.closest("[data-upload]"))?.dataset.upload ?? "";
    if (clicked.closest('[data-part="again"]')) this.uploads.retry(this.files.filter((file) => file.key === key));
    else if (clicked.closest('[data-part="remove"]')) this.remove(key);
    else return;
    this.composer.field.focus();
  }

  /** @param {string} key */
  remove(key) {
    const gone = this.files.filter((file) => file.key === key);
    this.uploads.letGo(gone);
    this.show(this.files.filter((file) => file.key !== key));
    for (const { name } of gone) announce(`${name} was removed.`);
  }

  /** @param {OutgoingFile[]} files */
  show(files) {
    this.files = files;
    if (files.length) this.composer.drafts.noteRoom();
    remember(this.kept, files.length ? JSON.stringify(files) : "", "sessionStorage");
    const known = new Map([...this.list.children].map((each) => [/** @type {HTMLElement} */ (each).dataset.upload, each]));
    const wanted = files.map((file) => {
      const before = /** @type {HTMLElement | undefined} */ (known.get(file.key));
      const isSame = before && Boolean(before.querySelector("img")) === Boolean(file.width);
      return isSame ? before : chip(file);
    });
    const { scrollTop } = this.list;
    this.list.replaceChildren(...wanted);
    this.root.hidden = !files.length;
    wanted.forEach(paint);
    this.showCount();
    this.list.scrollTop = scrollTop; // a list that was empty for a moment is at its beginning
    this.composer.attachedChanged();
  }

  /** @param {string} key what is there, or cannot be */
  uploaded(key) {
    const file = this.files.find((each) => each.key === key);
    const upload = live.get(key)?.upload;
    if (!file || !upload) return;
    this.showCount();
    if (upload.status !== "failed") return;
    announce(`${file.name} did not upload. ${upload.error}`);
    this.showFailed();
  }

  /** How many there are where not all may be in sight. */
  showCount() {
    const { count } = this;
    const failed = this.failed().length;
    this.counted.textContent = `${count} files${failed ? ` · ${failed} did not upload` : ""}`;
    this.counted.hidden = count < 2;
  }

  showFailed() {
    const [first] = this.failed();
    if (!first) return;
    const row = this.list.querySelector(`[data-upload="${first.key}"]`);
    row?.scrollIntoView({ block: "nearest" });
  }

  failed() {
    return this.files.filter(({ key }) => live.get(key)?.upload.status === "failed");
  }
}

/** @param {File} file */
function entryFor({ name, size, type }) {
  const key = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const secret = between.files?.newKey();
  return { key, name: fit(name) || "file", size, type, ...(secret && { secret }) };
}

/**
 * A name as the server will have it: no path, one line, and nothing that makes an ending read as another.
 * @param {string} name
 */
function fit(name) {
  const last = name.split(/[/\\]/).at(-1) ?? "";
  const line = last.replace(/[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, " ").replace(/\s+/g, " ");
  return line.replace(/^[ .]+|[ .]+$/g, "");
}

/** @param {OutgoingFile} file */
function chip(file) {
  const preview = file.width ? live.get(file.key)?.preview : undefined;
  const picture = preview ? element("img", { className: "chip-picture", src: preview, alt: "", width: 40, height: 40 }) : sign(DOCUMENT);
  const name = element("bdi", { className: "file-name", textContent: file.name });
  const said = element("span", { className: "file-words" }, [name, barOf(), aboutOf(file)]);
  const again = button("again", "Retry", file.name);
  again.hidden = true;
  const made = element("li", { className: "chip" }, [picture, said, again, button("remove", "×", file.name, "Remove")]);
  made.dataset.upload = file.key;
  return made;
}

/**
 * @param {string} part
 * @param {string} words
 * @param {string} name
 * @param {string} [label]
 */
function button(part, words, name, label = words) {
  const made = element("button", { className: "button small quiet", type: "button", textContent: words });
  made.dataset.part = part;
  made.setAttribute("aria-label", `${label} ${name}`);
  return made;
}
