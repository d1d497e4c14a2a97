// @ts-check
// The files of a message on the screen: those it has, or those on their way with it. `templates/parts/files.html` makes
// the same on the server; `tests/files_cases.json` holds both to it.
import { live, paint } from "./progress.js";
import { between } from "../connection/between.js";
import { about, fitted, kindOf, labelOf, said } from "./sizes.js";
import { loadSheet } from "../browser/sheets.js";

/**
 * @typedef {import("../connection/wire.js").File} File
 * @typedef {import("../state/store.js").OutgoingFile} OutgoingFile
 */

/** Longer sound is opened when somebody wants to hear it. */
const SOUND_MAX_BYTES = 8 * 1024 * 1024;
const SVG = "http://www.w3.org/2000/svg";
const DOCUMENT = "M5 2.5h6.5L15 6v11.5H5zM11.5 2.5V6H15";

/**
 * @param {HTMLElement} element a message
 * @param {{username: string, attachments?: File[], files?: OutgoingFile[]}} message
 */
export function showFiles(element, { username, attachments = [], files = [] }) {
  loadSheet("files");
  const before = /** @type {HTMLElement | null} */ (element.querySelector(":scope > .files"));
  // Keys stay out of the page.
  const shown = JSON.stringify(attachments.length ? attachments : files.map(({ secret: _, ...file }) => file));
  if (before && (before.dataset.files === shown || isSame(before, attachments))) return;
  const made = attachments.length ? filesOf(attachments, username) : outgoingOf(files);
  made.dataset.files = shown;
  if (before && attachments.length) keepPictures(before, made);
  if (made.querySelector(".sound")) import("./wave.js").then(({ watch }) => watch(made), () => {});
  if (made.querySelector("[data-sealed]")) between.files?.watch(made);
  if (before) before.replaceWith(made);
  else element.querySelector(":scope > .message-text")?.before(made);
  if (!attachments.length) for (const row of made.querySelectorAll("[data-upload]")) paint(/** @type {HTMLElement} */ (row));
}

/**
 * What the server rendered, in whatever order it writes what it knows.
 * @param {HTMLElement} before
 * @param {File[]} attachments
 */
function isSame(before, attachments) {
  const ids = (/** @type {{id?: string}[]} */ files) => files.map(({ id }) => id).join();
  return attachments.length > 0 && ids(JSON.parse(before.dataset.files ?? "[]")) === ids(attachments);
}

/**
 * @param {File[]} files
 * @param {string} username who sent them
 */
export function filesOf(files, username) {
  const pictures = files.filter((file) => kindOf(file) === "picture");
  const others = files.filter((file) => kindOf(file) !== "picture");
  return box(pictures.map(picture), others.map((file) => oneFile(file, username)));
}

/**
 * @param {HTMLElement[]} pictures
 * @param {HTMLElement[]} others
 */
function box(pictures, others) {
  const made = element("div", { className: "files" });
  made.dataset.part = "files";
  if (pictures.length) {
    const grid = element("div", { className: "pictures" }, pictures);
    grid.dataset.count = String(pictures.length);
    made.append(grid);
  }
  made.append(...others);
  return made;
}

/** @param {File} file */
export function picture(file) {
  const [width, height] = fitted(file);
  const image = element("img", { width, height, alt: file.name, loading: "lazy", decoding: "async" });
  const made = element("a", { className: "picture", target: "_blank", rel: "noopener" }, [image]);
  if (file.sealed) made.dataset.sealed = file.id;
  else [image.src, made.href] = [file.thumbnail_url ?? file.url, file.url];
  made.dataset.said = said(file);
  return made;
}

/**
 * @param {File} file
 * @param {string} username
 */
export function oneFile(file, username) {
  const kind = kindOf(file);
  if (file.sealed && (kind !== "audio" || file.size > SOUND_MAX_BYTES)) return sealedRow(file);
  if (kind === "video") return film(file, username);
  return kind === "audio" ? sound(file, username) : documentRow(file);
}

/**
 * @param {File} file
 * @param {string} username
 */
function film(file, username) {
  const [width, height] = fitted(file);
  const video = element("video", { src: file.url, width, height, controls: true, preload: "metadata", playsInline: true });
  video.setAttribute("aria-label", labelOf(file, username));
  if (file.thumbnail_url) video.poster = file.thumbnail_url;
  const made = element("div", { className: "film" }, [video]);
  made.dataset.said = said(file);
  return made;
}

/**
 * @param {File} file
 * @param {string} username
 */
function sound(file, username) {
  const audio = element("audio", { controls: true, preload: "metadata" });
  if (!file.sealed) audio.src = file.url;
  audio.setAttribute("aria-label", labelOf(file, username));
  const faster = element("button", { className: "button small quiet faster needs-js", type: "button", textContent: "1.5×", disabled: true });
  faster.setAttribute("aria-pressed", "false");
  faster.setAttribute("aria-label", "1.5 times as fast");
  const made = element("div", { className: "sound" }, [nameOf(file), faster, audio]);
  if (file.sealed) made.dataset.sealed = file.id;
  made.dataset.said = said(file);
  return made;
}

/** @param {File} file */
function documentRow(file) {
  return element("a", { className: "document", href: file.url, download: file.name }, [sign(DOCUMENT), words(file)]);
}

/** Opened when somebody wants it. @param {File} file */
function sealedRow(file) {
  const made = element("button", { className: "document", type: "button" }, [sign(DOCUMENT), words(file)]);
  made.dataset.sealed = file.id;
  return made;
}

/** @param {{name: string, size: number}} file */
function words(file) {
  const said = element("span", { className: "file-about", textContent: about(file) });
  said.dataset.part = "about";
  return element("span", { className: "file-words" }, [nameOf(file), said]);
}

/** @param {{name: string}} file */
function nameOf({ name }) {
  return element("bdi", { className: "file-name", textContent: name });
}

/** @param {string} path */
export function sign(path) {
  const drawing = document.createElementNS(SVG, "svg");
  for (const [name, value] of Object.entries({ class: "file-sign", width: 20, height: 20, viewBox: "0 0 20 20" })) {
    drawing.setAttribute(name, String(value));
  }
  drawing.setAttribute("aria-hidden", "true");
  const drawn = document.createElementNS(SVG, "path");
  drawn.setAttribute("d", path);
  drawing.append(drawn);
  return drawing;
}

/** @param {OutgoingFile[]} files on their way, and what ends that */
function outgoingOf(files) {
  const isSeen = (/** @type {OutgoingFile} */ { key, width }) => width !== undefined && live.get(key)?.preview !== undefined;
  const made = box(files.filter(isSeen).map(outgoingPicture), files.filter((file) => !isSeen(file)).map(outgoingRow));
  const cancel = element("button", { className: "button small files-cancel", type: "button", textContent: "Cancel" });
  cancel.dataset.action = "discard";
  made.append(cancel);
  return made;
}

/** @param {OutgoingFile} file */
function outgoingPicture(file) {
  const [width, height] = fitted(file);
  const image = element("img", { width, height, alt: file.name, src: live.get(file.key)?.preview ?? "" });
  const far = element("span", { className: "picture-far" }, [aboutOf(), barOf()]);
  return row(file, "picture", [image, far]);
}

/** @param {OutgoingFile} file */
function outgoingRow(file) {
  const said = element("span", { className: "file-words" }, [nameOf(file), barOf(), aboutOf(file)]);
  return row(file, "document", [sign(DOCUMENT), said]);
}

/** @param {{name: string, size: number}} [file] */
export function aboutOf(file) {
  const said = element("span", { className: "file-about", textContent: file ? about(file) : "" });
  said.dataset.part = "about";
  return said;
}

export function barOf() {
  const bar = element("progress", { className: "file-bar", hidden: true });
  bar.dataset.part = "bar";
  bar.setAttribute("aria-label", "Uploaded");
  return bar;
}

/**
 * @param {OutgoingFile} file
 * @param {string} className
 * @param {Element[]} inside
 */
export function row({ key }, className, inside) {
  const made = element("div", { className: `${className} sending` }, inside);
  made.dataset.upload = key;
  return made;
}

/**
 * One's own pictures stay on the screen until the server's are there.
 * @param {HTMLElement} before
 * @param {HTMLElement} made
 */
function keepPictures(before, made) {
  const old = [...before.querySelectorAll(".picture.sending img")];
  const now = /** @type {HTMLImageElement[]} */ ([...made.querySelectorAll(".picture img")]);
  if (old.length !== now.length) return;
  now.forEach((image, index) => {
    const src = image.getAttribute("src") ?? "";
    const shown = /** @type {HTMLImageElement} */ (old[index]).src;
    image.src = shown;
    if (!src) return; // it is opened in its own time
    const real = new Image();
    real.src = src;
    real.decode().catch(() => {}).then(() => {
      image.src = src;
      URL.revokeObjectURL(shown);
    });
  });
}

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Partial<HTMLElementTagNameMap[Tag]>} values
 * @param {Node[]} [inside]
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, values, inside = []) {
  const made = Object.assign(document.createElement(tag), values);
  made.append(...inside);
  return made;
}
