// @ts-check
// Who knocks: an owner is told by a line, a sound and the title, and lets them in or not.
import { announce } from "./announcer.js";
import { byId, cloneTemplate, part } from "./dom.js";
import { ask } from "./wire.js";

/** Two soft notes, as of a door bell. */
const NOTES_HZ = [660, 528];
const NOTE_S = 0.18;

export class Knocks {
  /**
   * @param {object} parts
   * @param {string} parts.roomId
   * @param {import("./store.js").Store} parts.store
   * @param {import("./connection.js").Connection} parts.connection
   */
  constructor({ roomId, store, connection }) {
    this.roomId = roomId;
    this.store = store;
    this.connection = connection;
    this.root = document.getElementById("knocks");
  }

  start() {
    if (!this.root) return;
    this.root.addEventListener("click", (event) => this.answer(event));
    this.store.watch(["knocks"], (state) => this.show(state));
  }

  /** Who knocked while nobody looked. */
  async look() {
    if (!this.root) return;
    const reply = await ask(`/api/conversations/${encodeURIComponent(this.roomId)}/manage`);
    if (reply.success) this.store.dispatch({ type: "knocks", waiting: reply.waiting });
  }

  /** @param {{id: string, username: string}} knock */
  knocked({ id, username }) {
    this.store.dispatch({ type: "knocked", id, username });
    announce(`${username} knocks.`);
    ring();
  }

  /** @param {import("./store.js").State} state */
  show({ knocks }) {
    if (!this.root) return;
    this.root.hidden = knocks.length === 0;
    this.root.replaceChildren(...knocks.map(({ id, username }) => {
      const line = cloneTemplate("knock-template");
      line.dataset.id = id;
      part(line, "text").textContent = `${username} knocks`;
      return line;
    }));
  }

  /** @param {MouseEvent} event */
  async answer(event) {
    const button = /** @type {HTMLElement} */ (event.target).closest("button");
    const id = /** @type {HTMLElement | null | undefined} */ (button?.closest(".knock"))?.dataset.id;
    if (!button || !id) return;
    button.disabled = true;
    const ack = await this.connection.ask("answer_knock", { id, admit: button.dataset.answer === "admit" });
    if (ack.ok || ack.code === "not_found") this.store.dispatch({ type: "knock_answered", id });
    else button.disabled = false;
  }
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
