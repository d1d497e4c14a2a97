// @ts-check
// A voice message: recorded in place of what one writes, and sent as a file like any other. A tap begins and goes on
// until it is sent; who holds the button sends by letting go.
import { announce } from "../transcript/announcer.js";
import { element } from "./show.js";
import { loadSheet } from "../browser/sheets.js";

const HELD_MS = 500;
const LONGEST_MS = 15 * 60 * 1000;
/** Shorter than that is a slip of the finger. */
const SHORTEST_MS = 400;
const BITS_PER_S = 32_000;
const BAR_PX = 3;
const GAP_PX = 2;
const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];

/** @type {Recorder | undefined} */
let going;

/**
 * @param {import("../writing/composer.js").Composer} composer
 * @param {import("./attaching.js").Attaching} chips
 * @param {Event} event that asks for it
 */
export async function record(composer, chips, event) {
  if (going) return;
  const began = going = new Recorder(composer, chips);
  const isHeld = held(event, () => began.letGo());
  try {
    await began.start(isHeld);
  } catch (trouble) {
    began.end();
    composer.showProblem(wordsOf(/** @type {Error} */ (trouble)));
  }
}

/**
 * @param {Event} event
 * @param {() => void} letGo
 * @returns {() => boolean} whether the button is still held
 */
function held(event, letGo) {
  let isHeld = event instanceof PointerEvent && event.type === "pointerdown";
  const release = () => {
    isHeld = false;
    letGo();
  };
  if (isHeld) for (const end of ["pointerup", "pointercancel"]) addEventListener(end, release, { once: true });
  return () => isHeld;
}

/** @param {Error} trouble */
function wordsOf({ name }) {
  if (!isSecureContext) return "Voice messages need a secure connection: open this page by https.";
  if (!navigator.mediaDevices || !("MediaRecorder" in globalThis)) return "This browser can't record sound.";
  if (name === "NotAllowedError") return "The microphone is blocked. Allow it for this page in your browser's settings.";
  if (name === "NotFoundError") return "No microphone was found. Connect one and try again.";
  return "The microphone can't be used. Another program may be using it.";
}

class Recorder {
  /**
   * @param {import("../writing/composer.js").Composer} composer
   * @param {import("./attaching.js").Attaching} chips
   */
  constructor(composer, chips) {
    this.composer = composer;
    this.chips = chips;
    /** @type {Blob[]} */
    this.pieces = [];
    this.startedAt = 0;
    this.isHeld = false;
    this.isWanted = false;
    /** @type {MediaStream | undefined} */
    this.stream = undefined;
    /** @type {MediaRecorder | undefined} */
    this.recorder = undefined;
    /** @type {AudioContext | undefined} */
    this.sound = undefined;
    this.level = element("canvas", { className: "recording-level" });
    this.level.setAttribute("aria-hidden", "true");
    this.time = element("span", { className: "recording-time", textContent: "0:00" });
    this.time.setAttribute("role", "timer");
    this.send = element("button", { className: "button primary", type: "button", textContent: "Send" });
    const cancel = element("button", { className: "button quiet", type: "button", textContent: "Cancel" });
    this.root = element("div", { className: "recording" }, [cancel, this.level, this.time, this.send]);
    this.root.setAttribute("role", "group");
    this.root.setAttribute("aria-label", "Voice message");
    this.send.addEventListener("click", () => this.finish());
    cancel.addEventListener("click", () => this.cancel());
    this.root.addEventListener("keydown", (event) => event.key === "Escape" && this.cancel());
  }

  /** @param {() => boolean} isHeld */
  async start(isHeld) {
    loadSheet("files");
    this.stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
    this.recorder = new MediaRecorder(this.stream, { mimeType, audioBitsPerSecond: BITS_PER_S });
    this.recorder.addEventListener("dataavailable", ({ data }) => this.pieces.push(data));
    this.recorder.addEventListener("stop", () => this.stopped());
    this.recorder.start();
    this.startedAt = performance.now();
    this.isHeld = isHeld();
    this.composer.form.classList.add("is-recording");
    this.composer.form.append(this.root);
    this.send.focus();
    announce("Recording.");
    this.listen();
  }

  /** Draws how loud it is. */
  listen() {
    this.sound = new AudioContext();
    const analyser = this.sound.createAnalyser();
    this.sound.createMediaStreamSource(/** @type {MediaStream} */ (this.stream)).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    /** @type {number[]} */
    const levels = [];
    const draw = () => {
      if (!this.root.isConnected) return;
      analyser.getFloatTimeDomainData(samples);
      levels.push(Math.max(...samples.map(Math.abs)));
      drawBars(this.level, levels);
      const goneMs = performance.now() - this.startedAt;
      this.time.textContent = clock(goneMs);
      if (goneMs > LONGEST_MS) this.finish();
      else setTimeout(draw, 80);
    };
    draw();
  }

  letGo() {
    if (this.isHeld && performance.now() - this.startedAt > HELD_MS) this.finish();
    this.isHeld = false;
  }

  finish() {
    if (performance.now() - this.startedAt < SHORTEST_MS) return this.cancel();
    this.isWanted = true;
    this.recorder?.stop();
  }

  cancel() {
    announce("The recording was discarded.");
    this.recorder?.stop();
  }

  stopped() {
    const type = this.recorder?.mimeType ?? "";
    this.end();
    if (!this.isWanted) return;
    this.chips.add([new File(this.pieces, nameFor(type), { type: type.split(";")[0] })]);
    this.composer.form.requestSubmit();
  }

  end() {
    this.stream?.getTracks().forEach((track) => track.stop());
    this.sound?.close();
    this.root.remove();
    this.composer.form.classList.remove("is-recording");
    this.composer.focus();
    going = undefined;
  }
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {number[]} levels from 0 to 1, the latest last
 * @param {number} [played] how much of them is drawn in amber
 */
export function drawBars(canvas, levels, played = 0) {
  const { width, height } = canvas.getBoundingClientRect();
  const sharp = devicePixelRatio;
  const pen = canvas.getContext("2d");
  if (!pen || !width) return;
  [canvas.width, canvas.height] = [width * sharp, height * sharp];
  pen.scale(sharp, sharp);
  const style = getComputedStyle(canvas);
  const shown = levels.slice(-barsIn(width));
  shown.forEach((level, at) => {
    const tall = Math.max(2, Math.min(1, level * 1.4) * height);
    pen.fillStyle = at < played * shown.length ? style.getPropertyValue("--amber-edge") : style.color;
    pen.fillRect(at * (BAR_PX + GAP_PX), (height - tall) / 2, BAR_PX, tall);
  });
}

/** @param {number} width */
export function barsIn(width) {
  return Math.floor(width / (BAR_PX + GAP_PX));
}

/** @param {number} ms */
function clock(ms) {
  const s = Math.floor(ms / 1000);
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
}

/** @param {string} type */
function nameFor(type) {
  const now = new Date();
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  const ending = type.includes("mp4") ? "m4a" : type.includes("ogg") ? "ogg" : "webm";
  return `Voice message ${day} ${two(now.getHours())}.${two(now.getMinutes())}.${ending}`;
}
