// @ts-check
// What is said of a file, and how large it is shown. `parley/pages/attached.py` says the same, and both are held to
// `tests/files_cases.json`. Pure.

/**
 * @typedef {import("../connection/wire.js").File} File
 * @typedef {"picture" | "video" | "audio" | "document"} Kind
 */

const PICTURE_TYPES = ["image/avif", "image/gif", "image/jpeg", "image/png", "image/webp"];
const BOX_PX = 320;
const NARROW_PX = 64;
const VOICE = "Voice message ";
/** @type {[number, string][]} */
const UNITS = [[1e9, "GB"], [1e6, "MB"], [1e3, "kB"]];

/**
 * @param {Pick<File, "type" | "width">} file
 * @returns {Kind}
 */
export function kindOf({ type, width }) {
  if (PICTURE_TYPES.includes(type) && width) return "picture";
  const family = type.split("/")[0];
  return family === "video" || family === "audio" ? family : "document";
}

/**
 * @param {{width?: number, height?: number}} file
 * @returns {[number, number]}
 */
export function fitted({ width, height }) {
  if (!width || !height) return [BOX_PX, BOX_PX * 9 / 16];
  const longest = Math.max(width, height, BOX_PX);
  const side = (/** @type {number} */ px) =>
    Math.max(NARROW_PX, Math.floor((px * BOX_PX * 2 + longest) / (2 * longest)));
  return [side(width), side(height)];
}

/** @param {Pick<File, "name" | "size">} file */
export function about({ name, size }) {
  const ending = /\.([A-Za-z0-9]{1,5})$/.exec(name)?.[1];
  return ending ? `${ending.toUpperCase()} · ${inWords(size)}` : inWords(size);
}

/**
 * The name, isolated so that it changes no order around it, and what it is: for paper.
 * @param {Pick<File, "name" | "size">} file
 */
export function said(file) {
  return `\u2068${file.name}\u2069 · ${about(file)}`;
}

/**
 * What the player of a file is called: for a voice message whose voice it is, and how long where that is known.
 * @param {Pick<File, "name" | "type" | "duration_s">} file
 * @param {string} username who sent it
 */
export function labelOf({ name, type, duration_s: durationS }, username) {
  const called = type.startsWith("audio/") && name.startsWith(VOICE) ? `${VOICE}from ${username}` : name;
  if (!durationS) return called;
  const s = Math.max(1, Math.floor(durationS + 0.5));
  /** @type {[number, string][]} */
  const parts = [[Math.floor(s / 60), "minute"], [s % 60, "second"]];
  const length = parts.flatMap(([count, unit]) => (count ? `${count} ${unit}${count === 1 ? "" : "s"}` : []));
  return `${called}, ${length.join(" ")}`;
}

/** @param {number} size in bytes */
export function inWords(size) {
  for (const [unit, name] of UNITS) {
    if (size >= unit) return `${Math.floor((size * 20 + unit) / (2 * unit)) / 10} ${name}`;
  }
  return `${size} bytes`;
}
