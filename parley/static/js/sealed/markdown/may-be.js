// @ts-check
// Whether a text may hold Markdown at all: of most, no more is asked, and nothing is loaded. Pure.
import { OF_WORD, SPACES } from "./characters.js";

const ITEM = "[ \\t]*(?:[-+*]|\\p{Nd}{1,3}[.)])[ \\t]+";
const QUOTED = ">(?:[ \\t]|(?![^\\n]))";
const MAY_BE = /[*_~`>\]]/;
const IS_INLINE = new RegExp(`\\*[^*]+\\*|(?<![${OF_WORD}])_+[^_]+_|~~|\`[^\`]*\`|\`{3}|\\]\\(`, "u");
const QUOTE = new RegExp(`(?<![^\\n])[ \\t]*${QUOTED}`, "u");
const ITEM_FIRST = new RegExp(`^${ITEM}[^${SPACES}]`, "u");
const ITEM_LATER = new RegExp(`[\\r\\n]${ITEM}[^${SPACES}]`, "u");
const ESCAPE = /\\([!-/:-@[-`{-~])/g;

/** @param {string} text */
export function mayBeMarked(text) {
  return mayHoldMarkdown(text) || (text.includes("\\") && mayHoldMarkdown(text.replace(ESCAPE, "$1")));
}

/** @param {string} text */
export function mayHoldMarkdown(text) {
  return (MAY_BE.test(text) && (IS_INLINE.test(text) || QUOTE.test(text))) || ITEM_FIRST.test(text) || ITEM_LATER.test(text);
}
