// @ts-check
// What messages' texts come to, with whom they mention. What finds it is loaded with the first that may hold Markdown;
// messages that were shown before that, or of which there are too many at once, follow.
import { mayBeMarked } from "./markdown/may-be.js";
import { MEANT_MAX, Names } from "./names.js";

/**
 * @typedef {import("../connection/wire.js").PartNode} PartNode
 * @typedef {Map<number, {text: string, parts: PartNode[]}>} Found by seq
 */

/** The worst of texts takes as long. */
const AT_ONCE_MS = 10;
/** What is said now is shown by then, however slow the network. */
const WAIT_MS = 1000;

export class Marking {
  constructor() {
    this.names = new Names();
    /** @type {typeof import("./markdown/parts.js") | undefined} */
    this.markdown = undefined;
    /** @type {Promise<void> | undefined} */
    this.loading = undefined;
    /** @type {Map<number, {text: string, mentions?: string[]}>} by seq, those that follow */
    this.late = new Map();
    /** @type {Map<number, {text: string, mentions?: string[]}>} by seq, those that mention who isn't known by name */
    this.unnamed = new Map();
    /** Until when the page takes its time for them now. */
    this.until = 0;
    this.isFollowing = false;
    /** @type {((found: Found) => void) | undefined} */
    this.tell = undefined;
  }

  /** @param {(found: Found) => void} tell of those that follow: from now on */
  follow(tell) {
    this.tell = tell;
    if (this.late.size) this.catchUp();
  }

  /** @param {{user_id: string, username: string, alike?: boolean}[]} people */
  learn(people) {
    const learnt = this.names.learn(people);
    for (const [seq, said] of learnt.size ? this.unnamed : []) {
      if (said.mentions?.some((userId) => learnt.has(userId))) this.late.set(seq, said);
    }
    if (this.late.size) this.catchUp();
  }

  /** From here on, some are read at once. */
  begin() {
    this.until = performance.now() + AT_ONCE_MS;
  }

  /**
   * @param {number} seq
   * @param {string} text
   * @param {string[]} [mentions] whom it mentions by user_id; none where whoever wrote it didn't say
   * @returns {PartNode[] | undefined} as far as it can be said now
   */
  partsOf(seq, text, mentions) {
    this.late.delete(seq);
    this.unnamed.delete(seq);
    if (!(text.includes("@") && mentions?.length !== 0) && !mayBeMarked(text)) return undefined;
    if (this.markdown && performance.now() < this.until) return this.read(seq, { text, mentions });
    this.late.set(seq, { text, mentions });
    this.catchUp();
    return undefined;
  }

  /**
   * @param {number} seq
   * @param {{text: string, mentions?: string[]}} said
   * @returns {PartNode[] | undefined}
   */
  read(seq, said) {
    const { text, mentions } = said;
    if (mentions?.some((userId) => !this.names.knows(userId))) this.unnamed.set(seq, said);
    else this.unnamed.delete(seq);
    try {
      return this.markdown?.partsOf(text, this.names.meant(text, mentions, mentions !== undefined));
    } catch {
      return undefined; // no text may keep the others from being read
    }
  }

  /**
   * Whom a text that is about to be sent mentions, by user_id: as in an open conversation, but where it is code.
   * @param {string} text
   * @param {string[]} [chosen]
   */
  async mentioned(text, chosen) {
    const meant = this.names.meant(text, chosen);
    if (!meant.length) return [];
    await this.ready();
    const parts = this.markdown?.partsOf(text, meant);
    const found = parts && this.markdown ? this.markdown.mentionsIn(parts) : meant.map(([, userId]) => userId);
    return [...new Set(found)];
  }

  /**
   * Once texts can be read, or if that takes too long.
   * @param {string} [text] that may not need it
   */
  async ready(text) {
    if (text !== undefined && !text.includes("@") && !mayBeMarked(text)) return;
    if (this.markdown) return;
    await Promise.race([this.load(), new Promise((resolve) => setTimeout(resolve, WAIT_MS))]);
  }

  load() {
    this.loading ??= import("./markdown/parts.js").then(
      (loaded) => void (this.markdown = loaded),
      () => void (this.loading = undefined), // the network may be there next time
    );
    return this.loading;
  }

  /** The newest first, and between them whatever else the page has to do. */
  async catchUp() {
    if (!this.tell || this.isFollowing) return;
    this.isFollowing = true;
    await this.load();
    while (this.markdown && this.late.size) {
      await new Promise((resolve) => setTimeout(resolve));
      const found = this.some();
      if (found.size) this.tell(found);
    }
    this.isFollowing = false;
  }

  some() {
    /** @type {Found} */
    const found = new Map();
    const until = performance.now() + AT_ONCE_MS;
    for (const [seq, said] of [...this.late].sort(([one], [other]) => other - one)) {
      this.late.delete(seq);
      const parts = this.read(seq, said);
      if (parts) found.set(seq, { text: said.text, parts });
      if (performance.now() > until) break;
    }
    return found;
  }
}

/** Whom a message's body says it mentions. @param {unknown} said @returns {string[] | undefined} none where it doesn't say */
export function mentionsOf(said) {
  return Array.isArray(said) ? said.filter((each) => typeof each === "string").slice(0, MEANT_MAX) : undefined;
}
