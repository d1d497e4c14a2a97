// @ts-check
// Fetches pages of the history. One at a time in each direction; the store decides what stays loaded.
import { byId } from "../browser/dom.js";
import { apiOf } from "../browser/root.js";
import { ask } from "../connection/wire.js";

const PAGE_MESSAGES = 100;

export class History {
  /** @param {{store: import("../state/store.js").Store, roomId: string}} parts */
  constructor({ store, roomId }) {
    this.store = store;
    this.path = `${apiOf(roomId)}/messages`;
    /** @type {Set<string>} */
    this.busy = new Set();
    /** After a failure only the reader or a new connection tries again: each scroll would ask once more. */
    this.failed = false;
  }

  start() {
    this.followLink("older", () => this.loadOlder());
    this.followLink("newer", () => this.loadNewest());
  }

  /**
   * @param {"older" | "newer"} id
   * @param {() => Promise<void>} load
   */
  followLink(id, load) {
    byId(id).querySelector("a")?.addEventListener("click", (event) => {
      event.preventDefault();
      load();
    });
  }

  loadOlder() {
    return this.once("older", async () => {
      const [oldest] = this.store.state.messages;
      if (!oldest) return this.loadNewestNow();
      const page = await this.page("older", `before=${oldest.seq}&limit=${PAGE_MESSAGES}`);
      const abuts = this.store.state.messages[0]?.seq === oldest.seq;
      if (page && abuts) this.store.dispatch({ type: "older_loaded", messages: page.messages, hasMore: page.has_more });
    });
  }

  loadNewer() {
    return this.once("newer", async () => {
      const { messages, seq } = this.store.state;
      const newest = messages.at(-1);
      if (!newest) return this.loadNewestNow();
      const page = await this.page("newer", `after=${newest.seq}&limit=${PAGE_MESSAGES}`);
      const abuts = this.store.state.messages.at(-1)?.seq === newest.seq;
      if (!page || !abuts) return; // the reader went elsewhere meanwhile
      this.store.dispatch({ type: "newer_loaded", messages: page.messages, hasMore: page.has_more, seq });
    });
  }

  loadNewest() {
    return this.once("newest", () => this.loadNewestNow());
  }

  async loadNewestNow() {
    const { seq } = this.store.state;
    const page = await this.page("newer", `limit=${PAGE_MESSAGES}`);
    if (!page) return;
    this.store.dispatch({
      type: "window_loaded", messages: page.messages, hasOlder: page.has_more, hasNewer: false, seq,
    });
  }

  /**
   * The stretch of history with this message in its middle.
   * @param {number} place
   */
  loadAround(place) {
    return this.once("around", async () => {
      const { seq } = this.store.state;
      let page = await this.page("older", `before=${place + PAGE_MESSAGES / 2}&limit=${PAGE_MESSAGES}`);
      // Of long messages fewer come: those right before that place, which may all be later than it.
      if (page && (page.messages[0]?.seq ?? 0) > place) {
        page = await this.page("older", `before=${place + 1}&limit=${PAGE_MESSAGES}`);
      }
      if (!page) return;
      const hasNewer = (page.messages.at(-1)?.seq ?? 0) < seq;
      this.store.dispatch({
        type: "window_loaded", messages: page.messages, hasOlder: page.has_more, hasNewer, seq,
      });
    });
  }

  /**
   * @param {string} what
   * @param {() => Promise<void>} load
   */
  async once(what, load) {
    if (this.busy.has(what)) return;
    this.busy.add(what);
    try {
      await load();
    } finally {
      this.busy.delete(what);
    }
  }

  /**
   * @param {"older" | "newer"} id whose link tells how it goes
   * @param {string} query
   */
  async page(id, query) {
    const link = /** @type {HTMLAnchorElement} */ (byId(id).querySelector("a"));
    link.dataset.label ??= link.textContent ?? "";
    link.textContent = "Loading…";
    const reply = await ask(`${this.path}?${query}`);
    this.failed = !reply.success;
    link.textContent = this.failed ? "Couldn't load messages. Try again" : link.dataset.label;
    return this.failed ? undefined : reply;
  }
}
