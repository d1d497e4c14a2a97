// @ts-check
// What a message says, as HTML: from what its Markdown comes to, where it holds any, as `parley/pages/parts.py` does. Pure.
import { parse } from "../../transcript/text.js";
import { tag } from "./markup.js";

/**
 * @typedef {import("../../connection/wire.js").PartNode} PartNode
 * @typedef {import("./markup.js").Markup | string} Made
 */

const LINK = { rel: "noopener noreferrer nofollow", target: "_blank" };

/** @param {{message: string, parts?: PartNode[]}} entry @returns {Made[]} */
export function words({ message, parts }) {
  if (parts) return inside(parts);
  return parse(message).map(([kind, value]) => {
    if (kind === "text") return value;
    if (kind === "link") return link(value);
    return kind === "code" ? tag("code", {}, value) : tag("pre", { tabindex: 0 }, tag("code", {}, value));
  });
}

/** @param {PartNode[]} nodes @returns {Made[]} */
function inside(nodes) {
  return nodes.map((node) => (typeof node === "string" ? node : ELEMENTS[node[0]]?.(...node.slice(1)) ?? ""));
}

/** @type {Record<string, (...values: any[]) => Made>} */
const ELEMENTS = {
  p: (nodes) => tag("p", {}, inside(nodes)),
  pre: codeBlock,
  quote: (nodes) => tag("blockquote", {}, inside(nodes)),
  ul: (items) => tag("ul", {}, listed(items)),
  ol: (start, items) => tag("ol", { start: start === 1 ? undefined : start }, listed(items)),
  strong: (nodes) => tag("strong", {}, inside(nodes)),
  em: (nodes) => tag("em", {}, inside(nodes)),
  s: (nodes) => tag("s", {}, inside(nodes)),
  code: (text) => tag("code", {}, text),
  link,
  a: (address, nodes) => tag("a", { class: "named-link", href: address, title: address, ...LINK }, inside(nodes)),
  mention: (userId, text) => tag("span", { class: "mention", "data-user-id": userId }, text),
};

/** @param {PartNode[][]} items */
function listed(items) {
  return items.map((item) => tag("li", {}, inside(item)));
}

/** @param {string} language @param {string} code */
function codeBlock(language, code) {
  const copy = tag("button", { class: "code-copy needs-js", type: "button", "data-action": "copy-code", "aria-label": "Copy code" }, "Copy");
  const head = tag("div", { class: "code-head" }, language ? tag("span", { class: "code-language" }, language) : "", copy);
  return tag("div", { class: "code-block" }, head, tag("pre", { tabindex: 0 }, tag("code", {}, code)));
}

/** @param {string} address */
function link(address) {
  return tag("a", { href: address, ...LINK }, address);
}
