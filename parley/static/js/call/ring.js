// @ts-check
// A call that begins is heard where its conversation is open: quietly, for a while, and not by whom it is to leave alone.
import { byId } from "../browser/dom.js";
import { ROOT, apiOf } from "../browser/root.js";
import { recall } from "../browser/saved.js";
import { ask } from "../connection/wire.js";
import { isQuiet } from "./words.js";

const RINGS_MS = 30_000;
const EVERY_MS = 3000;
/** Whoever wrote within this time is writing. */
const WRITES_MS = 4000;
/** Two tones, a fourth apart, that nobody jumps at. */
const TONES_HZ = [587, 784];
const TONE_S = 0.28;
const VOLUME = 0.06;

export class Ring {
  /** @param {{roomId: string, over: () => void}} parts `over`: nobody is called any more */
  constructor({ roomId, over }) {
    this.roomId = roomId;
    this.over = over;
    this.stops = new AbortController();
    this.wrote = isAmidWriting() ? performance.now() : -Infinity;
    byId("message").addEventListener("input", () => (this.wrote = performance.now()), { signal: this.stops.signal });
    this.last = setTimeout(() => this.stop(), RINGS_MS);
  }

  async start() {
    if (!(await this.mayBeHeard())) return;
    // Of several tabs one rings.
    const hold = (/** @type {unknown} */ lock) => (lock ? this.ring() : undefined);
    if (navigator.locks) navigator.locks.request(`${ROOT}parley-ring`, { ifAvailable: true }, hold).catch(() => {});
    else this.ring();
  }

  /** By what somebody chose for notifications. */
  async mayBeHeard() {
    if (isQuiet(quietHours())) return false;
    const reply = await ask(`${apiOf(this.roomId)}/notifications`);
    const isPaused = reply.quiet_until && new Date(reply.quiet_until) > new Date();
    return reply.success && reply.calls && !isPaused;
  }

  /** Until it stops. */
  async ring() {
    if (this.stops.signal.aborted) return;
    const context = new AudioContext();
    const again = () => performance.now() - this.wrote > WRITES_MS && sound(context);
    again();
    const timer = setInterval(again, EVERY_MS);
    await new Promise((done) => this.stops.signal.addEventListener("abort", done, { once: true }));
    clearInterval(timer);
    await context.close().catch(() => {});
  }

  stop() {
    if (this.stops.signal.aborted) return;
    clearTimeout(this.last);
    this.stops.abort();
    this.over();
  }
}

/** @param {AudioContext} context */
function sound(context) {
  // A browser in which nobody touched the page yet keeps it silent; the line under the title is there all the same.
  if (context.state === "suspended") context.resume().catch(() => {});
  if (/** @type {any} */ (navigator).userActivation?.hasBeenActive) navigator.vibrate?.([120, 80, 120]);
  TONES_HZ.forEach((frequency, number) => {
    const begins = context.currentTime + 0.02 + number * TONE_S;
    const tone = new OscillatorNode(context, { frequency });
    const gain = new GainNode(context, { gain: 0 });
    gain.gain.setValueAtTime(0, begins);
    gain.gain.linearRampToValueAtTime(VOLUME, begins + 0.03);
    gain.gain.exponentialRampToValueAtTime(0.0005, begins + TONE_S * 1.8);
    tone.connect(gain).connect(context.destination);
    tone.start(begins);
    tone.stop(begins + TONE_S * 2);
  });
}

function isAmidWriting() {
  const field = /** @type {HTMLTextAreaElement} */ (byId("message"));
  return document.activeElement === field && document.hasFocus() && field.value.trim() !== "";
}

function quietHours() {
  try {
    return JSON.parse(recall("notified") || "null")?.quiet_hours;
  } catch {
    return undefined;
  }
}
