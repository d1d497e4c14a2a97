// @ts-check
// The hits in the transcript, marked where the browser can mark words without touching the page.

const NAME = "found";
/** So much of the last line that shows, at least. */
const LINE_PX = 24;
/** What a text may have around what is read of it. */
const SIGNS = /[*_~`]+/g;

export class HitMarks {
  /** @param {import("../state/store.js").Store} store */
  constructor(store) {
    /** @type {Map<number, string[]>} what was found in a message, by its seq */
    this.words = new Map();
    /** @type {number | undefined} */
    this.frame = undefined;
    store.watch(["messages"], () => this.soon());
  }

  /** @param {import("./asking.js").Result[]} results */
  show(results) {
    this.words = new Map(results.map(({ message, snippet }) => [
      message.seq, [...new Set(snippet.filter(({ hit }) => hit).map(({ text }) => text))],
    ]));
    this.soon();
  }

  clear() {
    this.words.clear();
    this.soon();
  }

  /** Once what is loaded stands on the page. */
  soon() {
    if (!globalThis.CSS?.highlights) return;
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.mark();
    });
  }

  /**
   * Brings the first hit of a long text into sight: it may be folded, or longer than the screen.
   * @param {number} seq
   * @param {HTMLElement} scroller
   */
  reveal(seq, scroller) {
    const text = document.querySelector(`#m-${seq} .message-text`);
    if (!text) return;
    const tops = () => rangesIn(text, this.words.get(seq) ?? []).map((range) => range.getBoundingClientRect().top);
    const fold = /** @type {HTMLDetailsElement | null} */ (text.parentElement?.querySelector(":scope > .fold:not([open], [hidden])"));
    if (fold && Math.min(...tops()) >= text.getBoundingClientRect().bottom - LINE_PX) fold.open = true;
    const [top, pane] = [Math.min(...tops()), scroller.getBoundingClientRect()];
    if (!Number.isFinite(top) || (top >= pane.top && top <= pane.bottom - LINE_PX)) return;
    scroller.scrollTop += top - (pane.top + pane.bottom) / 2;
  }

  mark() {
    const ranges = [...this.words].flatMap(([seq, words]) => {
      const text = document.querySelector(`#m-${seq} .message-text`);
      return text ? rangesIn(text, words) : [];
    });
    if (ranges.length) CSS.highlights.set(NAME, new Highlight(...ranges));
    else CSS.highlights.delete(NAME);
  }
}

/**
 * @param {Element} element
 * @param {string[]} words as they stand in its text
 */
function rangesIn(element, words) {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  /** @type {{node: Node, start: number}[]} */
  const nodes = [];
  let whole = "";
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    nodes.push({ node, start: whole.length });
    whole += node.nodeValue ?? "";
  }
  // Line breaks are spaces where a hit is cut out.
  const text = whole.replace(/\s/g, " ");
  return words.flatMap((word) => {
    const sought = text.includes(word) ? word : word.replace(SIGNS, "");
    const found = [];
    for (let at = text.indexOf(sought); sought && at >= 0; at = text.indexOf(sought, at + sought.length)) {
      found.push(rangeOf(nodes, at, at + sought.length));
    }
    return found;
  });
}

/**
 * @param {{node: Node, start: number}[]} nodes
 * @param {number} begin
 * @param {number} end
 */
function rangeOf(nodes, begin, end) {
  const range = new Range();
  const first = nodes.findLast(({ start }) => start <= begin) ?? nodes[0];
  const last = nodes.findLast(({ start }) => start < end) ?? nodes[0];
  range.setStart(first.node, begin - first.start);
  range.setEnd(last.node, end - last.start);
  return range;
}
