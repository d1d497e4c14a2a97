// @ts-check
// Sound on the page: half as fast again, and the waveform of a voice message over its controls, read from the recording
// itself once somebody sees it.
import { between } from "../connection/between.js";
import { barsIn, drawBars } from "./recorder.js";
import { element } from "./show.js";

const VOICE = /^Voice message /;
/** Longer recordings would take long to read. */
const MOST_BYTES = 8 * 1024 * 1024;
const RATE_HZ = 8000;

const seen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    draw(/** @type {HTMLElement} */ (target)).catch(() => target.querySelector(".wave")?.remove());
  }
});

/** @param {HTMLElement} root in which there may be some */
export function watch(root) {
  for (const sound of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll(".sound"))) {
    const audio = sound.querySelector("audio");
    const faster = sound.querySelector("button");
    faster?.addEventListener("click", playFaster);
    faster?.toggleAttribute("disabled", false); // until now it would have done nothing
    if (!audio || sound.querySelector(".wave") || !VOICE.test(audio.getAttribute("aria-label") ?? "")) continue;
    const canvas = element("canvas", { className: "wave" });
    canvas.setAttribute("aria-hidden", "true"); // the controls say and do the same
    audio.before(canvas);
    seen.observe(sound);
  }
}

/** @param {Event} event */
function playFaster({ currentTarget }) {
  const button = /** @type {HTMLElement} */ (currentTarget);
  const isFast = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", String(isFast));
  const audio = button.parentElement?.querySelector("audio");
  if (audio) audio.playbackRate = isFast ? 1.5 : 1;
}

/** @param {HTMLElement} sound */
async function draw(sound) {
  const audio = /** @type {HTMLAudioElement} */ (sound.querySelector("audio"));
  const canvas = /** @type {HTMLCanvasElement} */ (sound.querySelector(".wave"));
  const decoder = new OfflineAudioContext(1, 1, RATE_HZ);
  const decoded = await decoder.decodeAudioData(await bytesOf(sound, audio.src));
  const levels = peaks(decoded.getChannelData(0), barsIn(canvas.getBoundingClientRect().width));
  const show = () => drawBars(canvas, levels, audio.currentTime / decoded.duration);
  for (const change of ["timeupdate", "seeked", "ended"]) audio.addEventListener(change, show);
  canvas.addEventListener("click", ({ offsetX }) => {
    audio.currentTime = decoded.duration * offsetX / canvas.clientWidth;
    audio.play();
  });
  show();
  canvas.dataset.drawn = "yes";
}

/**
 * Rejects where they are too many.
 * @param {HTMLElement} sound
 * @param {string} src
 */
async function bytesOf({ dataset: { sealed } }, src) {
  const opened = sealed && await between.files?.blob(sealed);
  if (opened && opened.size <= MOST_BYTES) return opened.arrayBuffer();
  const answer = opened ? undefined : await fetch(src);
  if (!answer?.ok || Number(answer.headers.get("Content-Length")) > MOST_BYTES) throw new Error("not drawn");
  return answer.arrayBuffer();
}

/**
 * @param {Float32Array} samples
 * @param {number} count
 */
function peaks(samples, count) {
  const each = Math.max(1, Math.floor(samples.length / count));
  const found = Array.from({ length: count }, (_, at) => {
    let most = 0;
    for (let place = at * each; place < Math.min(samples.length, (at + 1) * each); place += 1) {
      most = Math.max(most, Math.abs(samples[place]));
    }
    return most;
  });
  const loudest = Math.max(...found, 0.05);
  return found.map((level) => level / loudest / 1.4);
}
