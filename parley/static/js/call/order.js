// @ts-check
// Who is large in a call. Pure.

/** Louder than a room that is quiet. */
const SPEAKS_FROM = 0.02;
/** Between two words nobody stops speaking. */
const PAUSE_MS = 700;
/** Whoever coughs doesn't take the stage. */
const TAKES_MS = 900;

/** Who speaks, by how loud they were lately. */
export class Speaking {
  constructor() {
    /** @type {Map<string, {since: number, last: number}>} by peer */
    this.spoken = new Map();
    /** The peer who took the stage last; empty for nobody. */
    this.first = "";
  }

  /**
   * @param {string} peer
   * @param {number} level from 0 to 1
   * @param {number} now in ms
   */
  hear(peer, level, now) {
    const { since, last } = this.spoken.get(peer) ?? { since: now, last: -Infinity };
    if (level < SPEAKS_FROM) return;
    this.spoken.set(peer, { since: now - last > PAUSE_MS ? now : since, last: now });
  }

  /** @param {string} peer @param {number} now */
  speaks(peer, now) {
    return now - (this.spoken.get(peer)?.last ?? -Infinity) <= PAUSE_MS;
  }

  /**
   * Who of these is to be large: who speaks and has for a moment, else who was.
   * @param {string[]} peers the others
   * @param {number} now
   */
  take(peers, now) {
    const isOn = peers.includes(this.first) && this.speaks(this.first, now);
    const next = peers.find((peer) => this.speaks(peer, now) && now - (this.spoken.get(peer)?.since ?? now) >= TAKES_MS);
    if (!isOn && next !== undefined) this.first = next;
    if (!peers.includes(this.first)) this.first = "";
    return this.first;
  }

  /** @param {string[]} peers who are left */
  keep(peers) {
    for (const peer of this.spoken.keys()) if (!peers.includes(peer)) this.spoken.delete(peer);
  }
}

/** Whoever talks for so long while they are muted doesn't know it. */
const UNHEARD_MS = 2000;
/** Of that, so many looks find them loud: there are pauses between words. */
const UNHEARD_LOOKS = 6;
/** They are told again only after this. */
const TOLD_AGAIN_MS = 30_000;

/** Tells who talks and isn't heard. */
export class Unheard {
  constructor() {
    /** @type {number[]} when they were loud lately */
    this.loud = [];
    this.told = -Infinity;
  }

  /**
   * Whether to tell them now.
   * @param {number} loudness from 0 to 1, of who is muted; 0 for who isn't
   * @param {number} now in ms
   */
  hear(loudness, now) {
    this.loud = this.loud.filter((at) => now - at < UNHEARD_MS);
    if (loudness >= SPEAKS_FROM) this.loud.push(now);
    if (this.loud.length < UNHEARD_LOOKS || now - this.told < TOLD_AGAIN_MS) return false;
    this.told = now;
    return true;
  }
}

/**
 * The tile that is large, as `peer` or `peer/screen`; empty where all are alike.
 * @param {{peer: string, screen: boolean, isYou?: boolean}[]} people
 * @param {string} speaker
 * @param {string} chosen by hand
 */
export function largeOf(people, speaker, chosen = "") {
  const keys = people.flatMap(({ peer, screen }) => [peer, ...(screen ? [`${peer}/screen`] : [])]);
  if (keys.includes(chosen)) return chosen;
  const shares = people.filter(({ screen, isYou }) => screen && !isYou).at(-1);
  if (shares) return `${shares.peer}/screen`;
  if (people.length === 2) return people.find(({ isYou }) => !isYou)?.peer ?? "";
  return people.length > 2 && keys.includes(speaker) ? speaker : "";
}
