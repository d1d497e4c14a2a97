// @ts-check
// What is half written, on all devices of an account. Loaded by whoever has one, but never in encrypted conversations:
// the server keeps it. Of two that differ neither takes the other's place.
import { apiOf } from "../browser/root.js";
import { recall, remember } from "../browser/saved.js";
import { send } from "../connection/send.js";
import { ask } from "../connection/wire.js";

const REST_MS = 1500;
/** What is longer stays here. */
const MAX_CHARS = 10_000;

export class AccountDrafts {
  /**
   * @param {object} parts
   * @param {import("./composer.js").Composer} parts.composer
   * @param {{roomId: string}} parts.connection
   * @param {import("../state/store.js").Store} parts.store
   * @param {string} parts.key what the conversation is known by on this device
   */
  constructor({ composer, connection, store, key }) {
    this.composer = composer;
    this.connection = connection;
    this.store = store;
    this.name = `known:${key}`;
    /** What the server had when this device last asked it: what is still so in the field is nothing of its own. */
    this.known = { text: recall(this.name), version: 0 };
    /** Another device has written something else. */
    this.isApart = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** @type {Promise<void>} one call after the other */
    this.turn = Promise.resolve();
    this.lastSeq = this.newest?.seq ?? 0;
  }

  async start() {
    await this.composer.restoring;
    this.isChanged = this.text !== "" && this.text !== this.known.text;
    this.composer.drafts.elsewhere = this;
    addEventListener("focus", () => this.look());
    addEventListener("pagehide", () => this.flush());
    document.addEventListener("visibilitychange", () => (document.visibilityState === "visible" ? this.look() : this.flush()));
    this.store.watch(["messages"], () => this.lookWhetherSent());
    this.look();
  }

  get text() {
    return this.composer.field.value;
  }

  get newest() {
    return this.store.state.messages.at(-1);
  }

  get path() {
    return `${apiOf(this.connection.roomId)}/draft`;
  }

  /** Something else stands in the field. */
  changed() {
    this.isChanged = true;
    clearTimeout(this.timer);
    if (!this.text) this.flush();
    else if (!this.isApart) this.timer = setTimeout(() => this.flush(), REST_MS);
  }

  /** The page may be closing. */
  flush() {
    clearTimeout(this.timer);
    if (this.isChanged) this.after(() => (this.isApart && !this.text ? this.fetch() : this.put()));
  }

  look() {
    this.after(() => this.fetch());
  }

  /** What another device sent is not to be sent here once more. */
  lookWhetherSent() {
    const { newest, lastSeq } = this;
    if (!newest || newest.seq <= lastSeq) return;
    this.lastSeq = newest.seq;
    const isOwn = newest.user_id === this.store.state.me?.userId;
    if (isOwn && newest.message === this.text && !this.isChanged && !this.composer.edit) this.show("");
  }

  /** @param {() => Promise<void>} act */
  after(act) {
    this.turn = this.turn.then(act, act);
  }

  get isAside() {
    return this.composer.edit !== undefined || this.composer.drafts.isOver || !this.store.state.me;
  }

  async put() {
    const { text } = this;
    if (this.isAside || this.isApart || [...text].length > MAX_CHARS) return;
    if (text !== this.known.text) {
      const reply = await send("PUT", this.path, { text, version: this.known.version }, { keepalive: true });
      if (reply.code === "changed_meanwhile") return this.fetch();
      if (!reply.success) return; // with the next change
      this.know(text, reply.version);
    }
    this.isChanged = this.text !== text;
  }

  async fetch() {
    if (this.isAside) return;
    const reply = await ask(this.path);
    if (!reply.success || this.isAside) return;
    const { text, isChanged, known } = this;
    const isAnother = reply.text !== "" && reply.version !== known.version && reply.text !== known.text;
    this.isApart = isChanged && text !== "" && isAnother && !text.includes(reply.text);
    if (this.isApart) return;
    this.know(reply.text, reply.version);
    // Where nothing stands here that was written here, another device's words do.
    if (isChanged && (text !== "" || !isAnother)) await this.put();
    else if (text !== reply.text) this.show(reply.text);
  }

  /** @param {string} text @param {number} version */
  know(text, version) {
    this.known = { text, version };
    remember(this.name, text);
  }

  /** @param {string} text */
  show(text) {
    const { composer } = this;
    composer.show(text);
    composer.drafts.keep(text);
    composer.restored();
    this.isChanged = this.known.text !== text;
  }
}
