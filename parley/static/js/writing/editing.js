// @ts-check
// Writing a message otherwise that was sent. It takes the composer's place; the draft that was there waits meanwhile.
import { announce } from "../transcript/announcer.js";
import { byId } from "../browser/dom.js";

/** @typedef {import("../connection/wire.js").Message} Message */

export class Editing {
  /**
   * @param {object} parts
   * @param {import("../connection/connection.js").Connection} parts.connection
   * @param {import("./composer.js").Composer} parts.composer
   * @param {import("./replying.js").Replying} parts.replying
   */
  constructor({ connection, composer, replying }) {
    this.replying = replying;
    this.connection = connection;
    this.composer = composer;
    this.drafts = composer.drafts;
    this.button = /** @type {HTMLElement} */ (composer.form.querySelector(".send-word"));
    this.strip = stripWith(() => this.cancel());
    this.busy = false;
    this.draft = "";
    /** @type {{id: string, seq: number, before: string} | undefined} */
    this.message = undefined;
  }

  /**
   * @param {{id: string, seq: number, message: string}} message
   * @param {string} [text] what was written of it before
   */
  start({ id, seq, message: before }, text = before) {
    if (!this.message) this.draft = this.composer.field.value;
    this.mark(false);
    this.message = { id, seq, before };
    this.mark(true);
    this.strip.hidden = false;
    this.composer.form.before(this.strip);
    this.button.textContent = "Save";
    this.composer.show(text, this);
    this.keep(text);
    this.composer.field.setAttribute("aria-describedby", this.strip.id);
    this.composer.field.focus();
    this.composer.field.setSelectionRange(text.length, text.length);
  }

  /** @param {string} text */
  changed(text) {
    this.keep(text);
  }

  /** @param {string} text */
  async save(text) {
    if (!this.message || this.busy) return;
    if (text === this.message.before) return this.cancel();
    this.busy = true;
    const ack = await this.connection.ask("edit_message", {
      id: this.message.id, message: text, mentions: this.replying.chosenIn(text),
    });
    this.busy = false;
    if (!ack.ok) return this.composer.showProblem(`Not saved. ${ack.error}`);
    announce("Message edited.");
    this.end();
  }

  cancel() {
    if (!this.busy) this.end();
  }

  end() {
    this.mark(false);
    this.message = undefined;
    this.drafts.keepEdit("");
    this.strip.hidden = true;
    this.button.textContent = "Send";
    this.composer.field.removeAttribute("aria-describedby");
    this.composer.show(this.draft);
    // Whoever went on to a message while it was being stored stays there.
    if (!document.activeElement?.closest(".message")) this.composer.field.focus();
  }

  /** @param {string} text so that a reload goes on with it */
  keep(text) {
    this.drafts.keepEdit(JSON.stringify({ ...this.message, text }));
  }

  /** @param {boolean} isEdited */
  mark(isEdited) {
    document.getElementById(`m-${this.message?.seq}`)?.classList.toggle("editing", isEdited);
  }
}

/** @param {() => void} cancel */
function stripWith(cancel) {
  const strip = document.createElement("div");
  strip.className = "strip editing-strip";
  strip.id = "editing";
  const words = document.createElement("span");
  words.textContent = "Editing your message";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button quiet";
  button.textContent = "Cancel";
  button.addEventListener("click", cancel);
  strip.append(words, button);
  return strip;
}

/**
 * The last message of one's own that can be edited.
 * @param {import("../state/store.js").State} state
 * @returns {Message | undefined}
 */
export function lastOwn({ messages, ahead, hasNewer, me }) {
  const shown = hasNewer ? messages : [...messages, ...ahead.flatMap(({ message }) => message ?? [])];
  return shown.filter(({ user_id: author, deleted }) => author === me?.userId && !deleted).at(-1);
}

/**
 * What was half edited when the page was left.
 * @param {string} kept
 * @returns {{id: string, seq: number, message: string, text: string} | undefined}
 */
export function editFrom(kept) {
  try {
    const { id, seq, before, text } = JSON.parse(kept);
    return { id, seq, message: before, text };
  } catch {
    return undefined;
  }
}
