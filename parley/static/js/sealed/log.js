// @ts-check
// The log of an encrypted conversation as one reads it: opens what the server shows, and tells what is wrong with it.
// What stands in the log and is no message, as a reaction or a title, becomes what it is about.
import { Chain } from "../encryption/chain.js";
import { digestOf, headerOf } from "../encryption/envelope.js";
import { fromBase64url, toBase64url, Unreadable } from "../encryption/octets.js";
import { quoteOf } from "../state/quotes.js";
import { bodyOf } from "./bodies.js";
import { wordsOfCall } from "./calling.js";
import { note as noteKey, pointsOf } from "./introductions.js";
import { Marking, mentionsOf } from "./marking.js";

/**
 * @typedef {import("../connection/wire.js").Message} Message
 * @typedef {import("../encryption/envelope.js").Opened} Opened
 * @typedef {import("../encryption/chain.js").Fault} Fault
 * @typedef {{title: string, description: string}} About
 * @typedef {import("./bodies.js").Body} Body
 * @typedef {{message: Message, opened?: Opened, reason?: string, digest?: string}} Tried `digest`: of what this browser has no key for
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
/** Words would be read as everybody's. */
const EMOJI = /^(?=[^]*[^\d#*])[\p{Emoji}\p{Emoji_Component}]+$/u;
/** How many different ones a message shows, as in an open conversation. */
const REACTIONS_MAX = 20;
const TITLE_MAX = 200;
const DESCRIPTION_MAX = 2000;
/** So many that were opened last are kept as they are: the page is told them again as soon as it is connected. */
const OPENED_KEPT = 200;

export class Log {
  /**
   * @param {object} parts
   * @param {import("./files.js").SealedFiles} parts.files
   * @param {import("../encryption/envelope.js").Opener} parts.opener
   * @param {Record<string, string[]>} parts.known the signing points seen of each person
   * @param {Record<string, import("./introductions.js").Seen>} [parts.seen] what was seen of each signing point
   * @param {(userId: string, username: string, point: string, isAnother: boolean) => void} parts.met somebody by a key
   *   that wasn't seen before; `isAnother`: they had one already
   * @param {() => void} [parts.noted] something that is to be kept was seen of a key
   * @param {(faults: Fault[]) => void} parts.found something wrong with the log
   */
  constructor({ files, opener, known, seen = {}, met, noted = () => {}, found }) {
    this.files = files;
    this.opener = opener;
    this.known = known;
    this.seen = seen;
    this.noted = noted;
    /** @type {Map<string, string>} by signing point, whose it was first */
    this.owners = new Map(Object.entries(known).flatMap(([userId, [point]]) => (point ? [[point, userId]] : [])));
    this.met = met;
    this.found = found;
    this.marking = new Marking();
    /** @type {Map<number, Message>} by seq, as they were last read */
    this.messages = new Map();
    /** @type {Map<string, number>} by digest, as base64url, where it stands */
    this.places = new Map();
    /** @type {Map<number, Message>} by seq, what there is no key for yet */
    this.locked = new Map();
    /** @type {Map<string, Map<string, Map<string, {seq: number, on: boolean}>>>} by digest, emoji and person */
    this.reactions = new Map();
    /** @type {About & {seq: number}} */
    this.about = { title: "", description: "", seq: 0 };
    /** @type {Map<number, import("../encryption/chain.js").Link>} by seq */
    this.links = new Map();
    /** @type {Chain | undefined} */
    this.chain = undefined;
    /** @type {Map<string, Promise<Opened>>} by the envelope and whose it is said to be */
    this.opened = new Map();
    /** Up to which seq the chain was followed. */
    this.followed = 0;
    /** @type {Set<Fault["what"]>} what was wrong with it so far */
    this.told = new Set();
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
    const chain = (this.chain ??= new Chain({ fromBeginning })); // another may take its place meanwhile, with all of these
    const next = this.linksBetween(this.followed, seq);
    this.followed = Math.max(this.followed, seq);
    for (const link of next) {
      const faults = await chain.take(link);
      if (faults.length) this.tell(faults);
    }
  }

  /** @param {number} after @param {number} through @returns {import("../encryption/chain.js").Link[]} in their order */
  linksBetween(after, through) {
    const between = [...this.links.values()].filter(({ seq }) => seq > after && seq <= through);
    return between.sort((one, other) => one.seq - other.seq);
  }

  /** @param {Fault[]} faults */
  tell(faults) {
    for (const { what } of faults) this.told.add(what);
    this.found(faults);
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

  /** @param {Tried[]} all @returns {Read[]} */
  takeAll(all) {
    this.marking.learn(all.map(({ message }) => message));
    this.marking.begin();
    return all.map((each) => this.take(each));
  }

  /** What there is a key for now. @returns {Promise<Read[]>} */
  async unlocked() {
    const waiting = [...this.locked.values()];
    this.locked.clear();
    return (await this.readAll(waiting)).filter(({ seq }) => !this.locked.has(seq));
  }

  /**
   * @param {Message} message
   * @returns {Promise<Tried>}
   */
  async open(message) {
    if (message.deleted || message.type === "call") return { message };
    try {
      if (message.type !== "encrypted") throw new Unreadable("not_authentic");
      return { message, opened: await this.openedOnce(message) };
    } catch (error) {
      const reason = error instanceof Unreadable ? error.reason : "malformed";
      return { message, reason, ...(reason === "unknown_epoch" && { digest: await digestIn(message.message) }) };
    }
  }

  /** @param {Message} message @returns {Promise<Opened>} */
  openedOnce({ message, user_id: userId, client_id: clientId = "" }) {
    const name = JSON.stringify([message, userId, clientId]);
    let opened = this.opened.get(name);
    if (!opened) {
      opened = this.opener.open(message, { userId, clientId });
      this.opened.set(name, opened);
      opened.catch(() => this.opened.delete(name));
      if (this.opened.size > OPENED_KEPT) this.opened.delete(/** @type {string} */ (this.opened.keys().next().value));
    }
    return opened;
  }

  /** @param {Tried} tried @returns {Read} */
  take({ message, opened, reason, digest: locked }) {
    const { seq } = message;
    const known = this.messages.get(seq);
    if (known && changedAt(known) > changedAt(message)) return this.asKnown(known); // it was on its way for longer
    this.locked.delete(seq);
    if (message.deleted) return this.deleted(message);
    if (message.type === "call") return this.shown(called(message));
    const body = opened && bodyOf(opened.body);
    if (locked) this.lock(message, locked);
    if (!opened || !body) return this.shown(unreadable(message, reason));
    const isProven = this.meet(message, opened, body);
    const digest = toBase64url(opened.kind === "edit" && opened.target ? opened.target : opened.digest);
    const isEdited = opened.kind === "edit";
    this.note(seq, digest, isEdited ? null : opened.claim, isEdited ? null : opened.epoch);
    if (opened.kind === "reaction") return this.reacted(message, opened, body);
    if (opened.kind === "about") return this.retitled(message, body);
    if (opened.kind === "introduction") return { seq };
    const shown = this.message(message, opened, body);
    return this.shown(isProven ? shown : { ...shown, unproven: true });
  }

  /** @param {Message} known @returns {Read} */
  asKnown({ reactions: _, ...known }) {
    return known.deleted ? { seq: known.seq, message: known } : this.shown(known);
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
    if (typeof emoji !== "string" || emoji.length > EMOJI_MAX || !EMOJI.test(emoji)) return { seq };
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
    return this.asKnown({ ...known, changed_seq: Math.max(seq, known.changed_seq ?? 0) }).message;
  }

  /** @param {number} seq @returns {import("../connection/wire.js").Reaction[]} */
  reactionsOf(seq) {
    const digest = this.digestAt(seq);
    const byEmoji = [...(this.reactions.get(digest) ?? [])];
    const found = byEmoji.flatMap(([emoji, people]) => {
      const ids = [...people].filter(([, { on }]) => on).map(([id]) => id);
      return ids.length ? [{ emoji, count: ids.length, user_ids: ids }] : [];
    });
    if (found.length <= REACTIONS_MAX) return found;
    const most = new Set([...found].sort((one, other) => other.count - one.count).slice(0, REACTIONS_MAX));
    return found.filter((each) => most.has(each));
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
   * @param {Body} body
   * @returns {boolean} whether it is by the key they were first seen with, and that is nobody else's: any member could
   *   sign under another's user_id, with the server's help
   */
  meet({ user_id: userId, username }, opened, body) {
    const point = toBase64url(opened.sender);
    if (noteKey(this.seen, point, userId, opened, body)) this.noted();
    const points = pointsOf(this.known, userId);
    if (!points.includes(point)) {
      points.push(point);
      this.met(userId, username, point, points.length > 1);
    }
    if (!this.owners.has(point)) this.owners.set(point, userId);
    return points[0] === point && this.owners.get(point) === userId;
  }

  /** It stands in the log, whoever can read it. @param {Message} message @param {string} digest */
  lock(message, digest) {
    this.locked.set(message.seq, message);
    this.note(message.seq, digest, null);
  }

  /**
   * @param {number} seq
   * @param {string} digest
   * @param {import("../encryption/chain.js").Claim | null} claim
   * @param {number | null} [epoch]
   */
  note(seq, digest, claim, epoch = null) {
    this.places.set(digest, seq);
    if (!this.links.has(seq)) this.links.set(seq, { seq, digest: fromBase64url(digest), claim, epoch });
  }

  /**
   * Where another key was used than before, among messages that follow each other.
   * @param {Message[]} messages
   */
  beginnings(messages) {
    const found = [];
    let [before, last] = [0, Infinity];
    for (const { seq, timestamp: at } of this.opener.epochs.size > 1 ? messages : []) {
      const number = this.links.get(seq)?.epoch ?? last;
      if (number > last) found.push({ number, afterSeq: before, at });
      [before, last] = [seq, number];
    }
    return found;
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

/** Of an envelope that nobody here can open. @param {string} envelope */
async function digestIn(envelope) {
  const { kind, target } = headerOf(envelope);
  return toBase64url(kind === "edit" ? target : await digestOf(fromBase64url(envelope)));
}

/** @param {Message} message */
function changedAt({ seq, changed_seq: changedSeq = seq }) {
  return changedSeq;
}

/** What the server tells of a call that was: it knew of that. @param {Message} message @returns {Message} */
function called(message) {
  return { ...outer(message), type: "call", message: wordsOfCall(message.call) };
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
