// @ts-check
// A call that one is in: who else is, what goes to them, and what comes.
import { LAST_DELAY_MS } from "../connection/line.js";
import { askOnce } from "../connection/wire.js";
import { apiOf } from "../browser/root.js";
import { between } from "../connection/between.js";
import { remember } from "../browser/saved.js";
import { Media } from "./media.js";
import { Mesh } from "./mesh.js";
import { Speaking, Unheard } from "./order.js";
import { Quality, isBad, limitsFor } from "./quality.js";
import { whyNoRoute, whyNotIn } from "./trouble.js";

/**
 * @typedef {import("./words.js").InCall} InCall
 * @typedef {import("./transport.js").Kind} Kind
 * @typedef {import("./transport.js").Reached} Reached
 * @typedef {InCall & {isYou: boolean, speaks: boolean, isWeak: boolean, reached?: Reached,
 *   tracks: Partial<Record<Kind, MediaStreamTrack>>}} Person
 */

const LOOK_MS = 2000;
const HEAR_MS = 120;
const RETRY_MS = 1000;
/** A network that went away leaves its socket looking alive: one that says nothing for so long is opened anew. */
const SOCKET_ANSWERS_MS = 3000;
const SOCKET_ANSWERS_IN_SILENCE_MS = 700;
/** But a line that is slow is no faster anew. */
const REOPENED_EVERY_MS = 15_000;
const PASSING = ["no_answer", "rate_limited", "unavailable"];
/** What the server says to a socket that it doesn't know in the call yet. */
const AWAY = ["not_joined", "not_in_call"];
const BACK_MS = 50;
/** A page that wasn't looked after for so long slept, as behind a closed lid. */
const SLEPT_MS = 8000;
/** That a call was ended is told beside its state, in either order. */
const TOLD_WITHIN_MS = 700;
/** Credentials of a TURN server are asked for anew this long before they end. */
const EARLY_MS = 60_000;
/** A server that was started again waits ten seconds for those who were in calls. */
const BACK_WITHIN_MS = 5000;
const ENDED_AWAY = "The call ended while you were away.";

export class Call {
  /**
   * @param {object} parts
   * @param {import("../connection/connection.js").Connection} parts.connection
   * @param {import("../state/store.js").Store} parts.store
   * @param {() => void} parts.changed something that is shown is another now
   * @param {(words: string) => void} parts.say to whoever looks, and to screen readers
   * @param {(words: string) => void} parts.over it ended for us, and why; empty where one left
   * @param {string} [parts.wanted] the call to come into, and no other; one begins where there is none
   */
  constructor({ connection, store, changed, say, over, wanted = "" }) {
    this.connection = connection;
    this.store = store;
    this.changed = changed;
    this.say = say;
    this.over = over;
    this.peer = "";
    this.id = "";
    this.wanted = wanted;
    /** The call that one wanted was over already. */
    this.isGone = false;
    /** After so long the server may let one in that didn't just now; 0 where it won't. */
    this.againMs = 0;
    this.startedAt = Date.now();
    this.hand = false;
    this.isOver = false;
    /** Told what failed before one is in it. @type {((words: string) => void) | undefined} */
    this.before = undefined;
    this.isRelayOnly = false;
    /** @type {InCall[]} */
    this.people = [];
    /** @type {Set<string>} the user_ids of those whom one removed */
    this.removed = new Set();
    this.wasMet = false;
    /** @type {Map<string, Reached>} by peer */
    this.reached = new Map();
    /** @type {Map<string, Partial<Record<Kind, MediaStreamTrack>>>} by peer, what comes from them */
    this.received = new Map();
    this.speaking = new Speaking();
    this.unheard = new Unheard();
    this.quality = new Quality();
    /** @type {Set<string>} whose line is weak */
    this.weak = new Set();
    this.media = new Media({ changed: (kind, track) => this.sends(kind, track), failed: say, held: (kind, isHeld) => this.held(kind, isHeld) });
    /** @type {Mesh | undefined} */
    this.transport = undefined;
    /** @type {Promise<any> | undefined} */
    this.servers = undefined;
    /** @type {Promise<unknown>} what is told of oneself, in order */
    this.telling = Promise.resolve();
    this.isTelling = false;
    /** @type {ReturnType<typeof setInterval>[]} */
    this.timers = [];
    this.stops = new AbortController();
  }

  /** What the others are told of us. */
  get flags() {
    const { media } = this;
    const goes = (/** @type {Kind} */ kind) => media.has(kind) && !media.isHeld(kind);
    return { audio: goes("audio") && !media.isMuted, video: goes("video"), screen: media.has("screen"), hand: this.hand };
  }

  /** Which servers help to find a way; asked for while somebody still looks at their own picture. */
  prepare() {
    // One for all connections: made once, and signed once.
    this.certified ??= RTCPeerConnection.generateCertificate(/** @type {any} */ ({ name: "ECDSA", namedCurve: "P-256" })).catch(() => undefined);
    const isOld = this.expiresAt !== undefined && Date.now() > this.expiresAt - EARLY_MS;
    if (!this.servers || isOld) this.servers = this.askForServers();
    return this.servers;
  }

  async askForServers() {
    const reply = await askOnce(`${apiOf(this.connection.roomId)}/call/servers`);
    if (!reply.success) {
      this.servers = undefined; // another time
      return { ice_servers: [], relay_only: false };
    }
    this.expiresAt = reply.expires_at ? Date.parse(reply.expires_at) : undefined;
    this.isRelayOnly = reply.relay_only === true;
    return reply;
  }

  /** @returns {Promise<RTCConfiguration>} */
  async configuration() {
    const [{ ice_servers: iceServers = [], relay_only: isRelayOnly }, certificate] = await Promise.all([this.prepare(), this.certified]);
    this.hasTurn = iceServers.some(({ urls }) => [urls].flat().some((url) => /^turns?:/.test(url)));
    return { iceServers, ...(isRelayOnly && { iceTransportPolicy: "relay" }), ...(certificate && { certificates: [certificate] }) };
  }

  /** Resolves to why one is not in it; empty where one is. */
  async join() {
    this.prepare();
    const ack = await this.askIn();
    if (!ack.ok) return whyNotIn(ack);
    if (this.isOver) return void this.connection.ask("call_leave", {});
    this.cameIn(ack);
    return "";
  }

  /** Who was in a call comes back into that one alone: a new one would ring at everybody, and nobody pressed a button. */
  async askIn() {
    const ack = await this.connection.ask("call_join", { ...this.flags, peer: this.peer || undefined, call_id: this.id || this.wanted || undefined });
    this.isGone = !ack.ok && ack.code === "call_over";
    this.againMs = !ack.ok && PASSING.includes(ack.code) ? (ack.retry_after ?? 0) * 1000 || RETRY_MS : 0;
    return ack;
  }

  /** @param {import("../connection/wire.js").OkAck} ack */
  cameIn(ack) {
    const isNew = this.peer !== ack.peer || this.id !== ack.call_id;
    if (isNew) this.begin(ack);
    this.people = ack.people;
    this.transport?.meet(this.others().map(({ peer }) => peer), isNew);
    this.follow();
    this.note();
    this.changed();
  }

  /** @param {import("../connection/wire.js").OkAck} ack */
  begin({ peer, call_id: id, started_at: startedAt }) {
    this.transport?.close();
    this.received.clear();
    this.reached.clear();
    [this.peer, this.id, this.startedAt] = [peer, id, Date.parse(startedAt)];
    this.transport = new Mesh({
      signal: (to, data) => this.signal(to, data),
      configuration: () => this.configuration(),
      told: {
        received: (from, kind, track) => {
          this.received.set(from, { ...this.received.get(from), [kind]: track });
          this.changed();
        },
        reached: (whom, reached) => this.reaches(whom, reached),
      },
      signing: (from) => between.signing && this.signing(from),
    });
    for (const [kind, track] of this.media.tracks) this.transport.send(kind, track);
    this.limit();
  }

  /** What watches over it, once. */
  follow() {
    if (this.timers.length) return;
    this.connection.lastDelayMs = BACK_WITHIN_MS;
    this.timers = [setInterval(() => this.look(), LOOK_MS), setInterval(() => this.hear(), HEAR_MS)];
    const { signal } = this.stops;
    addEventListener("online", () => this.transport?.again(), { signal });
    /** @type {EventTarget | undefined} */ (/** @type {any} */ (navigator).connection)?.addEventListener("change", () => this.transport?.again(), { signal });
    addEventListener("pagehide", () => this.connection.tell("call_leave", {}), { signal });
    document.addEventListener("visibilitychange", () => this.keepAwake(), { signal });
    this.keepAwake();
  }

  /** A screen that turns itself off would end the call on phones. */
  async keepAwake() {
    if (document.visibilityState !== "visible") return;
    this.lock = await navigator.wakeLock?.request("screen").catch(() => undefined);
    if (this.isOver) this.lock?.release();
  }

  /** For when this page is loaded again. */
  note() {
    const { audio, video } = this.flags;
    remember("call", JSON.stringify({ roomId: this.connection.roomId, id: this.id, audio, video }), "sessionStorage");
  }

  /** @returns {InCall[]} */
  others() {
    return this.people.filter(({ peer }) => peer !== this.peer);
  }

  /** As it is shown: oneself last. @returns {Person[]} */
  shown() {
    const now = performance.now();
    const people = this.people.map((person) => {
      const isYou = person.peer === this.peer;
      return {
        ...person, ...(isYou && this.flags), isYou, speaks: this.speaking.speaks(person.peer, now), isWeak: this.weak.has(person.peer),
        reached: isYou ? undefined : this.reachedOf(person),
        tracks: isYou ? Object.fromEntries(this.media.tracks) : (this.received.get(person.peer) ?? {}),
      };
    });
    return [...people.filter(({ isYou }) => !isYou), ...people.filter(({ isYou }) => isYou)];
  }

  /** @param {InCall} person @returns {Reached} */
  reachedOf({ peer, username }) {
    const { what } = this.reached.get(peer) ?? { what: "connecting" };
    const words = {
      connected: "", connecting: `Connecting to ${username}…`, reconnecting: `Reconnecting to ${username}…`,
      unsigned: `The connection to ${username} was ended: it isn't signed with their key. Someone may be listening in.`,
      no_route: whyNoRoute({
        name: username, hasTurn: this.hasTurn ?? false, ...(this.transport?.seen(peer) ?? { wasAnswered: false, found: new Set() }),
      }),
    };
    return { what, words: words[what] };
  }

  /** @param {string} peer @param {Reached} reached */
  reaches(peer, reached) {
    const before = this.reached.get(peer)?.what;
    this.reached.set(peer, reached);
    const person = this.people.find((each) => each.peer === peer);
    const isNews = before !== reached.what && !["connecting", "connected"].includes(reached.what);
    if (person && isNews) this.say(this.reachedOf(person).words ?? "");
    else if (person && before === "reconnecting" && reached.what === "connected") this.say(`Connected to ${person.username} again.`);
    this.changed();
  }

  /** @param {{id: string, started_at: string, people: InCall[]} | null} state by the server's word */
  state(state) {
    if (!this.peer || this.isOver) return;
    if (!state || !state.people.some(({ peer }) => peer === this.peer)) return this.comeBack();
    this.people = state.people;
    const peers = this.others().map(({ peer }) => peer);
    this.wasMet ||= peers.length > 0;
    this.transport?.meet(peers, false);
    this.transport?.keep(peers);
    for (const peer of this.received.keys()) if (!peers.includes(peer)) this.received.delete(peer);
    for (const peer of this.reached.keys()) if (!peers.includes(peer)) this.reached.delete(peer);
    this.speaking.keep([...peers, this.peer]);
    this.limit();
    this.changed();
  }

  /** The server doesn't have us in it any more, as after it was started again. @param {number} [afterMs] */
  async comeBack(afterMs = TOLD_WITHIN_MS) {
    if (this.isComing || this.isOver) return;
    this.isComing = true;
    await after(afterMs);
    const joins = () => (this.connection.live && !this.isOver ? this.join() : "");
    let why = await joins();
    while (why && this.againMs && this.connection.live && !this.isOver) {
      await after(this.againMs);
      why = await joins();
    }
    this.isComing = false;
    if (why && this.connection.live && !this.isOver) this.end(this.isGone ? ENDED_AWAY : why);
  }

  /** @param {{from: string, data: any}} signal */
  signalled({ from, data }) {
    if (data && typeof data === "object") this.transport?.heard(from, data);
  }

  /**
   * Until the server has it, or says that nobody is there.
   * @param {string} to
   * @param {import("./link.js").Signal} data
   */
  async signal(to, data) {
    const transport = this.transport;
    const isOn = () => !this.isOver && transport === this.transport;
    while (isOn()) {
      if (!this.connection.live || this.isComing) await after(BACK_MS);
      else {
        const ack = await this.asked(to, data);
        const isAway = !ack.ok && AWAY.includes(ack.code);
        if (ack.ok || !(isAway || PASSING.includes(ack.code))) return;
        if (isAway) await this.comeBack(0);
        if (isOn() && this.connection.live) await after((ack.retry_after ?? 0) * 1000 || RETRY_MS);
      }
    }
  }

  /** @param {string} to @param {import("./link.js").Signal} data */
  async asked(to, data) {
    const patienceMs = this.transport?.isSilent(to) ? SOCKET_ANSWERS_IN_SILENCE_MS : SOCKET_ANSWERS_MS;
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.reopen();
    }, patienceMs);
    const ack = await this.connection.ask("call_signal", { to, data });
    clearTimeout(timer);
    if (!isLate) this.reopenedAt = undefined;
    return ack;
  }

  reopen() {
    const now = performance.now();
    if (now < (this.reopenedAt ?? -Infinity) + REOPENED_EVERY_MS) return;
    this.reopenedAt = now;
    this.connection.rejoin();
  }

  /** @param {string} from @returns {import("./link.js").Signing} */
  signing(from) {
    const userId = () => this.people.find(({ peer }) => peer === from)?.user_id ?? "";
    return {
      sign: async (sdp) => (await between.signing?.())?.sign(sdp, { callId: this.id, userId: this.store.state.me?.userId ?? "", peer: this.peer }),
      check: async (sdp, signed) => (await between.signing?.())?.check(sdp, signed, { callId: this.id, userId: userId(), peer: from }) ?? false,
    };
  }

  /** @param {{what: string, by?: string | {username: string}}} told */
  told({ what, by }) {
    const name = (typeof by === "string" ? this.nameOf(by) : by?.username) || "An owner";
    if (what === "muted") {
      this.mute(true);
      this.say(`${name} muted everyone. Unmute yourself when you want to speak.`);
    } else this.end(what === "put_out" ? `${name} removed you from the call.` : `${name} ended the call.`);
  }

  /** @param {string} userId */
  nameOf(userId) {
    const all = [...this.people, ...this.store.state.people];
    return all.find(({ user_id: id, username }) => id === userId || username === userId)?.username;
  }

  /** @param {Kind} kind @param {MediaStreamTrack | null} track */
  sends(kind, track) {
    if (track) this.latest = kind;
    this.transport?.send(kind, track);
    if (this.peer) this.tell();
    this.changed();
  }

  /** By a phone call, or another program. @param {Kind} kind @param {boolean} isHeld */
  held(kind, isHeld) {
    if (kind !== "audio" && kind !== "video") return;
    const device = kind === "audio" ? "microphone" : "camera";
    if (!isHeld) this.say(kind === "audio" && this.media.isMuted ? "Your microphone is back. You're muted." : `Your ${device} is back.`);
    else this.say(`Your device has paused your ${device}, perhaps for a phone call. It comes back by itself.`);
    if (this.peer) this.tell();
    this.changed();
  }

  /** @param {boolean} isMuted */
  mute(isMuted) {
    this.media.mute(isMuted);
    if (this.peer) this.tell();
    this.changed();
  }

  /** @param {boolean} isUp */
  raise(isUp) {
    this.hand = isUp;
    this.tell();
    this.changed();
  }

  /** The last word counts, and several in one turn are one. */
  tell() {
    if (this.isTelling) return;
    this.isTelling = true;
    this.telling = this.telling.then(async () => {
      this.isTelling = false;
      if (this.isOver || !this.peer) return;
      const ack = await this.askIn();
      if (this.isOver) return;
      if (this.isGone) return this.end(ENDED_AWAY);
      // Where the connection is lost, coming back tells it.
      if (this.againMs && this.connection.live) return void after(this.againMs).then(() => this.tell());
      if (ack.ok && ack.peer !== this.peer) return this.cameIn(ack); // the server had taken us for gone
      if (!ack.ok && ack.code === "call_video_full") {
        this.say("Six people in the call have their cameras or screens on already.");
        if (this.latest === "screen") this.media.unshare();
        else this.media.stop("video");
      }
      this.note();
    });
  }

  limit() {
    this.transport?.limit(limitsFor(this.others().length, this.quality.level));
  }

  async look() {
    const now = Date.now();
    if (now - (this.lookedAt ?? now) > SLEPT_MS) this.transport?.again();
    this.lookedAt = now;
    const lines = await this.transport?.lines();
    if (!lines || this.isOver) return;
    this.quality.look(lines.values());
    this.limit();
    const weak = new Set([...lines].filter(([, line]) => isBad(line)).map(([peer]) => peer));
    if ([...weak].join() === [...this.weak].join()) return;
    this.weak = weak;
    this.changed();
  }

  hear() {
    const now = performance.now();
    const before = this.heardNow;
    for (const { peer } of this.others()) this.speaking.hear(peer, this.transport?.level(peer) ?? 0, now);
    this.speaking.hear(this.peer, this.media.level, now);
    const isUnheard = this.unheard.hear(this.media.isMuted ? this.media.loudness : 0, now);
    if (isUnheard) this.say("You're muted: others can't hear you.");
    const first = this.speaking.take(this.others().map(({ peer }) => peer), now);
    this.heardNow = `${first} ${this.people.map(({ peer }) => (this.speaking.speaks(peer, now) ? peer : "")).join()}`;
    if (before !== this.heardNow) this.changed();
  }

  leave() {
    const isIn = this.peer !== "";
    this.end("");
    if (isIn) this.connection.ask("call_leave", {});
  }

  /** @param {string} why */
  end(why) {
    if (this.isOver) return;
    this.isOver = true;
    if (this.timers.length) this.connection.lastDelayMs = LAST_DELAY_MS;
    this.timers.forEach(clearInterval);
    this.stops.abort();
    this.transport?.close();
    this.media.close();
    this.lock?.release().catch(() => {});
    remember("call", "", "sessionStorage");
    this.over(why);
  }
}

/** @param {number} ms @returns {Promise<void>} */
function after(ms) {
  return new Promise((done) => setTimeout(done, ms));
}
