// @ts-check
/*
A message's text as elements: from what its Markdown comes to, where it holds any; see `parts` in docs/protocol.md.
`parley/pages/parts.py` makes the same on the server; `tests/markdown_cases.json` holds both to it.
*/
import { parse, render, renderLink } from "./text.js";

/**
 * @typedef {import("../connection/wire.js").Message} Message
 * @typedef {import("../connection/wire.js").PartNode} PartNode
 * @typedef {string | Node} Made
 */

/**
 * What is on its way shows as its text alone says, with room for what its code will have when the server has read it.
 * @param {Pick<Message, "seq" | "message" | "parts">} message
 * @returns {DocumentFragment}
 */
export function renderText({ seq, message, parts }) {
  if (!parts) {
    const fragment = render(parse(message));
    if (!seq) for (const pre of fragment.querySelectorAll("pre")) pre.replaceWith(codeBlock("", pre.textContent ?? ""));
    return fragment;
  }
  const fragment = document.createDocumentFragment();
  fragment.append(...inside(parts));
  return fragment;
}

/**
 * What is to be spoken of it: its words, without the marks.
 * @param {Message} message
 */
export function wordsOf({ message, parts }) {
  return parts ? wordsIn(parts).trim() : message;
}

/** @type {Record<string, (...values: any[]) => Made>} */
const ELEMENTS = {
  p: (nodes) => around("p", nodes),
  pre: codeBlock,
  quote: (nodes) => around("blockquote", nodes),
  ul: (items) => list("ul", items),
  ol: (start, items) => list("ol", items, start),
  strong: (nodes) => around("strong", nodes),
  em: (nodes) => around("em", nodes),
  s: (nodes) => around("s", nodes),
  code: (text) => around("code", [text]),
  link: renderLink,
  a: namedLink,
  mention,
};
const BLOCKS = ["p", "pre", "quote"];

/** @param {PartNode[]} nodes */
function inside(nodes) {
  return nodes.map((node) => (typeof node === "string" ? node : made(node)));
}

/**
 * Of a kind that came after this page was loaded, what it says.
 * @param {[string, ...any[]]} node
 * @returns {Made}
 */
function made(node) {
  const [kind, ...values] = node;
  return ELEMENTS[kind]?.(...values) ?? wordsIn([node]);
}

/**
 * @param {string} tag
 * @param {PartNode[]} nodes
 */
function around(tag, nodes) {
  const element = document.createElement(tag);
  element.append(...inside(nodes));
  return element;
}

/**
 * @param {"ul" | "ol"} tag
 * @param {PartNode[][]} items
 * @param {number} [start]
 */
function list(tag, items, start = 1) {
  const element = document.createElement(tag);
  if (start !== 1) element.setAttribute("start", String(start));
  element.append(...items.map((item) => around("li", item)));
  return element;
}

/**
 * @param {string} language
 * @param {string} code
 */
function codeBlock(language, code) {
  const head = element("div", "code-head");
  if (language) head.append(element("span", "code-language", language));
  const copy = /** @type {HTMLButtonElement} */ (element("button", "code-copy needs-js", "Copy"));
  copy.type = "button";
  copy.dataset.action = "copy-code";
  copy.setAttribute("aria-label", "Copy code");
  head.append(copy);
  const pre = document.createElement("pre");
  pre.tabIndex = 0; // it scrolls sideways, so it must be reachable by keyboard
  pre.append(around("code", [code]));
  const block = element("div", "code-block");
  block.append(head, pre);
  return block;
}

/**
 * @param {string} address
 * @param {PartNode[]} words
 */
function namedLink(address, words) {
  const link = document.createElement("a");
  link.className = "named-link";
  link.href = address;
  link.title = address;
  link.rel = "noopener noreferrer nofollow";
  link.target = "_blank";
  link.append(...inside(words));
  return link;
}

/**
 * @param {string} userId
 * @param {string} words
 */
function mention(userId, words) {
  const named = element("span", "mention", words);
  named.dataset.userId = userId;
  return named;
}

/**
 * @param {string} tag
 * @param {string} className
 * @param {string} [text]
 */
function element(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

/**
 * @param {PartNode[]} nodes perhaps of kinds that are unknown here
 * @returns {string}
 */
function wordsIn(nodes) {
  return nodes.map((node) => {
    if (typeof node === "string") return node;
    const said = node.slice(1).at(-1) ?? "";
    if (node[0] === "ul" || node[0] === "ol") return said.map(wordsIn).join("\n").concat("\n");
    const words = Array.isArray(said) ? wordsIn(said) : String(said);
    return BLOCKS.includes(node[0]) ? `${words}\n` : words;
  }).join("");
}
