// @ts-check
// What a message's text comes to. Pure. `parley/grammar/markdown.py` makes the same of what the server can read, and
// both are held to `tests/markdown_cases.json`. Loaded when there is such a text: it brings a library.
import { stripped } from "./characters.js";
import { mayBeMarked, mayHoldMarkdown } from "./may-be.js";
import { TooMuch, parse } from "./rules.js";
import { isHonest } from "./web-links.js";

/**
 * @typedef {import("../../connection/wire.js").PartNode} PartNode
 * @typedef {import("./rules.js").Token} Token
 * @typedef {import("./rules.js").Meant} Meant
 */

const NODES_MAX = 100;
const DEPTH_MAX = 16;
const PLAIN = ["p", "link", "a"];
const LANGUAGE = /^[A-Za-z0-9_+#.-]{1,30}$/;

/**
 * @param {string} text
 * @param {Meant} [meant]
 * @returns {PartNode[] | undefined} none where it is to be shown as it was written
 */
export function partsOf(text, meant = []) {
  if (!meant.length && !mayBeMarked(text)) return undefined;
  try {
    const tree = new Tree(text, meant);
    return tree.isRich || isEscaped(text, tree) ? tree.blocks : undefined;
  } catch (error) {
    if (error instanceof TooMuch) return undefined;
    throw error;
  }
}

/**
 * Of what a text came to, whom it mentions.
 * @param {PartNode[]} nodes
 * @returns {string[]} user_ids
 */
export function mentionsIn(nodes) {
  if (nodes[0] === "mention" && typeof nodes[1] === "string") return [nodes[1]];
  return nodes.flatMap((node) => (Array.isArray(node) ? mentionsIn(node) : []));
}

/**
 * Whether backslashes keep it from being Markdown. Others stay: `C:\_old` is a folder.
 * @param {string} text
 * @param {Tree} tree
 */
function isEscaped(text, tree) {
  if (!text.includes("\\")) return false;
  const unescaped = tree.blocks.map((block) => wordsIn([block])).join("\n\n");
  return mayHoldMarkdown(unescaped) && new Tree(unescaped, []).isRich;
}

/** All that is read in them. @param {PartNode[]} nodes @returns {string} */
function wordsIn(nodes) {
  return nodes.map((node) => {
    if (typeof node === "string") return node;
    const said = node.at(-1);
    if (node[0] === "ul" || node[0] === "ol") return said.map(wordsIn).join("");
    return Array.isArray(said) ? wordsIn(said) : String(said);
  }).join("");
}

/** The library's tokens, of which some open and some close, as nodes in each other. Throws `TooMuch`. */
class Tree {
  /**
   * @param {string} text
   * @param {Meant} meant
   */
  constructor(text, meant) {
    /** @type {PartNode[]} */
    this.blocks = [];
    /** @type {any[][]} */
    this.open = [this.blocks];
    this.count = 0;
    this.hasMore = false;
    for (const token of parse(text, meant)) this.add(token);
  }

  /** Whether there is something to be read, and more than text and links alone show. */
  get isRich() {
    return this.hasMore && stripped(wordsIn(this.blocks)) !== "";
  }

  /** @param {Token} token */
  add(token) {
    const { type, nesting, children } = token;
    if (type === "inline") children?.forEach((child) => this.add(child));
    else if (nesting > 0) this.begin(token);
    else if (nesting < 0) this.end(token);
    else if (type in WRITTEN) this.write(WRITTEN[type](token));
    else this.put(LEAVES[type](token));
  }

  /** @param {Token} token */
  begin(token) {
    /** @type {any[]} */
    let children = [];
    if (token.hidden) children = /** @type {any[]} */ (this.open.at(-1)); // a paragraph of a list without blank lines
    else if (token.type === "list_item_open") this.put(children);
    else this.put([...OPENED[token.type](token), children]);
    this.open.push(children);
    if (this.open.length > DEPTH_MAX) throw new TooMuch();
  }

  /** @param {Token} token */
  end({ type }) {
    this.open.pop();
    if (type !== "link_close") return;
    this.hasMore = true;
    this.checkLink();
  }

  /** Words that say nothing, or another address, do not stand for this one: it is shown. */
  checkLink() {
    const into = /** @type {any[]} */ (this.open.at(-1));
    const [, address, children] = into.pop();
    const said = wordsIn(children);
    const isSaid = stripped(said) !== "";
    if (isSaid && isHonest(said, address)) into.push(["a", address, children]);
    else if (!isSaid) into.push(["link", address]);
    else for (const node of [...children, " (", ["link", address], ")"]) typeof node === "string" ? this.write(node) : into.push(node);
  }

  /** @param {any[]} node */
  put(node) {
    this.count += 1;
    if (this.count > NODES_MAX) throw new TooMuch();
    if (!PLAIN.includes(node[0])) this.hasMore = true;
    this.open.at(-1)?.push(node);
  }

  /** Neighbouring text is one piece of it. @param {string} text */
  write(text) {
    const into = /** @type {any[]} */ (this.open.at(-1));
    if (typeof into.at(-1) === "string") into[into.length - 1] += text;
    else if (text) into.push(text);
  }
}

/** @type {Record<string, (token: Token) => any[]>} */
const OPENED = {
  paragraph_open: () => ["p"],
  blockquote_open: () => ["quote"],
  bullet_list_open: () => ["ul"],
  ordered_list_open: (token) => ["ol", token.attrGet("start") ?? 1],
  strong_open: () => ["strong"],
  em_open: () => ["em"],
  s_open: () => ["s"],
  link_open: (token) => ["a", token.attrGet("href")],
};

/** @type {Record<string, (token: Token) => any[]>} */
const LEAVES = {
  code_inline: ({ content }) => ["code", content],
  fence: codeBlock,
  web_link: ({ content }) => ["link", content],
  mention: ({ meta }) => meta.node,
};

/** @type {Record<string, (token: Token) => string>} */
const WRITTEN = { text: ({ content }) => content, softbreak: () => "\n", hardbreak: () => "\n" };

/** @param {Token} token */
function codeBlock({ info, content }) {
  const named = stripped(info).split(" ", 1)[0];
  return ["pre", LANGUAGE.test(named) ? named : "", content.replace(/\n$/, "")];
}
