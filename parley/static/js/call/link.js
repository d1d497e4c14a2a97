// @ts-check
// The connection to one other page in a call: perfect negotiation (W3C, WebRTC 1.0, section 10.7), and finding the way
// again when it is lost.
//
// All that can be sent is negotiated once, with nothing in it: muting, cameras and screens then change what is sent, and
// ask nobody. Whoever came later makes the first offer. A connection that doesn't come back is made anew: `round` counts.
import { Budget } from "./budget.js";
import { KINDS, mediaOf } from "./transport.js";

/**
 * @typedef {import("./transport.js").Kind} Kind
 * @typedef {{round: number, description?: RTCSessionDescriptionInit, candidates?: (RTCIceCandidateInit | null)[], signed?: object,
 *   rebuild?: boolean, bye?: boolean}} Signal
 * @typedef {{sign: (sdp: string) => Promise<object>, check: (sdp: string, signed: any) => Promise<boolean>}} Signing
 */

/** A line that stutters comes back by itself. */
const STUTTERS_MS = 2500;
/** The first way is found in less, also over a slow TURN server. */
const FOUND_WITHIN_MS = 8000;
const NEXT_MS = 5000;
/** New ways over the same connection, before another is made. */
const RESTARTS = 1;
/** After so many tries people are told that there is no way; it is tried on, as networks change. */
const TRIES = 2;
const LATER_MS = 15_000;
/** An offer that isn't answered for so long is made again: between processes of the server a signal may be lost. */
const ANSWERED_WITHIN_MS = 3000;
/** Sound comes fifty times a second; a browser takes seconds to say that a way is gone. */
const SILENT_MS = 800;
const SILENT_LOOKS = 4;
/** Of who sends no sound, as without a microphone, nothing stops coming: at every second look the server has them give a sign. */
const SOUNDLESS_LOOKS = 2;
/** Nobody is to have us make connections as fast as they can ask, nor look for them at any number of addresses. */
const ANEW_MS = 1500;
const CANDIDATES = 200;
/** Nor have us agree with them again and again: each time costs a signature, new addresses, and a TURN server's memory. */
const DESCRIPTIONS = { atOnce: 30, everyMs: 2000 };

export class Link {
  /**
   * @param {object} parts
   * @param {boolean} parts.isFirst whether the first offer is ours
   * @param {Map<Kind, MediaStreamTrack | null>} parts.own what is sent
   * @param {MediaStream} parts.stream that they belong to: what belongs together is played together
   * @param {() => Promise<RTCConfiguration>} parts.configuration
   * @param {(data: Signal) => Promise<void>} parts.send
   * @param {(kind: Kind, track: MediaStreamTrack) => void} parts.received
   * @param {(what: import("./transport.js").Reached["what"]) => void} parts.reached
   * @param {Signing} [parts.signing] where the server is not to be trusted with who is who
   */
  constructor({ isFirst, own, stream, configuration, send, received, reached, signing }) {
    this.isFirst = isFirst;
    this.own = own;
    this.stream = stream;
    this.configuration = configuration;
    this.send = send;
    this.received = received;
    this.reached = reached;
    this.signing = signing;
    this.round = 0;
    this.tries = 0;
    this.isClosed = false;
    this.wasAnswered = false;
    /** @type {Set<string>} the kinds of own addresses that were found */
    this.found = new Set();
    /** @type {RTCPeerConnection | undefined} */
    this.pc = undefined;
    /** @type {Omit<Signal, "round"> | undefined} */
    this.pending = undefined;
    this.isSending = false;
    this.makesOffer = false;
    this.ignoresOffer = false;
    /** @type {Record<string, import("./quality.js").Limits>} */
    this.limits = {};
    /** @type {Promise<unknown>} one signal after another */
    this.turn = Promise.resolve();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.unanswered = undefined;
    this.openedAt = -Infinity;
    this.restartedAt = -Infinity;
    this.candidates = 0;
    this.descriptions = new Budget(DESCRIPTIONS);
    /** What of their sound was played last, and since when it is that: none so far. @type {{last?: number, at: number, looks: number}} */
    this.came = { at: 0, looks: 0 };
    this.looked = 0;
    /** Nothing comes any more. */
    this.isSilent = false;
  }

  start() {
    this.reached("connecting");
    this.wait(FOUND_WITHIN_MS);
    if (this.isFirst) this.next(() => this.begin(0));
  }

  /** @param {() => Promise<unknown>} work */
  next(work) {
    this.turn = this.turn.then(() => (this.isClosed ? undefined : work())).catch((error) => console.info("call:", error));
    return this.turn;
  }

  /** As the one who offers. @param {number} round */
  async begin(round) {
    const pc = await this.open(round);
    if (!pc) return;
    for (const kind of KINDS) {
      const { sender } = pc.addTransceiver(mediaOf(kind), { direction: "sendrecv", streams: [this.stream] });
      await sender.replaceTrack(this.own.get(kind) ?? null);
    }
  }

  /** A connection with nothing in it. @param {number} round */
  async open(round) {
    this.pc?.close();
    this.pc = undefined;
    this.pending = undefined;
    this.round = round;
    this.openedAt = performance.now();
    this.candidates = 0;
    this.came = { at: 0, looks: 0 };
    const configuration = await this.configuration();
    if (this.isClosed) return undefined;
    const pc = new RTCPeerConnection({ bundlePolicy: "max-bundle", ...configuration });
    this.pc = pc;
    [this.makesOffer, this.ignoresOffer] = [false, false];
    pc.onnegotiationneeded = () => this.offer(pc);
    pc.onicecandidate = ({ candidate }) => {
      if (pc !== this.pc) return;
      if (candidate?.type) this.found.add(candidate.type);
      this.tell({ candidates: [candidate?.toJSON() ?? null] });
    };
    pc.ontrack = ({ transceiver, track }) => {
      const kind = KINDS[pc.getTransceivers().indexOf(transceiver)];
      if (kind && pc === this.pc) this.received(kind, track);
    };
    pc.onconnectionstatechange = () => pc === this.pc && this.moved(pc.connectionState);
    return pc;
  }

  /** @param {RTCPeerConnection} pc */
  async offer(pc) {
    // Before the other's first offer there is nothing to agree on.
    if (pc !== this.pc || (!this.isFirst && !pc.remoteDescription)) return;
    try {
      this.makesOffer = true;
      await pc.setLocalDescription();
      await this.describe(pc);
    } catch (error) {
      if (pc === this.pc) console.info("call:", error);
    } finally {
      this.makesOffer = false;
    }
  }

  /** @param {RTCPeerConnection} pc */
  async describe(pc) {
    const description = pc.localDescription?.toJSON?.() ?? pc.localDescription;
    if (!description) return;
    const signed = await this.signing?.sign(description.sdp ?? "");
    if (pc !== this.pc) return;
    this.tell({ description, ...(signed && { signed }) });
    if (description.type === "offer") this.waitForAnswer(pc);
  }

  /** @param {RTCPeerConnection} pc */
  waitForAnswer(pc) {
    clearTimeout(this.unanswered);
    this.unanswered = setTimeout(() => {
      if (pc === this.pc && pc.signalingState === "have-local-offer") this.next(() => this.describe(pc));
    }, ANSWERED_WITHIN_MS);
  }

  /**
   * What waits for an answer of the server's goes out together.
   * @param {Omit<Signal, "round">} data
   */
  tell({ candidates, ...data }) {
    const before = this.pending ?? {};
    this.pending = { ...before, ...data, ...(candidates && { candidates: [...(before.candidates ?? []), ...candidates] }) };
    if (!this.isSending) this.pump();
  }

  async pump() {
    this.isSending = true;
    while (this.pending && !this.isClosed) {
      const data = { round: this.round, ...this.pending };
      this.pending = undefined;
      await this.send(data);
    }
    this.isSending = false;
  }

  /** @param {Signal} data */
  heard(data) {
    // Who meant no harm makes an offer again that isn't answered.
    if ((data.description || data.rebuild) && !this.descriptions.takes(performance.now())) return undefined;
    return this.next(() => this.take(data));
  }

  /** @param {Signal} data */
  async take({ round, description, candidates = [], signed, rebuild }) {
    const isSoon = performance.now() < this.openedAt + ANEW_MS;
    if (rebuild) return this.isFirst && round >= this.round && !isSoon ? this.begin(this.round + 1) : undefined;
    if (!Number.isSafeInteger(round) || round < this.round) return;
    if (description && !(await this.isTheirs(description, signed))) return this.refuse();
    this.wasAnswered = true;
    if (!this.pc || this.pc.signalingState === "closed" || round > this.round) {
      if (description?.type !== "offer" || this.isFirst || isSoon) return;
      await this.open(round);
    }
    const pc = this.pc;
    if (!pc) return;
    if (description && !(await this.agree(pc, description))) return;
    for (const candidate of candidates.slice(0, CANDIDATES)) await this.reach(pc, candidate);
  }

  /** @param {RTCPeerConnection} pc @param {RTCSessionDescriptionInit} description */
  async agree(pc, description) {
    const isOffer = description.type === "offer";
    const collides = isOffer && (this.makesOffer || pc.signalingState !== "stable");
    this.ignoresOffer = collides && this.isFirst;
    if (this.ignoresOffer) {
      // Perhaps they were away when ours went out, and are back only now.
      if (pc.signalingState === "have-local-offer") await this.describe(pc);
      return false;
    }
    if (!isOffer && pc.signalingState !== "have-local-offer") return false;
    await pc.setRemoteDescription(description);
    if (!isOffer) return true;
    await this.adopt(pc);
    await pc.setLocalDescription();
    await this.describe(pc);
    return true;
  }

  /** What the other offered to carry, carries ours as well. @param {RTCPeerConnection} pc */
  async adopt(pc) {
    for (const [at, transceiver] of pc.getTransceivers().entries()) {
      if (transceiver.direction === "sendrecv" || at >= KINDS.length) continue;
      transceiver.direction = "sendrecv";
      transceiver.sender.setStreams?.(this.stream);
      await transceiver.sender.replaceTrack(this.own.get(KINDS[at]) ?? null);
    }
  }

  /** @param {RTCPeerConnection} pc @param {RTCIceCandidateInit | null} candidate */
  async reach(pc, candidate) {
    this.candidates += 1;
    if (this.candidates > CANDIDATES) return;
    try {
      await pc.addIceCandidate(candidate ?? undefined);
    } catch (error) {
      if (!this.ignoresOffer) console.info("call:", error);
    }
  }

  /** @param {RTCSessionDescriptionInit} description @param {unknown} signed */
  async isTheirs(description, signed) {
    return !this.signing || this.signing.check(description.sdp ?? "", signed);
  }

  refuse() {
    this.close();
    this.reached("unsigned");
  }

  /** @param {RTCPeerConnectionState} state */
  moved(state) {
    if (state === "connected") {
      clearTimeout(this.timer);
      this.tries = 0;
      this.reached("connected");
      this.limit(this.limits);
    } else if (state === "disconnected") {
      this.reached("reconnecting");
      this.tell({}); // whether they are still there: the server asks whom it passes something on to
      this.wait(STUTTERS_MS);
    } else if (state === "failed" || state === "closed") {
      if (this.tries <= TRIES) this.reached(this.wasAnswered ? "reconnecting" : "connecting");
      this.wait(0);
    }
  }

  /** @param {number} ms until another way is looked for */
  wait(ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.next(() => this.restart()), ms);
  }

  async restart() {
    if (this.isClosed || this.pc?.connectionState === "connected") return;
    this.tries += 1;
    if (this.tries > TRIES) this.reached("no_route");
    this.wait(this.tries > TRIES ? LATER_MS : NEXT_MS);
    const isThere = this.pc?.remoteDescription && this.pc.signalingState !== "closed";
    if (isThere && this.tries <= RESTARTS) return this.restartIce();
    if (this.isFirst) return this.begin(this.round + 1);
    this.tell({ rebuild: true });
  }

  async restartIce() {
    const pc = this.pc;
    this.restartedAt = performance.now();
    const configuration = await this.configuration();
    if (!pc || pc !== this.pc) return;
    try {
      pc.setConfiguration({ bundlePolicy: "max-bundle", ...configuration });
    } catch {
      // A browser that can't change it goes on with what it has.
    }
    pc.restartIce();
  }

  /** The network is another now. */
  again() {
    if (this.isClosed) return;
    this.tries = 0;
    this.reached(this.pc?.connectionState === "connected" ? "connected" : "connecting");
    this.wait(FOUND_WITHIN_MS);
    this.next(async () => {
      if (this.pc?.remoteDescription && this.pc.connectionState !== "closed") return this.restartIce();
      return this.isFirst ? this.begin(this.round + 1) : this.tell({ rebuild: true });
    });
  }

  /** What is sent from now on. @param {Map<Kind, MediaStreamTrack | null>} own */
  give(own) {
    this.own = own;
    for (const [kind, track] of own) this.replace(kind, track);
  }

  /** @param {Kind} kind @param {MediaStreamTrack | null} track */
  async replace(kind, track) {
    const sender = this.senderOf(kind);
    await sender?.replaceTrack(track).catch(() => {});
    this.limit(this.limits);
  }

  /** @param {Kind} kind */
  senderOf(kind) {
    return this.pc?.getTransceivers()[KINDS.indexOf(kind)]?.sender;
  }

  /** What can't be set yet, as while it is negotiated, is set another time. @param {Record<string, import("./quality.js").Limits>} limits */
  limit(limits) {
    this.limits = limits;
    this.limiting = (this.limiting ?? Promise.resolve()).then(() => this.setLimits(limits)).catch(() => {});
  }

  /** @param {Record<string, import("./quality.js").Limits>} limits */
  async setLimits(limits) {
    if (limits !== this.limits) return; // others came since
    for (const kind of KINDS) {
      const sender = this.senderOf(kind);
      const wanted = Object.entries(limits[kind] ?? {});
      const parameters = sender?.getParameters();
      const [encoding] = parameters?.encodings ?? [];
      if (!sender || !encoding || wanted.every(([name, value]) => Reflect.get(encoding, name) === value)) continue;
      Object.assign(encoding, limits[kind]);
      await sender.setParameters(/** @type {RTCRtpSendParameters} */ (parameters));
    }
  }

  get level() {
    const transceivers = this.pc?.getTransceivers() ?? [];
    const sources = [transceivers[0], transceivers[3]].map((each) => each?.receiver.getSynchronizationSources?.()[0]);
    this.watch(sources[0]?.timestamp, performance.now());
    return Math.max(0, ...sources.map((source) => source?.audioLevel ?? 0));
  }

  /**
   * Who is muted sends silence, and that comes, too.
   * @param {number | undefined} last
   * @param {number} now
   */
  watch(last, now) {
    if (last !== this.came.last) [this.came, this.isSilent] = [{ last, at: now, looks: 0 }, false];
    this.came.looks += 1;
    if (last === undefined || this.isSilent || this.came.looks < SILENT_LOOKS || now < this.came.at + SILENT_MS) return;
    this.isSilent = true;
    const isTrying = now < this.restartedAt + ANSWERED_WITHIN_MS;
    if (this.pc?.connectionState === "connected" && !isTrying) this.next(() => this.restartIce());
  }

  /** @returns {Promise<import("./transport.js").Line | undefined>} */
  async line() {
    if (this.pc?.connectionState !== "connected") return undefined;
    this.looked += 1;
    if (this.came.last === undefined && this.looked % SOUNDLESS_LOOKS === 0) this.tell({});
    const line = { loss: 0, roundTripMs: 0, availableBps: 0 };
    for (const each of (await this.pc.getStats()).values()) {
      if (each.type === "remote-inbound-rtp") line.loss = Math.max(line.loss, each.fractionLost ?? 0);
      if (each.type !== "candidate-pair" || !each.nominated) continue;
      line.roundTripMs = Math.max(line.roundTripMs, (each.currentRoundTripTime ?? 0) * 1000);
      line.availableBps = Math.max(line.availableBps, each.availableOutgoingBitrate ?? 0);
    }
    return line;
  }

  close() {
    this.isClosed = true;
    clearTimeout(this.timer);
    clearTimeout(this.unanswered);
    this.pc?.close();
  }
}
