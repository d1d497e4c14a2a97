// @ts-check
// Stands between the page and the server: what comes is opened, in its order, and what goes is sealed.
import { Sealer } from "../encryption/envelope.js";
import { fromBase64url, random, Reader, toBase64url, utf8 } from "../encryption/octets.js";
import { introductionOf } from "./introductions.js";

/**
 * @typedef {import("../connection/wire.js").Message} Message
 * @typedef {import("../connection/wire.js").Socket} Socket
 * @typedef {import("../connection/wire.js").Ack} Ack
 * @typedef {import("../connection/wire.js").Conversation} Conversation
 * @typedef {import("../encryption/envelope.js").Kind} Kind
 * @typedef {import("./log.js").Log} Log
 * @typedef {(fields: any) => void} Act
 * @typedef {{text: string, mentions?: string[], replyTo?: string, files?: object[]}} Said `replyTo`: the answered message's id
 */

const PAGE = /\/messages\?(.*)$/;
const PINS = /\/pins\?/;
/** Opened together without holding up the page: a few milliseconds. */
const AT_ONCE = 50;
/** One's own message may be acknowledged before it is told. */
const TOLD_WITHIN_MS = 3000;
/** The key may be changed again while something is sealed anew. */
const TRIES = 5;

export class Line {
  /**
   * @param {object} parts
   * @param {Log} parts.log
   * @param {import("../encryption/people.js").Person} parts.person
   * @param {string} parts.userId of who takes part, empty for nobody
   * @param {import("./files.js").SealedFiles} parts.files
   * @param {() => Promise<boolean>} [parts.renew] gets the keys after those that are known; false where it may work
   *   another time
   */
  constructor({ log, person, userId, files, renew = async () => true }) {
    this.log = log;
    this.files = files;
    this.person = person;
    this.userId = userId;
    this.renew = renew;
    /** @type {Promise<boolean> | undefined} */
    this.renewing = undefined;
    /** The newest epoch that the server was asked for. */
    this.sought = 0;
    /** @type {Sealer | undefined} */
    this.sealer = undefined;
    /** @type {Map<string, Promise<string>>} by person and client id, what was sealed: it goes out again as it was */
    this.sealed = new Map();
    /** @type {Map<string, Act[]>} */
    this.acts = new Map();
    /** @type {Promise<unknown>} what came before is told first */
    this.turn = Promise.resolve();
    /** @type {((seq: number) => void) | undefined} */
    this.tellPassed = undefined;
    /** @type {number[]} what was passed before there was anybody to tell */
    this.early = [];
    /** Told where the server shows the end alone, to who was away for long. */
    this.skipped = () => {};
    /** Told of what could not be read before. @type {(messages: Message[]) => void} */
    this.reread = () => {};
    /** @type {Set<() => void>} who waits for messages that were acknowledged */
    this.awaited = new Set();
    /** Told that one who only read along is shut out. */
    this.closed = () => {};
    /** Up to which seq messages were erased, as far as that was told. */
    this.erasedThrough = 0;
    /** @type {Partial<Conversation>} as it was told last */
    this.conversation = {};
  }

  /** @param {Socket} socket @returns {Socket} */
  socket(socket) {
    this.listen(socket, "epoch_began", () => {});
    /** @type {Record<string | symbol, any>} */
    const ours = {
      on: (/** @type {string} */ event, /** @type {Act} */ act) => this.listen(socket, event, act),
      timeout: (/** @type {number} */ ms) => this.emitter(socket, ms),
    };
    return new Proxy(socket, {
      get(target, name) {
        const theirs = Reflect.get(target, name);
        return ours[name] ?? (typeof theirs === "function" ? theirs.bind(target) : theirs);
      },
    });
  }

  /** @param {Socket} socket @param {string} event @param {Act} act */
  listen(socket, event, act) {
    const acts = this.acts.get(event);
    if (acts) return void acts.push(act);
    this.acts.set(event, [act]);
    socket.on(event, (fields) => this.next(async () => this.heard(event, fields)));
  }

  /**
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  next(work) {
    const done = this.turn.then(work);
    this.turn = done.catch(() => {});
    return done;
  }

  /** @param {string} event @param {any} fields */
  async heard(event, fields) {
    if (event === "epoch_began") return this.begun(fields);
    if (event === "removed" && fields.reason === "closed") return this.closed();
    if (event === "messages_erased") this.erased(fields.through);
    if (event === "new_message" || event === "message_changed") await this.upToMessages([fields]);
    if (event === "new_message") return this.told(await this.log.read(fields), fields, "new_message");
    if (event === "message_changed") return this.told(await this.log.read(fields), fields, "message_changed");
    if (event === "conversation_state") return this.tell(event, { ...fields, conversation: await this.state(fields.conversation) });
    if (event === "conversation_changed") return this.tell(event, this.called(fields));
    return this.tell(event, fields);
  }

  /** Another key is used from here on. @param {{number: number, seq: number}} fields */
  async begun(fields) {
    await this.upTo(fields.number, true);
    this.tell("epoch_began", fields);
  }

  /**
   * Has the keys up to that epoch, where they can be had.
   * @param {number} number
   * @param {boolean} [isTold] by the server's own word, and not by what anybody could have written
   * @returns {Promise<boolean>}
   */
  async upTo(number, isTold = false) {
    const { opener } = this.log;
    if (number <= opener.current.number) return true;
    if (number <= this.sought && !isTold) return false;
    this.sought = Math.max(this.sought, number);
    await this.renewed();
    return number <= opener.current.number;
  }

  /** @param {Message[]} messages */
  async upToMessages(messages) {
    const newest = Math.max(0, ...messages.filter(({ deleted }) => !deleted).map(epochOf));
    await this.upTo(newest);
  }

  /** What was there before its key was is read after that. */
  async renewed() {
    this.renewing ??= this.renew().finally(() => (this.renewing = undefined));
    if (!await this.renewing) this.sought = 0;
    if (!this.log.locked.size) return;
    this.next(async () => this.reread((await this.log.unlocked()).flatMap(({ message }) => message ?? [])));
  }

  /** @param {number} [through] a seq */
  erased(through = 0) {
    this.erasedThrough = Math.max(this.erasedThrough, through);
  }

  /**
   * @param {import("./log.js").Read} read
   * @param {Message} fields
   * @param {"new_message" | "message_changed"} event
   */
  told(read, { changed_seq: changedSeq }, event) {
    const { seq, message, reaction, about } = read;
    this.awaited.forEach((look) => look());
    if (message) return this.tell(event, message);
    const changed = reaction && this.log.withReactions(reaction.target, seq);
    if (changed) return this.tell("message_changed", changed);
    this.passed(changedSeq ?? seq);
    if (about) this.tell("conversation_changed", this.called(this.conversation));
  }

  /** Nothing to show, but the page waits for that seq. @param {number} seq */
  passed(seq) {
    if (this.tellPassed) this.tellPassed(seq);
    else this.early.push(seq);
  }

  /** @param {(seq: number) => void} tellPassed told of what shows nothing, since the beginning */
  follow(tellPassed) {
    this.tellPassed = tellPassed;
    this.early.splice(0).forEach(tellPassed);
  }

  /** @param {string} event @param {any} fields */
  tell(event, fields) {
    for (const act of this.acts.get(event) ?? []) act(fields);
  }

  /** @param {Conversation} conversation @returns {Promise<Conversation>} */
  async state(conversation) {
    // Then what changed before these isn't told.
    if (!conversation.delta) this.skipped();
    this.erased(conversation.erased_through);
    const known = this.log.opener.current.number;
    if ((conversation.epoch ?? known) !== known) await this.renewed();
    const messages = await this.shownOf(conversation.messages, Boolean(conversation.delta));
    return this.called({ ...conversation, messages });
  }

  /**
   * With its own words, which the server doesn't have.
   * @template {Partial<Conversation>} T
   * @param {T} conversation
   * @returns {T}
   */
  called(conversation) {
    this.conversation = { ...this.conversation, ...conversation };
    const { title, description } = this.log.about;
    const { room_id: roomId } = this.conversation;
    return { ...conversation, title: title || `Conversation ${roomId}`, description }; // as one without a title is called
  }

  /**
   * @param {Message[]} messages
   * @param {boolean} isDelta whether those that changed are told as well
   */
  async shownOf(messages, isDelta) {
    await this.upToMessages(messages);
    const read = await this.log.readAll(messages);
    const shown = read.flatMap(({ message }) => (message ? [message] : []));
    const changed = new Map(shown.map((message) => [message.seq, message]));
    for (const { seq, reaction } of read) {
      const message = reaction && this.log.withReactions(reaction.target, seq);
      if (message && (isDelta || changed.has(message.seq))) changed.set(message.seq, message);
    }
    return [...changed.values()].sort((one, other) => one.seq - other.seq);
  }

  /**
   * What was said before, for whoever searches: opened beside what happens meanwhile, and taken in between, some at a
   * time. What is known as it is stays.
   * @param {Message[]} messages
   */
  async older(messages) {
    const news = messages.filter((message) => !this.log.knows(message));
    const open = (/** @type {number} */ at) => Promise.all(news.slice(at, at + AT_ONCE).map((message) => this.log.open(message)));
    let opened = open(0);
    for (let at = 0; at < news.length; at += AT_ONCE) {
      const some = await opened;
      opened = open(at + AT_ONCE); // beside what follows
      await this.next(async () => this.take(some));
      await new Promise((done) => setTimeout(done));
    }
  }

  /** @param {Awaited<ReturnType<Log["open"]>>[]} some that were opened */
  take(some) {
    const { seq: before } = this.log.about;
    const news = some.filter(({ message }) => !this.log.knows(message)); // or it was told meanwhile
    const seqs = new Set(news.map(({ message }) => message.seq));
    for (const { seq, reaction } of this.log.takeAll(news)) {
      const changed = reaction && this.log.withReactions(reaction.target, seq);
      if (changed && !seqs.has(changed.seq)) this.tell("message_changed", changed);
    }
    // What it was called long ago, where nobody has said it since.
    const isKnown = this.conversation.room_id !== undefined;
    if (this.log.about.seq > before && isKnown) this.tell("conversation_changed", this.called(this.conversation));
  }

  /** @param {Socket} socket @param {number} ms @returns {import("../connection/wire.js").Emitter} */
  emitter(socket, ms) {
    return { emitWithAck: async (event, /** @type {any} */ fields) => {
      for (let tries = 1; ; tries += 1) {
        const sent = await this.going(event, fields);
        if ("ok" in sent) return sent;
        const ack = await socket.timeout(ms).emitWithAck(sent.event, sent.fields);
        if (ack.ok || ack.code !== "epoch_over") return this.answered(event, fields, ack);
        if (tries === TRIES || !await this.followed(ack)) return waiting();
        this.sealed.delete(`${this.userId} ${fields.client_id}`); // it wasn't stored, and goes out with the new key
      }
    } };
  }

  /**
   * Whether one has the key now that the server asks for. Nobody goes back to an earlier one.
   * @param {{epoch?: number}} refusal
   */
  async followed({ epoch = 0 }) {
    const { opener } = this.log;
    if (epoch !== opener.current.number) await this.renewed();
    return epoch === opener.current.number;
  }

  /** @param {string} event @param {any} fields @param {Ack} ack */
  async answered(event, fields, ack) {
    if (ack.ok && event === "join_room") this.userId = ack.user_id;
    if (ack.ok && event === "send_message") this.sealed.delete(`${this.userId} ${fields.client_id}`);
    if (!ack.ok || !Array.isArray(ack.messages)) return ack;
    this.erased(ack.erased_through);
    await this.upTo(ack.epoch ?? 0, true);
    return this.next(async () => ({ ...ack, messages: await this.shownOf(ack.messages, true) }));
  }

  /**
   * What is sent instead.
   * @param {string} event
   * @param {any} fields
   * @returns {Promise<{event: string, fields: object} | import("../connection/wire.js").ErrorAck>}
   */
  async going(event, fields) {
    if (event === "send_message" && fields.type !== "encrypted") return { event, fields: await this.saying(fields) };
    if (event === "edit_message") return this.editing(fields);
    if (event === "react") return this.reacting(fields);
    if (event === "retitle") return this.saysOf(fields, "about", fields.about);
    if (event === "introduce") return this.saysOf(fields, "introduction", introductionOf(fields.name, this.person.public));
    return { event, fields };
  }

  /** @param {any} fields */
  async saying({ message, client_id: clientId, reply_to: answers, mentions, ...others }) {
    const { attachments } = others;
    const previews = attachments ? await this.files.previewed(attachments) : [];
    const files = attachments && this.files.named(attachments);
    const envelope = await this.envelope(clientId, { text: message, mentions, replyTo: answers, files });
    const sent = { ...others, message: envelope, type: "encrypted", client_id: clientId };
    return attachments ? { ...sent, attachments: [...attachments, ...previews] } : sent;
  }

  /**
   * Sealed once, however often it is sent.
   * @param {string} clientId
   * @param {Said} said
   */
  envelope(clientId, said) {
    const name = `${this.userId} ${clientId}`;
    let sealed = this.sealed.get(name);
    if (!sealed) {
      sealed = this.sealAnew(clientId, said);
      this.sealed.set(name, sealed);
    }
    return sealed;
  }

  /** Another each time: for what isn't sent so. @param {string} clientId @param {Said} said */
  async sealAnew(clientId, { text, mentions: chosen, replyTo, files }) {
    const mentions = await this.log.marking.mentioned(text, chosen);
    const answered = replyTo ? this.withId(replyTo) : undefined;
    const digest = answered && this.log.digestAt(answered.seq);
    const answers = digest ? { seq: answered.seq, digest } : undefined;
    return this.seal({ text, mentions, answers, files }, { clientId, kind: "message", digest });
  }

  /** @param {any} fields */
  async editing({ id, message: text, mentions: chosen = [], ...others }) {
    const before = await this.toldOf(id);
    if (!before?.client_id) return refusal("This message can't be edited here: it couldn't be read.");
    const digest = this.log.digestAt(before.seq);
    const answered = before.reply_to?.seq ? this.log.digestAt(before.reply_to.seq) : "";
    const answers = answered ? { seq: before.reply_to?.seq, digest: answered } : undefined;
    // Whoever bears another name since is still meant by the one that stands there.
    const mentions = await this.log.marking.mentioned(text, [...chosen, ...before.mentions ?? []]);
    const files = before.attachments && this.files.named(before.attachments.map((file) => file.id));
    const body = { text, mentions, answers, files };
    const message = await this.seal(body, { clientId: before.client_id, kind: "edit", digest });
    return { event: "edit_message", fields: { ...others, id, message } };
  }

  /** @param {any} fields */
  async reacting({ id, emoji, on, ...others }) {
    const about = await this.toldOf(id);
    const digest = about && this.log.digestAt(about.seq);
    if (!digest) return refusal("That message isn't here any more.");
    const clientId = newClientId();
    const message = await this.seal({ emoji, on }, { clientId, kind: "reaction", digest });
    return { event: "send_message", fields: { ...others, message, type: "encrypted", client_id: clientId } };
  }

  /**
   * What the conversation is called, or who one is: for those who have the key.
   * @param {{room_id?: string}} fields
   * @param {Kind} kind
   * @param {object} body
   */
  async saysOf({ room_id }, kind, body) {
    const clientId = newClientId();
    const message = await this.seal(body, { clientId, kind });
    return { event: "send_message", fields: { room_id, message, type: "encrypted", client_id: clientId } };
  }

  /**
   * @param {object} body
   * @param {{clientId: string, kind: Kind, digest?: string}} about
   */
  seal(body, { clientId, kind, digest }) {
    const { current, room } = this.log.opener;
    if (this.sealer?.userId !== this.userId || this.sealer.epoch !== current) {
      this.sealer = new Sealer(current, room, this.person, this.userId);
    }
    const target = digest ? fromBase64url(digest) : null;
    const octets = utf8(JSON.stringify(body));
    return this.sealer.seal(octets, { clientId, kind, target, claim: this.log.claim() });
  }

  /** Once it was told, or if that takes too long. @param {string} id @returns {Promise<Message | undefined>} */
  toldOf(id) {
    const found = this.withId(id);
    if (found) return Promise.resolve(found);
    return new Promise((resolve) => {
      const look = () => {
        const known = this.withId(id);
        if (known) this.awaited.delete(look);
        if (known) resolve(known);
      };
      this.awaited.add(look);
      setTimeout(() => resolve(undefined), TOLD_WITHIN_MS);
    });
  }

  /** @param {string} id */
  withId(id) {
    return [...this.log.messages.values()].find((message) => message.id === id);
  }

  /**
   * @param {any} reply
   * @param {string} path
   * @param {(path: string) => Promise<any>} again
   */
  async reply(reply, path, again) {
    if (!reply.success) return reply;
    if (path.endsWith("/join")) this.userId = reply.user_id;
    if (PAGE.test(path)) return this.page(reply, path, again);
    if (PINS.test(path)) return { ...reply, messages: (await this.log.readAll(reply.messages)).flatMap(({ message }) => message ?? []) };
    return reply;
  }

  /**
   * A page of the history. One without a message to show would lead no further: then it is the one beyond it.
   * @param {any} reply
   * @param {string} path
   * @param {(path: string) => Promise<any>} again
   * @returns {Promise<any>}
   */
  async page(reply, path, again) {
    const messages = await this.next(() => this.shownOf(reply.messages, false));
    if (messages.length || !reply.has_more || !reply.messages.length) return { ...reply, messages };
    const query = new URLSearchParams(PAGE.exec(path)?.[1]);
    const isBack = !query.has("after");
    query.set(isBack ? "before" : "after", String(reply.messages.at(isBack ? 0 : -1).seq));
    const further = `${path.split("?")[0]}?${query}`;
    const next = await again(further);
    return next.success ? this.page(next, further, again) : next;
  }
}

/** @param {string} error @returns {import("../connection/wire.js").ErrorAck} */
function refusal(error) {
  return { ok: false, code: "not_found", error };
}

/** @returns {import("../connection/wire.js").ErrorAck} after which it is tried again */
function waiting() {
  return { ok: false, code: "unavailable", error: "The key was changed, and the new one isn't here yet." };
}

function newClientId() {
  return toBase64url(random(12));
}

/** The number in its header, whoever wrote it there. @param {Message} message */
function epochOf({ message }) {
  try {
    return new Reader(fromBase64url(message.slice(0, 8))).number(6) % 2 ** 32;
  } catch {
    return 0; // no envelope
  }
}
