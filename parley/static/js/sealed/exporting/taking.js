// @ts-check
// Takes an encrypted conversation along: all that this browser can read of it, as a file that is made here. Nothing of it
// is sent.
import { apiOf, ROOT } from "../../browser/root.js";
import { ask } from "../../connection/wire.js";
import { mayBeMarked } from "../markdown/may-be.js";
import { Archive, MOST_BYTES } from "./archive.js";
import { entriesOf, exportPath, fileName, headOf, UNREADABLE } from "./entries.js";
import { lines } from "./lines.js";
import { markdown } from "./markdown.js";
import { page } from "./page.js";

/**
 * @typedef {import("../../connection/wire.js").Conversation} Conversation
 * @typedef {import("../../connection/wire.js").Message} Message
 * @typedef {"zip" | "html" | "md" | "jsonl"} Format
 * @typedef {{blob: Blob, name: string, messages: number, unreadable: number, missing: number}} Taken
 * @typedef {(words: string) => void} Tell
 */

const PAGE = "conversation.html";
const LINES = "conversation.jsonl";
const MISSING = "missing.txt";
const TYPES = { html: "text/html", md: "text/markdown", jsonl: "application/jsonl", zip: "application/zip" };
const PEOPLE_MAX = 10_000;
const PIECE_CHARS = 256 * 1024;
/** Markdown that wasn't shown yet is read so long at once: others have their turn between. */
const AT_ONCE_MS = 10;
const TRIES = 3;
const RETRY_MS = 2000;
const IMPORT = /@import "([^"]+)";/g;
const COMMENT = /\/\*[^]*?\*\//g;

export class Taking {
  /**
   * @param {object} parts
   * @param {import("../line.js").Line} parts.line
   * @param {() => string} parts.roomId as it is now
   * @param {(signal: AbortSignal, tell: () => void) => Promise<void>} parts.whole once all of the history was read
   * @param {string} parts.sheet where the styles of an exported page are
   */
  constructor({ line, roomId, whole, sheet }) {
    this.line = line;
    this.roomId = roomId;
    this.whole = whole;
    this.sheet = sheet;
    /** @type {Map<number, Message["parts"]>} by seq, of what wasn't shown yet */
    this.parts = new Map();
  }

  /** The files that there are, as far as the history was read. */
  files() {
    const { messages } = this.line.log;
    return [...messages.values()].flatMap(({ attachments, deleted }) => (deleted ? [] : attachments ?? []));
  }

  /** Whether they fit into one file that a browser can make. */
  fits() {
    return this.files().reduce((sum, { size }) => sum + size, 0) < MOST_BYTES * 0.9;
  }

  /**
   * Rejects where it was broken off, or with an error in words.
   * @param {Format} format
   * @param {AbortSignal} signal
   * @param {Tell} tell
   * @returns {Promise<Taken>}
   */
  async take(format, signal, tell) {
    const { log } = this.line;
    await this.whole(signal, () => tell(`Reading older messages: ${counted(log.messages.size, "message")} so far`));
    tell("Putting it together");
    const at = new Date();
    const told = await this.told(at, format === "zip", signal);
    const { title } = told.head.conversation;
    const unreadable = told.entries.filter(({ type }) => type === UNREADABLE).length;
    const [blob, missing] = format === "zip" ? await this.archive(told, at, signal, tell) : [await this.text(told, format), 0];
    return { blob, name: `${fileName(title)}.${format}`, messages: told.entries.length, unreadable, missing };
  }

  /** @param {Date} at @param {boolean} withFiles @param {AbortSignal} signal @returns {Promise<import("./entries.js").Export>} */
  async told(at, withFiles, signal) {
    const { line } = this;
    const reply = await ask(apiOf(this.roomId()));
    if (!reply.success) throw new Error(reply.error);
    /** @type {import("./entries.js").Told & Pick<Conversation, "participants" | "participants_cursor">} */
    const conversation = line.called(reply.conversation);
    const people = await this.people(conversation);
    await line.log.marking.load();
    await this.readMarkdown(signal);
    const exportedAt = `${at.toISOString().slice(0, -1)}+00:00`;
    const server = `${location.origin}${ROOT}`;
    const entries = entriesOf(line.log.messages, ({ seq }) => this.parts.get(seq), withFiles);
    const seq = Math.max(conversation.seq, ...entries.slice(-1).map((entry) => entry.seq));
    return { head: headOf({ ...conversation, seq }, people, { exportedAt, server }), entries };
  }

  /** Of what wasn't shown yet. @param {AbortSignal} signal */
  async readMarkdown(signal) {
    const { marking, messages } = this.line.log;
    this.parts.clear();
    let until = performance.now() + AT_ONCE_MS;
    for (const { seq, type, message, parts, mentions, deleted } of messages.values()) {
      if (parts || deleted || type !== "text" || !(mentions?.length || mayBeMarked(message))) continue;
      this.parts.set(seq, marking.read(seq, { text: message, mentions }));
      if (performance.now() < until) continue;
      await new Promise((done) => setTimeout(done));
      signal.throwIfAborted();
      until = performance.now() + AT_ONCE_MS;
    }
  }

  /**
   * Those who are in it.
   * @param {Pick<Conversation, "participants" | "participants_cursor">} conversation has the first
   * @returns {Promise<import("./entries.js").ExportedPerson[]>}
   */
  async people({ participants, participants_cursor: first }) {
    const people = [...participants];
    for (let cursor = first; cursor && people.length < PEOPLE_MAX;) {
      const reply = await ask(`${apiOf(this.roomId())}/participants?cursor=${encodeURIComponent(cursor)}`);
      if (!reply.success) throw new Error(reply.error);
      people.push(...reply.participants);
      cursor = reply.next_cursor;
    }
    return people;
  }

  /** @param {import("./entries.js").Export} told @param {Exclude<Format, "zip">} format @param {boolean} [withFiles] */
  async text(told, format, withFiles = false) {
    const written = format === "jsonl" ? lines(told) : format === "md" ? markdown(told) : page(told, await this.styles(), withFiles);
    /** @type {Blob[]} */
    const pieces = [];
    let waiting = "";
    for (const some of written) {
      waiting += some;
      if (waiting.length < PIECE_CHARS) continue;
      pieces.push(new Blob([waiting]));
      waiting = "";
      await new Promise((done) => setTimeout(done));
    }
    return new Blob([...pieces, waiting], { type: `${TYPES[format]}; charset=utf-8` });
  }

  /** All sheets in one. @param {string} [address] @returns {Promise<string>} */
  async styles(address = this.sheet) {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error("The page's styles couldn't be loaded. Try again.");
    const text = await answer.text();
    const imported = await Promise.all([...text.matchAll(IMPORT)].map(([, path]) => this.styles(new URL(path, new URL(address, location.href)).href)));
    return text.replace(IMPORT, () => imported.shift() ?? "").replace(COMMENT, "");
  }

  /**
   * @param {import("./entries.js").Export} told
   * @param {Date} at
   * @param {AbortSignal} signal
   * @param {Tell} tell
   * @returns {Promise<[Blob, number]>} and how many files could not be had
   */
  async archive(told, at, signal, tell) {
    const archive = new Archive(at);
    await archive.add(PAGE, await this.text(told, "html", true));
    const files = this.files();
    const missing = [];
    for (const [number, file] of files.entries()) {
      tell(`File ${number + 1} of ${files.length}: ${file.name}`);
      const blob = await this.file(file.id, signal);
      if (blob) await archive.add(exportPath(file), blob);
      else missing.push(exportPath(file));
    }
    if (missing.length) await archive.add(MISSING, new Blob(missing.map((path) => `${path}\n`)));
    await archive.add(LINES, await this.text(told, "jsonl"));
    return [archive.end(), missing.length];
  }

  /** @param {string} id @param {AbortSignal} signal @returns {Promise<Blob | undefined>} none where it can't be opened */
  async file(id, signal) {
    const showing = await this.line.files.showing();
    for (let tried = 1; ; tried += 1) {
      signal.throwIfAborted();
      try {
        return await showing.fetched(id);
      } catch (trouble) {
        if (showing.isForGood(trouble)) return undefined;
        if (tried === TRIES) throw new Error("A file couldn't be loaded. Check your connection, and try again.");
        await new Promise((done) => setTimeout(done, RETRY_MS));
      }
    }
  }
}

/** @param {number} count @param {string} noun */
export function counted(count, noun) {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}
