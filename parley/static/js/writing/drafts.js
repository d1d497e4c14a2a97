// @ts-check
// What is half written, kept on this device. Each tab has a draft of its own, so that two tabs of one conversation
// never take or delete each other's; what a closed tab left goes to the next one that has none.
import { ROOT } from "../browser/root.js";
import { PREFIX } from "../browser/saved.js";
import { between } from "../connection/between.js";

/** Tabs of the same browser answer at once, or they are closed. */
const ANSWER_WITHIN_MS = 300;
const TAB = `${PREFIX}tab`;

/** @typedef {{type: "whose"} | {type: "mine", tab: string}} Word between the tabs of one conversation */

export class Drafts {
  /**
   * @param {string} key what the conversation is known by on this device, whatever its link
   * @param {string[]} roomIds its links until now: earlier pages kept one draft under each
   */
  constructor(key, roomIds) {
    this.prefix = `draft:${key}:`;
    this.aims = `aim:${key}:`;
    this.editing = `edit:${key}`;
    this.room = `room:${key}`;
    this.roomId = roomIds[0];
    this.isOver = false;
    /** @type {import("./account-drafts.js").AccountDrafts | undefined} for one's other devices */
    this.elsewhere = undefined;
    this.earlier = roomIds.map((roomId) => `draft:${roomId}`);
    this.tab = tabId();
    /** @type {Set<string>} the tabs that answered */
    this.open = new Set();
    // Missing in older browsers: there a tab also takes the draft of one that is still open.
    this.channel = "BroadcastChannel" in globalThis ? new BroadcastChannel(`${ROOT}parley:drafts:${key}`) : undefined;
    this.channel?.addEventListener("message", ({ data }) => this.hear(data));
  }

  /** What was half written in this tab before, or on an earlier version of this page. */
  own() {
    const own = between.saved.recall(this.prefix + this.tab);
    if (own) this.noteRoom();
    const earlier = this.earlier.find((name) => between.saved.recall(name));
    return own || !earlier ? own : this.take(earlier);
  }

  /** @param {string} text */
  keep(text) {
    if (this.isOver) return;
    between.saved.remember(this.prefix + this.tab, text);
    if (text) this.noteRoom();
    this.elsewhere?.changed();
  }

  /** Of which conversation all of this is, for when that is over: see kept/written.js. */
  noteRoom() {
    if (!this.isOver) between.saved.remember(this.room, this.roomId);
  }

  /** Nothing is kept from now on. */
  end() {
    this.isOver = true;
  }

  /** @param {import("./replying.js").Aim} aim what belongs to the text */
  keepAim(aim) {
    const { replyTo, chosen } = aim;
    if (this.isOver) return;
    if (replyTo || chosen) this.noteRoom();
    between.saved.remember(this.aims + this.tab, replyTo || chosen ? JSON.stringify(aim) : "");
  }

  /** @returns {import("./replying.js").Aim} */
  aim() {
    try {
      return JSON.parse(between.saved.recall(this.aims + this.tab) || "{}");
    } catch {
      return {};
    }
  }

  /** A closed tab in which nothing was written answers nothing. @param {string} tab */
  forgetAim(tab) {
    if (!this.open.has(tab) && !between.saved.recall(this.prefix + tab)) between.saved.remember(this.aims + tab, "");
  }

  /** What of a message that was sent is being written otherwise in this tab; "" for none. */
  edit() {
    return between.saved.recall(this.editing, "sessionStorage");
  }

  /** @param {string} edit */
  keepEdit(edit) {
    if (!this.isOver) between.saved.remember(this.editing, edit, "sessionStorage");
  }

  /**
   * Under which name the newest draft of a closed tab is kept; "" where there is none.
   * @returns {Promise<string>}
   */
  async left() {
    const aims = between.saved.remembered(this.aims).filter((name) => name !== this.aims + this.tab);
    if (!this.others().length && !aims.length) return "";
    this.tell({ type: "whose" });
    await new Promise((resolve) => setTimeout(resolve, this.channel ? ANSWER_WITHIN_MS : 0));
    const left = this.others().filter((name) => !this.open.has(name.slice(this.prefix.length)));
    for (const name of aims) this.forgetAim(name.slice(this.aims.length));
    return left.sort().at(-1) ?? "";
  }

  /**
   * It is this tab's own from now on.
   * @param {string} name
   */
  take(name) {
    const text = between.saved.recall(name);
    between.saved.remember(name, "");
    this.keep(text);
    const aim = this.aims + name.slice(this.prefix.length);
    if (name.startsWith(this.prefix) && between.saved.recall(aim)) {
      between.saved.remember(this.aims + this.tab, between.saved.recall(aim));
      between.saved.remember(aim, "");
    }
    return text;
  }

  others() {
    return between.saved.remembered(this.prefix).filter((name) => name !== this.prefix + this.tab);
  }

  /** @param {Word} word */
  hear(word) {
    if (word.type === "whose") this.tell({ type: "mine", tab: this.tab });
    else this.open.add(word.tab);
  }

  /** @param {Word} word */
  tell(word) {
    this.channel?.postMessage(word);
  }
}

/**
 * The tab keeps its id when it goes from page to page, and has it to itself while a page is open: one that is
 * duplicated would else share it. Those of later tabs sort after it.
 */
function tabId() {
  const random = crypto.getRandomValues(new Uint32Array(2)).join("-");
  let id = `${Date.now()}-${random}`;
  try {
    id = sessionStorage.getItem(TAB) ?? id;
    const hold = () => sessionStorage.removeItem(TAB);
    hold();
    addEventListener("pageshow", hold);
    addEventListener("pagehide", () => sessionStorage.setItem(TAB, id));
  } catch {
    // Storage may be forbidden: then nothing is kept anyway.
  }
  return id;
}
