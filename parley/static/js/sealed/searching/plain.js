// @ts-check
// What is read of what a text came to, as `parley/grammar/markdown.py` has it: a line for each block, and each item of a
// list.

/** @typedef {string | any[]} Node */

/** @param {Node[]} parts */
export function plain(parts) {
  return lines(parts).replace(/^\n+|\n+$/g, "");
}

/** @param {Node[]} nodes @returns {string} */
function lines(nodes) {
  return nodes.map((node) => (typeof node === "string" ? node : linesOf(node))).join("");
}

/** @param {any[]} node */
function linesOf(node) {
  const [kind] = node;
  const last = node.at(-1);
  if (kind === "ul" || kind === "ol") return last.map((/** @type {Node[]} */ item) => line(lines(item))).join("");
  if (kind === "p" || kind === "quote") return line(lines(last));
  if (kind === "pre") return `${last}\n`;
  return Array.isArray(last) ? lines(last) : String(last);
}

/** @param {string} text */
function line(text) {
  return `${text.replace(/\n+$/, "")}\n`;
}
