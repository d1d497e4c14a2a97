// @ts-check
// One's own microphone, camera and screen.
import { recall, remember } from "../browser/saved.js";
import { whyNoDevice } from "./trouble.js";

/** @typedef {import("./transport.js").Kind} Kind */
/** @typedef {"audioinput" | "videoinput" | "audiooutput"} Sort as the browser calls them */

const CHOSEN = "call-devices";
const LEVEL_SAMPLES = 512;

/** The devices that somebody chose, by sort. @returns {Partial<Record<Sort, string>>} */
export function chosen() {
  try {
    return JSON.parse(recall(CHOSEN) || "{}");
  } catch {
    return {};
  }
}

/** @param {Sort} sort @param {string} id */
export function choose(sort, id) {
  remember(CHOSEN, JSON.stringify({ ...chosen(), [sort]: id }));
}

export class Media {
  /**
   * @param {object} told
   * @param {(kind: Kind, track: MediaStreamTrack | null) => void} told.changed
   * @param {(words: string) => void} told.failed
   */
  constructor({ changed, failed }) {
    this.changed = changed;
    this.failed = failed;
    /** @type {Map<Kind, MediaStreamTrack>} */
    this.tracks = new Map();
    this.isMuted = false;
    /** @type {{analyser: AnalyserNode, source: MediaStreamAudioSourceNode, samples: Float32Array<ArrayBuffer>} | undefined} */
    this.meter = undefined;
    /** @type {AudioContext | undefined} */
    this.context = undefined;
    /** @type {Map<"audio" | "video", number>} which try is the last: of two that overlap, the later counts */
    this.asked = new Map();
  }

  /** @param {Kind} kind */
  has(kind) {
    return this.tracks.has(kind);
  }

  /**
   * Resolves to whether it is there now. Otherwise people are told why not.
   * @param {"audio" | "video"} kind
   */
  async start(kind) {
    const asked = (this.asked.get(kind) ?? 0) + 1;
    this.asked.set(kind, asked);
    const device = kind === "audio" ? "microphone" : "camera";
    try {
      const stream = await this.open(kind);
      const [track] = kind === "audio" ? stream.getAudioTracks() : stream.getVideoTracks();
      if (this.asked.get(kind) !== asked) return void track.stop();
      this.take(kind, track);
      return true;
    } catch (error) {
      if (this.asked.get(kind) === asked) this.failed(whyNoDevice(error, device));
      return false;
    }
  }

  /** @param {"audio" | "video"} kind */
  async open(kind) {
    const { audioinput, videoinput } = chosen();
    const wanted = (/** @type {string | undefined} */ id) => (kind === "audio"
      ? { audio: { ...(id && { deviceId: { exact: id } }), echoCancellation: true, noiseSuppression: true, autoGainControl: true } }
      : { video: {
        ...(id ? { deviceId: { exact: id } } : { facingMode: "user" }),
        width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 },
      } });
    const id = kind === "audio" ? audioinput : videoinput;
    try {
      return await navigator.mediaDevices.getUserMedia(wanted(id));
    } catch (error) {
      // The one that was chosen is unplugged, or has another id in this browser by now.
      if (!id || /** @type {DOMException} */ (error).name !== "OverconstrainedError") throw error;
      return navigator.mediaDevices.getUserMedia(wanted(undefined));
    }
  }

  /** @param {Kind} kind @param {MediaStreamTrack} track */
  take(kind, track) {
    this.tracks.get(kind)?.stop();
    this.tracks.set(kind, track);
    if (kind === "audio") track.enabled = !this.isMuted;
    if (kind === "audio") this.listen(track);
    if (kind === "video") track.contentHint = "motion";
    if (kind === "screen") track.contentHint = "detail";
    track.addEventListener("ended", () => this.tracks.get(kind) === track && this.lost(kind));
    this.changed(kind, track);
  }

  /** A device was unplugged, or sharing ended in the browser's own bar. @param {Kind} kind */
  lost(kind) {
    this.stop(kind);
    if (kind === "audio") this.failed("Your microphone was disconnected. Others can't hear you.");
    if (kind === "video") this.failed("Your camera was disconnected.");
    if (kind === "screen") this.stop("sound");
  }

  /** @param {Kind} kind */
  stop(kind) {
    if (kind === "audio" || kind === "video") this.asked.set(kind, (this.asked.get(kind) ?? 0) + 1);
    const track = this.tracks.get(kind);
    if (!track) return;
    this.tracks.delete(kind);
    track.stop();
    this.changed(kind, null);
  }

  /** @param {boolean} isMuted */
  mute(isMuted) {
    this.isMuted = isMuted;
    const track = this.tracks.get("audio");
    if (track) track.enabled = !isMuted;
  }

  /** With its sound, where the browser offers that. @returns {Promise<boolean>} */
  async share() {
    try {
      const stream = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { ideal: 15, max: 30 } }, audio: true });
      const [sound] = stream.getAudioTracks();
      if (sound) this.take("sound", sound);
      this.take("screen", stream.getVideoTracks()[0]);
      return true;
    } catch (error) {
      this.failed(whyNoDevice(error, "screen"));
      return false;
    }
  }

  unshare() {
    this.stop("screen");
    this.stop("sound");
  }

  /** @param {MediaStreamTrack} track */
  listen(track) {
    try {
      this.context ??= new AudioContext();
      this.meter?.source.disconnect();
      const analyser = new AnalyserNode(this.context, { fftSize: LEVEL_SAMPLES });
      const source = this.context.createMediaStreamSource(new MediaStream([track]));
      source.connect(analyser);
      this.meter = { analyser, source, samples: new Float32Array(LEVEL_SAMPLES) };
    } catch {
      this.meter = undefined; // no meter, and a call all the same
    }
  }

  /** How loud one is oneself, from 0 to 1. */
  get level() {
    if (!this.meter || !this.has("audio") || this.isMuted) return 0;
    if (this.context?.state === "suspended") this.context.resume().catch(() => {});
    const { analyser, samples } = this.meter;
    analyser.getFloatTimeDomainData(samples);
    return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
  }

  close() {
    for (const kind of [...this.tracks.keys()]) this.stop(kind);
    this.context?.close().catch(() => {});
    [this.context, this.meter] = [undefined, undefined];
  }
}
