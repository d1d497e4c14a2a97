// @ts-check
// HTML as text, for a file: whatever is put into it is escaped, unless it is made here too. Pure.

const ESCAPES = /** @type {Record<string, string>} */ ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;" });
const EMPTY = ["img", "meta"];

export class Markup {
  /** @param {string} html */
  constructor(html) {
    this.html = html;
  }
}

/** @typedef {string | Markup | (string | Markup)[]} Inside */

/** @param {Inside} inside @returns {string} */
export function htmlOf(inside) {
  if (Array.isArray(inside)) return inside.map(htmlOf).join("");
  return inside instanceof Markup ? inside.html : inside.replace(/[&<>"']/g, (sign) => ESCAPES[sign]);
}

/**
 * @param {string} name
 * @param {Record<string, string | number | true | undefined>} [attributes] `true` for one without a value; undefined for none
 * @param {Inside[]} inside
 */
export function tag(name, attributes = {}, ...inside) {
  const written = Object.entries(attributes).flatMap(([key, value]) => {
    if (value === undefined) return [];
    return value === true ? ` ${key}` : ` ${key}="${htmlOf(String(value))}"`;
  });
  const begin = `<${name}${written.join("")}>`;
  return new Markup(EMPTY.includes(name) ? begin : `${begin}${htmlOf(inside.flat())}</${name}>`);
}
