// @ts-check
// The grammar of messages: the rules of markdown-it that are understood, and ours beside them. Pure.
// `parley/grammar/markdown_rules.py` has the same over the library's port to Python, and says why each is there.
import MarkdownIt from "../../../vendor/markdown-it.mjs";
import { Emphasis, LINK, trimLink } from "../../transcript/text.js";
import { OF_WORD, SPACES, UNSPACED, count, lengthOf, stripped } from "./characters.js";
import { isWebAddress } from "./web-links.js";

/**
 * @typedef {any} State the library's own, of blocks or of a line
 * @typedef {{type: string, nesting: number, hidden: boolean, content: string, info: string, children: Token[] | null,
 *   meta: any, attrGet: (name: string) => any}} Token
 * @typedef {[name: string, userId: string][]} Meant a name as it stands after an "@", and whom it means
 */

/** The server takes no longer one. In code points. */
const TEXT_MAX = 8000;
const LINES_MAX = 500;
const MARKED_LINES_MAX = 200;
const MARKS_MAX = 500;
const BRACKETS_MAX = 40;
const BLOCK_TOKENS_MAX = 600;
const LINKS_MAX = 100_000;
const NESTED_MAX = 500;
const ITEM = "(?:[-+*]|\\p{Nd}{1,3}[.)])";
export const MARKED_LINE = new RegExp(`(?<![^\\n])[ \\t]*(?:>(?:[ \\t]|(?![^\\n]))|${ITEM}[ \\t]+[^${SPACES}])`, "gu");
const OPENS = "(?:>|[-+*]|\\p{Nd}{1,3}[.)])[ \\t]";
const OPENED = new RegExp(`(?<![^\\n])(?:[ \\t]*${OPENS})+`, "gu");
const OPENING = new RegExp(OPENS, "gu");
const NO_ITEM = new RegExp(`^(?:[-+*${SPACES}]*|\\p{Nd}+[.)][${SPACES}]*|\\p{Nd}{4,}[^]*)$`, "u");
const MARK = /[*_~`[\]\\@]|:(?=\/\/)/g;
const SCHEME = /https?$/i;
const LINK_HERE = new RegExp(LINK, "iy");
const CUT = " \t\n";

/** To be shown as it was written. */
export class TooMuch extends Error {}

/**
 * The library's tokens. Throws `TooMuch`.
 * @param {string} text
 * @param {Meant} meant
 * @returns {Token[]}
 */
export function parse(text, meant) {
  const breaks = count(text, "\n") + count(text, "\r");
  const chars = lengthOf(text);
  if (chars > TEXT_MAX || breaks > LINES_MAX) throw new TooMuch();
  if ((text.match(MARKED_LINE) ?? []).length > MARKED_LINES_MAX) throw new TooMuch();
  if (count(text, "](") * chars > LINKS_MAX) throw new TooMuch();
  const deepest = Math.max(0, ...(text.match(OPENED) ?? []).map((each) => (each.match(OPENING) ?? []).length));
  if (deepest * (breaks + 1) > NESTED_MAX) throw new TooMuch();
  return markdown.parse(text, { mentions: meant.length ? new Mentions(meant) : null });
}

/** Who is meant, to be found where they are named. */
class Mentions {
  /** @param {Meant} meant */
  constructor(meant) {
    this.userIds = new Map(meant);
    const longestFirst = [...this.userIds.keys()].sort((one, other) => other.length - one.length);
    const names = longestFirst.map((name) => name.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")).join("|");
    this.named = new RegExp(
      `(?:(?<![${OF_WORD}/])|(?<=${UNSPACED}))@(${names})(?:(?![${OF_WORD}])|(?=${UNSPACED})|(?<=${UNSPACED}))`, "uy");
  }

  /**
   * @param {string} source
   * @param {number} start
   */
  at(source, start) {
    this.named.lastIndex = start;
    const found = this.named.exec(source);
    return found && ["mention", /** @type {string} */ (this.userIds.get(found[1])), found[0]];
  }
}

/** @param {State} state @param {number} line */
function lineOf(state, line) {
  return state.src.slice(state.bMarks[line] + state.tShift[line], state.eMarks[line]);
}

/** A shrug keeps its arm. @param {State} state @param {boolean} silent */
function escape(state, silent) {
  const { src, pos } = state;
  if (src.startsWith("¯\\_(", pos - 1)) state.pending += silent ? "" : "\\_";
  // The library takes the backslash alone here, and its port the space as well.
  else if (src.startsWith("\\ ", pos) && pos + 1 < state.posMax) silent || (state.push("text_special", "", 0).content = "\\ ");
  else return theirs.escape(state, silent);
  state.pos += 2;
  return true;
}

/** A link that stands in the text as it is, by our own rule. @param {State} state @param {boolean} silent */
function webLink(state, silent) {
  const { src, pos } = state;
  if (silent || state.linkLevel || src[pos] !== ":") return false;
  const scheme = SCHEME.exec(src.slice(Math.max(0, pos - 5), pos))?.[0];
  if (!scheme || !state.pending.endsWith(scheme)) return false;
  LINK_HERE.lastIndex = pos - scheme.length;
  const match = LINK_HERE.exec(src);
  const link = match && trimLink(match[0], match.index, emphasisOf(state));
  if (!match || !link) return false;
  state.pending = state.pending.slice(0, -scheme.length);
  state.push("web_link", "", 0).content = link;
  state.pos = match.index + link.length;
  return true;
}

/** It is asked from left to right, and so kept for the whole of a paragraph. @param {State} state */
function emphasisOf({ env, src }) {
  if (env.source !== src) Object.assign(env, { source: src, emphasis: new Emphasis(src, 0) });
  return env.emphasis;
}

/** @param {State} state @param {boolean} silent */
function mention(state, silent) {
  const { mentions } = state.env;
  if (!mentions || silent || state.linkLevel || state.src[state.pos] !== "@") return false;
  const node = mentions.at(state.src, state.pos);
  if (!node) return false;
  state.push("mention", "", 0).meta = { node };
  state.pos += node[2].length;
  return true;
}

/** @param {State} state @param {number} start @param {number} end */
function paragraph(state, start, end) {
  if (state.tokens.length > BLOCK_TOKENS_MAX) throw new TooMuch();
  const found = theirs.paragraph(state, start, end);
  const lines = state.getLines(start, state.line, state.blkIndent, false);
  state.tokens.at(-2).content = stripped(lines, (character) => CUT.includes(character));
  return found;
}

/** Between finding the blocks and reading their lines, which is what can cost most. @param {State} state */
function bound({ tokens }) {
  const lines = tokens.filter((/** @type {Token} */ each) => each.type === "inline");
  const marks = lines.flatMap((/** @type {Token} */ line) => line.content.match(MARK) ?? []);
  const brackets = marks.filter((/** @type {string} */ mark) => mark === "[");
  if (marks.length > MARKS_MAX || brackets.length > BRACKETS_MAX) throw new TooMuch();
}

/** @type {Record<string, (...given: any[]) => boolean>} the library's rules, of which ours make use */
const theirs = {};

function grammar() {
  const made = new MarkdownIt("zero");
  made.enable(["fence", "blockquote", "list"]);
  made.enable(["newline", "escape", "backticks", "strikethrough", "emphasis", "link"]);
  // Rules are kept by name, and those of the library are not exported.
  const [blocks, words] = [made.block.ruler, made.inline.ruler].map(({ __rules__ }) => __rules__);
  for (const { name, fn } of [...blocks, ...words]) theirs[name] = fn;
  const ends = ["paragraph", "blockquote", "list"];
  /** @type {(name: string, isMeant: (line: string) => boolean) => any} */
  const narrowed = (name, isMeant) => (/** @type {State} */ state, /** @type {number} */ line, /** @type {any[]} */ ...others) =>
    isMeant(lineOf(state, line)) && theirs[name](state, line, ...others);
  made.block.ruler.at("blockquote", narrowed("blockquote", (line) => /^>(?:[ \t]|$)/.test(line)), { alt: ends });
  made.block.ruler.at("fence", theirs.fence, { alt: ends });
  made.block.ruler.at("list", narrowed("list", (line) => !NO_ITEM.test(line)), { alt: ends.slice(0, 2) });
  made.block.ruler.at("paragraph", paragraph);
  made.core.ruler.after("block", "bound", bound);
  made.inline.ruler.at("escape", escape);
  made.inline.ruler.after("newline", "web_link", webLink);
  made.inline.ruler.after("web_link", "mention", mention);
  // An address leads where it was written to, and is shown so.
  made.normalizeLink = (/** @type {string} */ url) => url;
  made.validateLink = isWebAddress;
  return made;
}

const markdown = grammar();
