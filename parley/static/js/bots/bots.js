// @ts-check
// What bots do on the page: their "/" commands, the buttons under their messages, and what they answer whoever asked.
// Loaded with the first of these. All that a bot gives is text: nothing of it is run, and nothing of it leads anywhere.
import { say } from "../browser/toast.js";
import { Answers } from "./answers.js";
import { Commands } from "./commands.js";

const SHOWN_FOR_MS = 6000;
const LOADS_WITHIN_MS = 5000;

export class Bots {
  /**
   * @param {object} parts
   * @param {import("../connection/connection.js").Connection} parts.connection
   * @param {import("../writing/composer.js").Composer} parts.composer
   * @param {(text: string) => void} parts.send as a message
   */
  constructor({ connection, composer, send }) {
    this.connection = connection;
    this.composer = composer;
    this.send = send;
    this.answers = new Answers();
    this.commands = new Commands(connection);
    for (const name of ["ask_answered", "ask_late"]) connection.socket.on(name, (fields) => this.told(name, fields));
  }

  /**
   * Where the text is a command that a bot here has, it goes to that bot alone.
   * @param {string} text
   * @returns {boolean} whether it is taken: once it is known what there is, what is none is sent as a message
   */
  takes(text) {
    this.commands.close();
    if (!/^\/[a-z0-9]/.test(text)) return false;
    const known = this.commands.offers;
    if (known && !this.commands.find(text)) return false;
    this.use(text);
    return true;
  }

  /** @param {string} text */
  async use(text) {
    // What doesn't come must not keep back what somebody wrote.
    await Promise.race([this.commands.load(), new Promise((resolve) => setTimeout(resolve, LOADS_WITHIN_MS))]);
    const found = this.commands.find(text);
    if (!found) return this.send(text);
    const { bot, username, name } = found.offer;
    const ack = await this.ask("use_command", { bot, name, text: found.words }, username);
    if (!ack.ok) this.composer.putBack(text);
  }

  /**
   * @param {HTMLElement} message
   * @param {HTMLButtonElement} button
   */
  async press(message, button) {
    const { id, username = "" } = message.dataset;
    button.disabled = true;
    await this.ask("press_button", { id, button: button.dataset.button }, username);
    button.disabled = false;
  }

  /**
   * @param {"use_command" | "press_button"} event
   * @param {object} fields
   * @param {string} username the bot's
   */
  async ask(event, fields, username) {
    const ack = await this.connection.ask(event, fields);
    if (ack.ok) this.answers.waitFor(ack.id, username);
    else say(ack.error, SHOWN_FOR_MS);
    return ack;
  }

  /**
   * @param {string} event
   * @param {{id: string, text?: string}} fields
   */
  told(event, { id, text }) {
    if (event === "ask_late") this.answers.late(id);
    else this.answers.answered(id, text);
  }
}
