// @ts-check
// Keeps the newest of a conversation on this device as it comes, and shows it where the page itself was kept before
// that. Loaded once the page is there.
import { keepMessages, keptMessages, overHere } from "./messages.js";

const MOST = 100;
/** A crowd is not written down word by word. */
const SAVE_AFTER_MS = 500;

export class Keeping {
  /**
   * @param {object} parts
   * @param {import("../state/store.js").Store} parts.store
   * @param {string} parts.roomId
   * @param {() => {seen: boolean, atEnd: boolean}} parts.place where one reads
   * @param {(title: string) => void} parts.showTitle
   */
  constructor({ store, roomId, place, showTitle }) {
    this.store = store;
    this.roomId = roomId;
    this.place = place;
    this.showTitle = showTitle;
    /** Of what the worker was told; it looks at the page again where there is more. */
    this.toldSeq = store.state.seq;
    /** When all of it was known. */
    this.at = "";
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  async start() {
    const { keptAt } = document.documentElement.dataset;
    if (keptAt) await this.showKept(keptAt);
    this.store.watch(["messages", "seq", "active", "readers"], (state) => this.changed(state));
    this.store.watch(["outbox", "connection"], ({ outbox, connection }) => {
      if (this.timer && connection.status !== "connected") this.save();
      if (outbox.length && connection.status === "offline") sendLater();
    });
    addEventListener("pagehide", () => this.hidden());
    document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && this.hidden());
  }

  /** @param {string} keptAt when the page was */
  async showKept(keptAt) {
    const kept = await keptMessages(this.roomId);
    const { me, seq, connection } = this.store.state;
    // Where it was quicker, the server has told already.
    if (!kept || kept.userId !== me?.userId || connection.status === "connected") return;
    if (kept.conversation.seq > seq) {
      this.store.dispatch({ type: "conversation_state", conversation: kept.conversation, ...this.place() });
      this.showTitle(kept.conversation.title);
    }
    if (kept.at > keptAt) document.documentElement.dataset.keptAt = kept.at;
  }

  /** @param {import("../state/store.js").State} state */
  changed({ connection }) {
    if (connection.status !== "connected") return;
    this.at = new Date().toISOString();
    this.timer ??= setTimeout(() => this.save(), SAVE_AFTER_MS);
  }

  /** Only what is known to be whole: the newest stretch, by whoever takes part. */
  save() {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { me, messages, seq, hasNewer, hasOlder, ahead, gone, ...now } = this.store.state;
    if (!me || gone || hasNewer || ahead.length || overHere.has(this.roomId)) return;
    const newest = messages.slice(-MOST);
    const conversation = {
      room_id: this.roomId, title: document.querySelector(".bar-title")?.textContent ?? "", description: "", seq,
      messages: newest.map(({ files, ...message }) => message), has_more: hasOlder || newest.length < messages.length,
      participants: now.people, participants_cursor: now.peopleCursor, participant_count: now.participantCount,
      is_active: now.active, read_only: now.readOnly, accounts_only: now.accountsOnly, door: now.door, keep_days: now.keepDays,
      read: Object.entries(now.readers).map(([user_id, seq]) => ({ user_id, seq })),
    };
    keepMessages({ roomId: this.roomId, userId: me.userId, at: this.at, conversation });
  }

  hidden() {
    const { seq, gone, outbox } = this.store.state;
    if (gone || overHere.has(this.roomId)) return;
    if (this.timer) this.save();
    if (outbox.length) sendLater();
    if (seq === this.toldSeq) return;
    this.toldSeq = seq;
    navigator.serviceWorker.controller?.postMessage({ type: "changed", path: location.pathname });
  }
}

/** By the worker, where the browser lets it: what waits then goes out though nobody opens the page again. */
async function sendLater() {
  try {
    /** @type {any} */
    const registration = await navigator.serviceWorker.ready;
    await registration.sync.register("outbox");
  } catch {
    // Not every browser has it, and people may forbid it. Then it goes out when the page is opened.
  }
}
