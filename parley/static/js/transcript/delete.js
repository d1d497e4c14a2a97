// @ts-check
// Deleting a message. For some seconds it can be undone; then it is asked of the server, and gone for everybody.
import { ROOT, apiOf } from "../browser/root.js";
import { announce, hush } from "./announcer.js";
import { say } from "../browser/toast.js";
import { OWN_PAGE } from "../connection/line.js";

/** @typedef {import("../connection/connection.js").Connection} Connection */
/** @typedef {import("../state/store.js").Store} Store */

const CAN_UNDO_MS = 5000;
const SAID_FOR_MS = 6000;

/** @type {import("./actions.js").Action} */
export const remove = {
  name: "delete",
  label: "Delete",
  key: "Delete",
  icon: "M4 5.5h12M8 5.5V3.5h4v2M5.5 5.5l.7 11h7.6l.7-11M8.4 8.5v5M11.6 8.5v5",
  isFor: ({ user_id: author }, { me, owner, gone }) => gone === "" && (owner || author === me?.userId),
  run: ({ id }, element, { store, connection }) => {
    deletion?.finish();
    deletion = new Deletion({ id, element, store, connection });
    deletion.start();
  },
};

/** @type {Deletion | undefined} the last one, of which there is one at a time to undo */
let deletion;

class Deletion {
  /** @param {{id: string, element: HTMLElement, store: Store, connection: Connection}} parts */
  constructor({ id, element, store, connection }) {
    this.id = id;
    this.element = element;
    this.store = store;
    this.connection = connection;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** Whoever leaves the page, or looks away, has made up their mind. */
    this.left = () => document.visibilityState === "hidden" && this.finish({ isLeaving: true });
    this.gone = () => this.finish({ isLeaving: true });
  }

  start() {
    this.store.dispatch({ type: "deleting", id: this.id, canUndo: true });
    this.undo()?.focus({ preventScroll: true });
    hush();
    announce("Message deleted. You can undo this for five seconds.");
    this.timer = setTimeout(() => this.finish(), CAN_UNDO_MS);
    document.addEventListener("visibilitychange", this.left);
    addEventListener("pagehide", this.gone);
  }

  undo() {
    return /** @type {HTMLElement | null} */ (this.element.querySelector('[data-action="undo"]'));
  }

  canBeUndone() {
    return this.store.state.deleting.some(({ id, canUndo }) => id === this.id && canUndo);
  }

  /** Once, and not at all where it was undone. */
  async finish({ isLeaving = false } = {}) {
    this.stop();
    if (!this.canBeUndone()) return;
    const hadFocus = this.undo() === document.activeElement;
    this.store.dispatch({ type: "deleting", id: this.id, canUndo: false });
    if (hadFocus) this.element.focus({ preventScroll: true });
    const error = await (isLeaving ? this.deleteLeaving() : this.delete());
    if (error) this.fail(error);
  }

  stop() {
    clearTimeout(this.timer);
    document.removeEventListener("visibilitychange", this.left);
    removeEventListener("pagehide", this.gone);
  }

  /** @returns {Promise<string>} why not; "" where it went well */
  async delete() {
    const ack = await this.connection.ask("delete_message", { id: this.id });
    return ack.ok ? "" : ack.error;
  }

  /** A request that outlives the page. */
  async deleteLeaving() {
    const path = `${apiOf(this.connection.roomId)}/messages/${encodeURIComponent(this.id)}`;
    const headers = { Accept: "application/json", ...OWN_PAGE };
    try {
      const reply = await (await fetch(ROOT + path, { method: "DELETE", keepalive: true, headers })).json();
      return reply.success ? "" : reply.error;
    } catch {
      return "The server didn't respond.";
    }
  }

  /** @param {string} error */
  fail(error) {
    this.store.dispatch({ type: "kept", id: this.id });
    const words = `Not deleted. ${error}`;
    say(words, SAID_FOR_MS);
    announce(words);
  }
}
