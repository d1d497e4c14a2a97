// @ts-check
// Everybody in a call connected with everybody: no server between them sees or hears anything. Each sends to all others, so
// it is for few people.
import { Link } from "./link.js";

const NAMED_WITHIN_MS = 10_000;

/**
 * @typedef {import("./transport.js").Kind} Kind
 * @typedef {import("./link.js").Signal} Signal
 * @implements {import("./transport.js").CallTransport}
 */
export class Mesh {
  /**
   * @param {object} parts
   * @param {(to: string, data: Signal) => Promise<void>} parts.signal
   * @param {() => Promise<RTCConfiguration>} parts.configuration
   * @param {import("./transport.js").Told} parts.told
   * @param {(peer: string) => import("./link.js").Signing | undefined} [parts.signing]
   */
  constructor({ signal, configuration, told, signing = () => undefined }) {
    this.signal = signal;
    this.configuration = configuration;
    this.told = told;
    this.signing = signing;
    /** @type {Map<string, Link>} by peer */
    this.links = new Map();
    /** @type {Set<string>} those that the server has named: others signal before it does */
    this.named = new Set();
    /** @type {Map<Kind, MediaStreamTrack | null>} */
    this.own = new Map();
    this.stream = new MediaStream();
    /** @type {Record<string, import("./quality.js").Limits>} */
    this.limits = {};
  }

  /** @param {string[]} peers @param {boolean} isFirst */
  meet(peers, isFirst) {
    for (const peer of peers) {
      const link = this.links.get(peer);
      const isNew = !this.named.has(peer);
      this.named.add(peer);
      if (!link) this.connect(peer, isFirst);
      else if (isNew) link.give(this.own);
    }
  }

  /** @param {string[]} peers */
  keep(peers) {
    for (const peer of this.links.keys()) if (this.named.has(peer) && !peers.includes(peer)) this.drop(peer);
  }

  /** @param {string} from @param {Signal & {bye?: boolean}} data */
  heard(from, data) {
    // Kept closed until the server says that they left: by turns of offers and goodbyes they would have us connect as often.
    if (data?.bye) return this.links.get(from)?.close();
    (this.links.get(from) ?? this.awaits(from)).heard(data);
  }

  /**
   * The server may name them a little later. Until then they get nothing of us: who leaves before that is seen by nobody.
   * @param {string} peer
   */
  awaits(peer) {
    setTimeout(() => !this.named.has(peer) && this.drop(peer), NAMED_WITHIN_MS);
    return this.connect(peer, false);
  }

  /** @param {string} peer @param {boolean} isFirst */
  connect(peer, isFirst) {
    const link = new Link({
      isFirst, own: this.named.has(peer) ? this.own : new Map(), stream: this.stream, configuration: this.configuration, signing: this.signing(peer),
      send: (data) => this.signal(peer, data),
      received: (kind, track) => this.told.received(peer, kind, track),
      reached: (what) => this.told.reached(peer, { what }),
    });
    this.links.set(peer, link);
    link.limits = this.limits;
    link.start();
    return link;
  }

  /** @param {string} peer */
  drop(peer) {
    this.links.get(peer)?.close();
    this.links.delete(peer);
    this.named.delete(peer);
  }

  /** @param {Kind} kind @param {MediaStreamTrack | null} track */
  send(kind, track) {
    this.own.set(kind, track);
    for (const [peer, link] of this.links) if (this.named.has(peer)) link.replace(kind, track);
  }

  /** @param {Record<string, import("./quality.js").Limits>} limits */
  limit(limits) {
    this.limits = limits;
    for (const link of this.links.values()) link.limit(limits);
  }

  /** @param {string} peer */
  level(peer) {
    return this.links.get(peer)?.level ?? 0;
  }

  /** Whether nothing is heard of somebody who was. @param {string} peer */
  isSilent(peer) {
    return this.links.get(peer)?.isSilent ?? false;
  }

  /** @returns {Promise<Map<string, import("./transport.js").Line>>} */
  async lines() {
    const lines = await Promise.all([...this.links].map(async ([peer, link]) => /** @type {const} */ ([peer, await link.line()])));
    return new Map(lines.flatMap(([peer, line]) => (line ? [[peer, line]] : [])));
  }

  /** What was seen on the way to somebody. @param {string} peer */
  seen(peer) {
    const { wasAnswered = false, found = new Set() } = this.links.get(peer) ?? {};
    return { wasAnswered, found };
  }

  /** @param {string} [peer] */
  again(peer) {
    for (const [each, link] of this.links) if (peer === undefined || peer === each) link.again();
  }

  close() {
    for (const peer of [...this.links.keys()]) this.drop(peer);
  }
}
