// @ts-check
// What a call needs of the network, and nothing of how it gets it. `Mesh` connects everybody with everybody; an SFU
// would be another class with these methods, and the call would not know the difference (docs/calls.md).

/**
 * What one person can send: microphone, camera, shared screen, and the sound of what is shared.
 * @typedef {"audio" | "video" | "screen" | "sound"} Kind
 *
 * `no_route`: no way was found; `unsigned`: its key isn't the one it should be.
 * @typedef {{what: "connecting" | "connected" | "reconnecting" | "no_route" | "unsigned", words?: string}} Reached
 *
 * How well what we send gets there: `loss` from 0 to 1, `roundTripMs`, and `availableBps` where it is known.
 * @typedef {{loss: number, roundTripMs: number, availableBps: number}} Line
 *
 * @typedef {object} Told who is told what happens
 * @property {(peer: string, kind: Kind, track: MediaStreamTrack) => void} received
 * @property {(peer: string, reached: Reached) => void} reached
 *
 * @typedef {object} CallTransport
 * @property {(peers: string[], isFirst: boolean) => void} meet these are in the call; `isFirst`: they were there before
 *   us, so we call them
 * @property {(peers: string[]) => void} keep only these still are
 * @property {(from: string, data: any) => void} heard a signal
 * @property {(kind: Kind, track: MediaStreamTrack | null) => void} send from now on
 * @property {(limits: Record<"audio" | "video" | "screen", import("./quality.js").Limits>) => void} limit
 * @property {(peer: string) => number} level how loud somebody is, from 0 to 1
 * @property {(peer: string) => boolean} isSilent whether nothing comes of somebody any more, which `level` noticed
 * @property {() => Promise<Map<string, Line>>} lines
 * @property {(peer?: string) => void} again try to reach somebody again, or all, as the network is another now
 * @property {() => void} close
 */

/** In the order they are negotiated. @type {readonly Kind[]} */
export const KINDS = Object.freeze(["audio", "video", "screen", "sound"]);

/** @param {Kind} kind @returns {"audio" | "video"} */
export function mediaOf(kind) {
  return kind === "audio" || kind === "sound" ? "audio" : "video";
}
