// @ts-check
// One's own microphone, camera and screen.
import { recall, remember } from "../browser/saved.js";
import { whyNoDevice } from "./trouble.js";

/** @typedef {import("./transport.js").Kind} Kind */
/** @typedef {"audioinput" | "videoinput" | "audiooutput"} Sort as the browser calls them */

const CHOSEN = "call-devices";
const LEVEL_SAMPLES = 512;
const SHARED = /** @type {DisplayMediaStreamOptions} */ ({
  video: { frameRate: { ideal: 15, max: 30 } }, audio: true,
  // Not the tab of the call itself, which would show itself in itself.
  systemAudio: "include", surfaceSwitching: "include", selfBrowserSurface: "exclude",
});

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
   * @param {(kind: Kind, isHeld: boolean) => void} [told.held] the system took it away for a while, or gave it back
   */
  constructor({ changed, failed, held = () => {} }) {
    this.changed = changed;
    this.failed = failed;
    this.told = held;
    /** @type {Map<Kind, MediaStreamTrack>} */
    this.tracks = new Map();
    this.isMuted = false;
    /**
     * It listens to a track of its own, which mute leaves alone.
     * @type {{analyser: AnalyserNode, source: MediaStreamAudioSourceNode, track: MediaStreamTrack, samples: Float32Array<ArrayBuffer>} | undefined}
     */
    this.meter = undefined;
    /** @type {AudioContext | undefined} */
    this.context = undefined;
    /** @type {Map<"audio" | "video", number>} which try is the last: of two that overlap, the later counts */
    this.asked = new Map();
    /** Whether the microphone went away, and is to come back by itself. */
    this.misses = false;
    this.stops = new AbortController();
    const { signal } = this.stops;
    const again = () => this.misses && document.visibilityState === "visible" && this.comeBack();
    navigator.mediaDevices?.addEventListener("devicechange", again, { signal });
    document.addEventListener("visibilitychange", again, { signal });
  }

  /** @param {Kind} kind */
  has(kind) {
    return this.tracks.has(kind);
  }

  /** Whether the system keeps it from us for now: a phone call, a camera that another program wants. @param {Kind} kind */
  isHeld(kind) {
    return this.tracks.get(kind)?.muted ?? false;
  }

  /**
   * Resolves to whether it is there now. Otherwise people are told why not.
   * @param {"audio" | "video"} kind
   * @param {(words: string, error: unknown) => void} [failed]
   */
  async start(kind, failed = this.failed) {
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
      if (this.asked.get(kind) === asked) failed(whyNoDevice(error, device), error);
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
    if (kind === "audio") {
      track.enabled = !this.isMuted;
      this.misses = false;
      this.listen(track);
    }
    if (kind === "video") track.contentHint = "motion";
    if (kind === "screen") track.contentHint = "detail";
    const isOurs = () => this.tracks.get(kind) === track;
    track.addEventListener("ended", () => isOurs() && this.lost(kind));
    for (const name of ["mute", "unmute"]) track.addEventListener(name, () => isOurs() && this.told(kind, name === "mute"));
    this.changed(kind, track);
  }

  /** A device was unplugged, or sharing ended in the browser's own bar. @param {Kind} kind */
  lost(kind) {
    this.stop(kind);
    if (kind === "audio") this.findAnother();
    if (kind === "video") this.failed("Your camera was disconnected.");
    if (kind === "screen") this.stop("sound");
  }

  /** Where a headset is unplugged, there may be another microphone. Of cameras nobody wants one that they didn't choose. */
  async findAnother() {
    const lost = "Your microphone was disconnected";
    let why = "";
    const isThere = await this.start("audio", (words, error) => {
      why = /** @type {any} */ (error)?.name === "NotAllowedError" ? words : `${lost}. Others can't hear you.`;
    });
    if (isThere) return this.failed(`${lost}. Now you're heard through ${this.tracks.get("audio")?.label || "another one"}.`);
    this.misses = why !== "";
    if (why) this.failed(why);
  }

  /** One that was plugged in, or the same after the page was in the background. */
  async comeBack() {
    this.misses = false;
    const isThere = await this.start("audio", () => (this.misses = true));
    if (isThere) this.failed(`Your microphone is back.${this.isMuted ? " You're muted." : " Others can hear you."}`);
  }

  /** @param {Kind} kind */
  stop(kind) {
    if (kind === "audio" || kind === "video") this.asked.set(kind, (this.asked.get(kind) ?? 0) + 1);
    if (kind === "audio") this.misses = false;
    const track = this.tracks.get(kind);
    if (!track) return;
    if (kind === "audio") this.stopListening();
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
      const stream = await navigator.mediaDevices.getDisplayMedia(SHARED);
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
    this.stopListening();
    const own = track.clone();
    own.enabled = true;
    try {
      this.context ??= new AudioContext();
      const analyser = new AnalyserNode(this.context, { fftSize: LEVEL_SAMPLES });
      const source = this.context.createMediaStreamSource(new MediaStream([own]));
      source.connect(analyser);
      this.meter = { analyser, source, track: own, samples: new Float32Array(LEVEL_SAMPLES) };
    } catch {
      own.stop(); // no meter, and a call all the same
    }
  }

  stopListening() {
    this.meter?.source.disconnect();
    this.meter?.track.stop();
    this.meter = undefined;
  }

  /** How loud one is for others, from 0 to 1. */
  get level() {
    return this.isMuted ? 0 : this.loudness;
  }

  /** The same, also while one is muted. */
  get loudness() {
    if (!this.meter || !this.has("audio")) return 0;
    if (this.context?.state === "suspended") this.context.resume().catch(() => {});
    const { analyser, samples } = this.meter;
    analyser.getFloatTimeDomainData(samples);
    return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
  }

  close() {
    this.stops.abort();
    for (const kind of [...this.tracks.keys()]) this.stop(kind);
    this.context?.close().catch(() => {});
    [this.context, this.meter] = [undefined, undefined];
  }
}
