// @ts-check
// The log of an encrypted conversation as one reads it: opens what the server shows, and tells what is wrong with it.
// What stands in the log and is no message, as a reaction or a title, becomes what it is about.
import { Chain } from "../encryption/chain.js";
import { fromBase64url, toBase64url, Unreadable } from "../encryption/octets.js";
import { quoteOf } from "../state/quotes.js";
import { Marking, mentionsOf } from "./marking.js";

/**
 * @typedef {import("../connection/wire.js").Message} Message
 * @typedef {import("../encryption/envelope.js").Opened} Opened
 * @typedef {import("../encryption/chain.js").Fault} Fault
 * @typedef {{title: string, description: string}} About
 * @typedef {{text?: unknown, mentions?: unknown, answers?: {seq?: unknown, digest?: unknown}, files?: unknown, emoji?: unknown, on?: unknown,
 *   title?: unknown, description?: unknown}} Body
 *
 * `message`: what the page takes for it. `about` and `reaction`: what it is instead, at this `seq`.
 * @typedef {{seq: number, message?: Message, about?: About, reaction?: {target: string}}} Read
 */

const UNREADABLE = {
  unknown_epoch: "This message was written with another key, so it can't be read here.",
  files: "The files of this message aren't there, or aren't the ones it was sent with.",
  other: "This message can't be read. It was changed on the way, or isn't from who it says.",
};
const EMOJI_MAX = 64;
const TITLE_MAX = 200;
const DESCRIPTION_MAX = 2000;

export class Log {
  /**
   * @param {object} parts
   * @param {import("./files.js").SealedFiles} parts.files
   * @param {import("../encryption/envelope.js").Opener} parts.opener
   * @param {Record<string, string[]>} parts.known the signing points seen of each person
   * @param {(userId: string, username: string, point: string, isAnother: boolean) => void} parts.met somebody by a key
   *   that wasn't seen before; `isAnother`: they had one already
   * @param {(faults: Fault[]) => void} parts.found something wrong with the log
   */
  constructor({ files, opener, known, met, found }) {
    this.files = files;
    this.opener = opener;
    this.known = known;
    /** @type {Map<string, string>} by signing point, whose it was first */
    this.owners = new Map(Object.entries(known).flatMap(([userId, [point]]) => (point ? [[point, userId]] : [])));
    this.met = met;
    this.found = found;
    this.marking = new Marking();
    /** @type {Map<number, Message>} by seq, as they were last read */
    this.messages = new Map();
    /** @type {Map<string, number>} by digest, as base64url, where it stands */
    this.places = new Map();
    /** @type {Map<string, Map<string, Map<string, {seq: number, on: boolean}>>>} by digest, emoji and person */
    this.reactions = new Map();
    /** @type {About & {seq: number}} */
    this.about = { title: "", description: "", seq: 0 };
    /** @type {Map<number, import("../encryption/chain.js").Link>} by seq */
    this.links = new Map();
    /** @type {Chain | undefined} */
    this.chain = undefined;
    /** Up to which seq the chain was followed. */
    this.followed = 0;
    /** Up to which seq messages were erased. */
    this.erasedThrough = 0;
  }

  /** What was erased is found and exported no more. @param {number} through a seq */
  forget(through) {
    if (through <= this.erasedThrough) return;
    this.erasedThrough = through;
    for (const seq of this.messages.keys()) if (seq <= through) this.messages.delete(seq);
  }

  /**
   * Checks what was shown, from where it begins.
   * @param {number} seq up to which all is known
   * @param {boolean} fromBeginning whether nothing stands before
   */
  async follow(seq, fromBeginning) {
    this.chain ??= new Chain({ fromBeginning });
    const next = [...this.links.values()].filter((link) => link.seq > this.followed && link.seq <= seq);
    this.followed = Math.max(this.followed, seq);
    for (const link of next.sort((one, other) => one.seq - other.seq)) {
      const faults = await this.chain.take(link);
      if (faults.length) this.found(faults);
    }
  }

  /** What to say of it in the next message. */
  claim() {
    return this.chain?.claim();
  }

  /**
   * @param {Message[]} messages in order
   * @returns {Promise<Read[]>}
   */
  async readAll(messages) {
    return this.takeAll(await Promise.all(messages.map((message) => this.open(message))));
  }

  /**
   * One that comes now: it is shown, and spoken, as what it comes to.
   * @param {Message} message
   * @returns {Promise<Read>}
   */
  async read(message) {
    const each = await this.open(message);
    const said = each.opened && bodyOf(each.opened.body)?.text;
    if (typeof said === "string") await this.marking.ready(said);
    return this.takeAll([each])[0];
  }

  /** @param {{message: Message, opened?: Opened, reason?: string}[]} all @returns {Read[]} */
  takeAll(all) {
    this.marking.learn(all.map(({ message }) => message));
    this.marking.begin();
    return all.map((each) => this.take(each.message, each.opened, each.reason));
  }

  /**
   * @param {Message} message
   * @returns {Promise<{message: Message, opened?: Opened, reason?: string}>}
   */
  async open(message) {
    if (message.deleted) return { message };
    try {
      if (message.type !== "encrypted") throw new Unreadable("not_authentic");
      const by = { userId: message.user_id, clientId: message.client_id ?? "" };
      return { message, opened: await this.opener.open(message.message, by) };
    } catch (error) {
      return { message, reason: error instanceof Unreadable ? error.reason : "malformed" };
    }
  }

  /**
   * @param {Message} message
   * @param {Opened} [opened]
   * @param {string} [reason]
   * @returns {Read}
   */
  take(message, opened, reason) {
    const { seq } = message;
    if (message.deleted) return this.deleted(message);
    const body = opened && bodyOf(opened.body);
    if (!opened || !body) return this.shown(unreadable(message, reason));
    const isProven = this.meet(message, opened);
    const digest = toBase64url(opened.kind === "edit" && opened.target ? opened.target : opened.digest);
    this.note(seq, digest, opened.kind === "edit" ? null : opened.claim);
    if (opened.kind === "reaction") return this.reacted(message, opened, body);
    if (opened.kind === "about") return this.retitled(message, body);
    if (opened.kind === "introduction") return { seq };
    const shown = this.message(message, opened, body);
    return this.shown(isProven ? shown : { ...shown, unproven: true });
  }

  /** @param {Message} message @param {Opened} opened @param {Body} body @returns {Message} */
  message(message, opened, body) {
    const attachments = this.files.joined(message.attachments ?? [], body.files);
    const words = typeof body.text === "string" ? body.text : "";
    // As the server says it of a message without words: so the page shows its files alone.
    const text = words || attachments.map(({ name }) => name).join(", ");
    if (!text && body.files) return { ...outer(message), type: "unreadable", message: UNREADABLE.files };
    const said = mentionsOf(body.mentions);
    const mentions = said ?? [...new Set(this.marking.names.meant(words).map(([, userId]) => userId))];
    const parts = words ? this.marking.partsOf(message.seq, words, said) : undefined;
    const answered = this.answered(opened, body);
    return {
      ...outer(message), type: "text", message: text, ...(attachments.length && { attachments }),
      ...(parts && { parts }), ...(mentions.length && { mentions }), ...(answered && { reply_to: answered }),
    };
  }

  /** What texts came to after they were shown. @param {import("./marking.js").Found} found */
  marked(found) {
    for (const [seq, { text, parts }] of found) {
      const known = this.messages.get(seq);
      if (known?.message === text && !known.deleted) this.messages.set(seq, { ...known, parts });
    }
  }

  /**
   * What it answers: as far as it is known. An edit names again what the message answered.
   * @param {Opened} opened @param {Body} body
   */
  answered({ kind, target }, { answers }) {
    const named = typeof answers?.digest === "string" ? answers.digest : "";
    const digest = kind === "edit" ? named : target && toBase64url(target);
    if (!digest) return undefined;
    const seq = this.places.get(digest) ?? 0;
    const known = this.messages.get(seq);
    if (known) return quoteOf(known);
    const said = Number.isSafeInteger(answers?.seq) ? Number(answers?.seq) : 0;
    return said > 0 ? { id: "", seq: said, user_id: "", username: "", excerpt: "An earlier message" } : undefined;
  }

  /** @param {Message} message @returns {Read} */
  shown(message) {
    const reactions = this.reactionsOf(message.seq);
    const read = { ...message, ...(reactions.length && { reactions }) };
    this.messages.set(message.seq, read);
    return { seq: message.seq, message: read };
  }

  /** Of a deleted one its digest is left, and stands for its text. @param {Message} message @returns {Read} */
  deleted(message) {
    try {
      this.note(message.seq, message.message, null);
    } catch {
      // No digest: then nothing else can be checked against it.
    }
    const read = { ...outer(message), deleted: true, message: "" };
    this.messages.set(message.seq, read);
    return { seq: message.seq, message: read };
  }

  /** @param {Message} message @param {Opened} opened @param {Body} body @returns {Read} */
  reacted({ seq, user_id: userId }, { target }, { emoji, on }) {
    const digest = toBase64url(/** @type {Uint8Array} */ (target));
    if (typeof emoji !== "string" || !emoji || emoji.length > EMOJI_MAX) return { seq };
    const byEmoji = this.reactions.get(digest) ?? new Map();
    const people = byEmoji.get(emoji) ?? new Map();
    this.reactions.set(digest, byEmoji.set(emoji, people));
    if ((people.get(userId)?.seq ?? 0) < seq) people.set(userId, { seq, on: on !== false });
    return { seq, reaction: { target: digest } };
  }

  /**
   * The message that a reaction is about, as it is with it.
   * @param {string} digest
   * @param {number} seq of the reaction
   * @returns {Message | undefined} none where it isn't known here
   */
  withReactions(digest, seq) {
    const known = this.messages.get(this.places.get(digest) ?? 0);
    if (!known || known.deleted) return undefined;
    const { reactions: _, ...message } = known;
    return this.shown({ ...message, changed_seq: Math.max(seq, known.changed_seq ?? 0) }).message;
  }

  /** @param {number} seq @returns {import("../connection/wire.js").Reaction[]} */
  reactionsOf(seq) {
    const digest = this.digestAt(seq);
    const byEmoji = [...(this.reactions.get(digest) ?? [])];
    return byEmoji.flatMap(([emoji, people]) => {
      const ids = [...people].filter(([, { on }]) => on).map(([id]) => id);
      return ids.length ? [{ emoji, count: ids.length, user_ids: ids }] : [];
    });
  }

  /** Owners alone say what it is called. @param {Message} message @param {Body} body @returns {Read} */
  retitled({ seq, role }, { title, description }) {
    if (role !== "owner" || seq < this.about.seq) return { seq };
    const words = (/** @type {unknown} */ said, /** @type {number} */ most) => (typeof said === "string" ? said.slice(0, most) : "");
    const about = { title: words(title, TITLE_MAX), description: words(description, DESCRIPTION_MAX) };
    this.about = { ...about, seq };
    return { seq, about };
  }

  /**
   * @param {Message} message
   * @param {Opened} opened
   * @returns {boolean} whether it is by the key they were first seen with, and that is nobody else's: any member could
   *   sign under another's user_id, with the server's help
   */
  meet({ user_id: userId, username }, { sender }) {
    const point = toBase64url(sender);
    const points = (this.known[userId] ??= []);
    if (!points.includes(point)) {
      points.push(point);
      this.met(userId, username, point, points.length > 1);
    }
    if (!this.owners.has(point)) this.owners.set(point, userId);
    return points[0] === point && this.owners.get(point) === userId;
  }

  /** @param {number} seq @param {string} digest @param {import("../encryption/chain.js").Claim | null} claim */
  note(seq, digest, claim) {
    this.places.set(digest, seq);
    if (!this.links.has(seq)) this.links.set(seq, { seq, digest: fromBase64url(digest), claim });
  }

  /** Whether it was read as it is here, or as it was later. @param {Message} message */
  knows(message) {
    const known = this.messages.get(message.seq);
    return known ? changedAt(known) >= changedAt(message) : this.links.has(message.seq) && !message.deleted;
  }

  /** @param {number} seq @returns {string} empty where it isn't known */
  digestAt(seq) {
    const link = this.links.get(seq);
    return link ? toBase64url(link.digest) : "";
  }
}

/** @param {Message} message */
function changedAt({ seq, changed_seq: changedSeq = seq }) {
  return changedSeq;
}

/** @param {Uint8Array} octets @returns {Body | undefined} */
function bodyOf(octets) {
  try {
    const body = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(octets));
    return body !== null && typeof body === "object" ? body : undefined;
  } catch {
    return undefined;
  }
}

/** @param {Message} message @param {string} [reason] @returns {Message} */
function unreadable(message, reason) {
  const words = reason === "unknown_epoch" ? UNREADABLE.unknown_epoch : UNREADABLE.other;
  return { ...outer(message), type: "unreadable", message: words };
}

/**
 * What the server may say of a message, and nothing else: no words of its own.
 * @param {Message} message
 * @returns {Omit<Message, "message">}
 */
function outer({ id, seq, changed_seq, user_id, username, timestamp, client_id, edited_at, pinned, role, alike, unproven }) {
  const said = { id, seq, changed_seq, user_id, username, timestamp, client_id, edited_at, pinned, role, alike, unproven };
  return /** @type {typeof said} */ (Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)));
}
