// @ts-check
// What the message one writes answers: shown above the field, and kept with the draft.
import { announce } from "../transcript/announcer.js";
import { byId } from "../browser/dom.js";
import { quoteOf } from "../state/quotes.js";

/**
 * @typedef {import("../connection/wire.js").Answered} Answered
 * @typedef {import("../connection/wire.js").Message} Message
 * @typedef {{replyTo?: Answered, chosen?: Record<string, string>}} Aim what a draft answers, and by their names whom it
 *   means, where somebody was chosen
 */

const MEANT_MAX = 20;

export class Replying {
  /** @param {{store: import("../state/store.js").Store, drafts: import("./drafts.js").Drafts}} parts */
  constructor({ store, drafts }) {
    this.store = store;
    this.drafts = drafts;
    this.strip = byId("replying");
    this.field = /** @type {HTMLTextAreaElement} */ (byId("message"));
    /** @type {Aim} */
    this.aim = {};
  }

  start() {
    byId("replying-cancel").addEventListener("click", () => this.cancel());
    this.field.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.isComposing || event.defaultPrevented || !this.aim.replyTo) return;
      event.preventDefault();
      this.cancel();
    });
    this.restore();
    this.store.watch(["messages"], () => this.follow());
  }

  /** What was half written may have come from this tab, from a closed one, or from a page without scripts. */
  restore() {
    const { id, seq, userId = "", username = "" } = this.strip.dataset;
    const excerpt = byId("replying-text").textContent ?? "";
    const rendered = id ? { replyTo: { id, seq: Number(seq), user_id: userId, username, excerpt } } : {};
    delete this.strip.dataset.id;
    this.set({ ...this.drafts.aim(), ...rendered });
  }

  /** @param {Message} message */
  to(message) {
    this.set({ ...this.aim, replyTo: quoteOf(message) });
    this.field.focus();
  }

  cancel() {
    this.set({ ...this.aim, replyTo: undefined });
    this.field.focus();
  }

  /**
   * Of several people of one name this one was chosen.
   * @param {{user_id: string, username: string}} person
   */
  means({ user_id, username }) {
    this.set({ ...this.aim, chosen: { ...this.aim.chosen, [username]: user_id } });
  }

  /**
   * What goes out with a text; the next one has none of it.
   * @param {string} text
   */
  take(text) {
    const [{ replyTo }, mentions] = [this.aim, this.chosenIn(text)];
    this.set({});
    return { replyTo, mentions };
  }

  /** @param {string} text */
  chosenIn(text) {
    const named = Object.entries(this.aim.chosen ?? {}).filter(([name]) => text.includes(`@${name}`));
    return named.map(([, userId]) => userId).slice(0, MEANT_MAX);
  }

  /** What was not sent is written once more. @param {import("../state/store.js").Outgoing} outgoing */
  putBack({ replyTo }) {
    if (replyTo) this.set({ ...this.aim, replyTo });
    this.follow();
  }

  /** What it answers may be edited or deleted meanwhile. */
  follow() {
    const { replyTo } = this.aim;
    const answered = replyTo && this.store.state.messages.find((message) => message.seq === replyTo.seq);
    if (!answered || (answered.changed_seq ?? answered.seq) === answered.seq) return;
    if (!answered.deleted) return this.set({ ...this.aim, replyTo: quoteOf(answered) });
    this.set({ ...this.aim, replyTo: undefined });
    announce("The message you were replying to was deleted. Yours will go out without the quote.");
  }

  /** @param {Aim} aim */
  set(aim) {
    if (JSON.stringify(aim) === JSON.stringify(this.aim)) return;
    this.aim = aim;
    this.drafts.keepAim(aim);
    const { replyTo } = aim;
    this.strip.hidden = !replyTo;
    if (!replyTo) return;
    byId("replying-name").textContent = replyTo.user_id === this.store.state.me?.userId ? "yourself" : replyTo.username;
    byId("replying-text").textContent = replyTo.excerpt;
  }
}
