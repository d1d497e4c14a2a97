// @ts-check
// Who knocks: an owner is told by a line, a sound and the title, and lets them in or not. However many there are, the
// room they take is bounded.
import { apiOf } from "../browser/root.js";
import { announce } from "../transcript/announcer.js";
import { restoreFocus } from "../browser/dialogs.js";
import { byId, part } from "../browser/dom.js";
import { make } from "../browser/elements.js";
import { recall } from "../browser/saved.js";
import { loadSheet } from "../browser/sheets.js";
import { ask } from "../connection/wire.js";

/** Two soft notes, as of a door bell. */
const NOTES_HZ = [660, 528];
const NOTE_S = 0.18;
/** Lines on the page; who knocked later moves up as the first are answered. */
const SHOWN_KNOCKS = 20;

export class Knocks {
  /**
   * @param {object} parts
   * @param {string} parts.roomId
   * @param {import("../state/store.js").Store} parts.store
   * @param {import("../connection/connection.js").Connection} parts.connection
   */
  constructor({ roomId, store, connection }) {
    this.path = apiOf(roomId);
    this.store = store;
    this.connection = connection;
    this.count = make("b", { id: "knocks-count", role: "status" });
    this.all = make("button", { class: "button small", id: "decline-all", type: "button" }, ["Decline all"]);
    this.list = make("div", { id: "knocks-list" });
    this.more = make("p", { class: "knocks-more", id: "knocks-more" });
    this.root = make("div", { class: "knocks", id: "knocks", role: "group", "aria-labelledby": "knocks-count", hidden: "" }, [
      make("p", { class: "knocks-head" }, [this.count, " ", this.all]),
      make("div", { class: "knocks-lines" }, [this.list, this.more]),
    ]);
    byId("claims").after(this.root);
    /** What happened at the door since the page was opened: an answer that was asked for before it is out of date. */
    this.happened = 0;
    this.isStyled = false;
    /** How often was asked who waits: only the last answer counts. */
    this.asked = 0;
  }

  start() {
    this.list.addEventListener("click", (event) => this.answerFrom(event));
    this.all.addEventListener("click", () => this.declineAll());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.look());
    this.store.watch(["knocks"], (state) => this.show(state));
  }

  /** Who knocked while nobody looked. Where the door is open to all, nobody has to wait for an answer. */
  async look() {
    if (!this.store.state.owner) return;
    const [asked, happened] = [++this.asked, this.happened];
    const reply = await ask(`${this.path}/manage`);
    if (["forbidden", "token_required"].includes(reply.code)) this.store.dispatch({ type: "disowned" });
    if (!reply.success) return;
    if (this.asked !== asked) return;
    if (this.happened !== happened) return this.look();
    const isOpen = !reply.locked && !reply.knock && !reply.has_passphrase;
    this.store.dispatch({ type: "knocks", waiting: isOpen ? [] : reply.waiting });
  }

  /** @param {{id: string, username: string}} knock */
  knocked({ id, username }) {
    this.happened += 1;
    this.store.dispatch({ type: "knocked", id, username });
    announce(`${username} wants to join.`);
    ring();
    this.offerNotifying();
  }

  /** Somebody who knocks while nobody looks waits for nothing. */
  async offerNotifying() {
    if (recall("notifying-offered") || globalThis.Notification?.permission === "granted") return;
    const loaded = await Promise.all([import("../notifying/offer.js"), loadSheet("actions")]).catch(() => undefined);
    loaded?.[0].offer({
      before: this.root,
      words: "Get a notification when someone knocks and you're not here?",
      done: "You'll be notified on this device when someone knocks.",
    });
  }

  /** @param {import("../state/store.js").State} state */
  async show({ knocks }) {
    if (knocks.length && !this.isStyled) {
      await loadSheet("actions");
      this.isStyled = true;
      return this.show(this.store.state); // as it is by now
    }
    this.root.hidden = knocks.length === 0;
    this.count.textContent = knocks.length === 1 ? "1 person waiting" : `${knocks.length} people waiting`;
    this.all.hidden = knocks.length < 2;
    this.showLines(knocks.slice(0, SHOWN_KNOCKS));
    const more = knocks.length - SHOWN_KNOCKS;
    this.more.hidden = more <= 0;
    this.more.textContent = `and ${more} more`;
  }

  /**
   * Lines that stay are not touched, for one of their buttons may have the focus.
   * @param {import("../state/store.js").State["knocks"]} shown
   */
  showLines(shown) {
    const before = new Map([...this.list.children].map((line) => [/** @type {HTMLElement} */ (line).dataset.id, line]));
    for (const { id, username } of shown) {
      const line = before.get(id) ?? this.list.appendChild(lineFor(id));
      part(line, "text").textContent = `${username} wants to join`;
      before.delete(id);
    }
    for (const line of before.values()) line.remove();
  }

  /** @param {MouseEvent} event */
  async answerFrom(event) {
    const button = /** @type {HTMLElement} */ (event.target).closest("button");
    const line = /** @type {HTMLElement | null | undefined} */ (button?.closest(".knock"));
    if (!button || !line?.dataset.id) return;
    const next = line.nextElementSibling ?? line.previousElementSibling;
    button.disabled = true;
    const isAnswered = await this.answer(line.dataset.id, button.dataset.answer === "admit");
    button.disabled = false;
    if (isAnswered) restoreFocus(next?.querySelector("button"), byId("scroller"));
  }

  async declineAll() {
    this.all.disabled = true;
    const reply = await ask(`${this.path}/knocks`, { admit: false });
    this.happened += 1;
    if (reply.success) this.store.dispatch({ type: "knocks", waiting: [] });
    this.all.disabled = false;
    restoreFocus(this.all, byId("scroller"));
  }

  /**
   * @param {string} id
   * @param {boolean} admit
   * @returns {Promise<boolean>} whether nobody waits under it any more
   */
  async answer(id, admit) {
    const ack = await this.connection.ask("answer_knock", { id, admit });
    if (!ack.ok && ack.code !== "not_found") return false;
    this.happened += 1;
    this.store.dispatch({ type: "knock_answered", id });
    return true;
  }
}

/** @param {string} id */
function lineFor(id) {
  return make("p", { class: "knock", "data-id": id }, [
    make("span", { "data-part": "text", dir: "auto" }), " ",
    make("button", { class: "button small primary", type: "button", "data-answer": "admit" }, ["Let in"]), " ",
    make("button", { class: "button small", type: "button", "data-answer": "decline" }, ["Decline"]),
  ]);
}

// A browser plays nothing before the person has touched the page: then the line and the title have to do.
function ring() {
  if (!navigator.userActivation?.hasBeenActive) return;
  const context = new AudioContext();
  NOTES_HZ.forEach((hertz, number) => {
    const from = context.currentTime + number * NOTE_S;
    const note = new OscillatorNode(context, { frequency: hertz });
    const loudness = new GainNode(context, { gain: 0.12 });
    loudness.gain.exponentialRampToValueAtTime(0.001, from + 2 * NOTE_S);
    note.connect(loudness).connect(context.destination);
    note.start(from);
    note.stop(from + 2 * NOTE_S);
  });
  setTimeout(() => context.close(), 1000);
}
