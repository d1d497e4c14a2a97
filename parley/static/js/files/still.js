// @ts-check
// A still of a film that somebody sends: the server decodes none, so their browser draws one of its frames. Loaded with
// the first film.

const WITHIN_MS = 10_000;
/** Films often begin in the dark. */
const AT_S = 1;
const MOST_PX = 640;
const MOST_BYTES = 50_000;
/** What is tried in turn, until it is small enough. */
const TRIES = [["image/webp", 0.8], ["image/webp", 0.5], ["image/jpeg", 0.7], ["image/jpeg", 0.4]];

/**
 * @param {Blob} film
 * @returns {Promise<Blob | undefined>} nothing where this browser cannot play it. Never rejects.
 */
export async function stillOf(film) {
  const video = Object.assign(document.createElement("video"), { muted: true, playsInline: true, preload: "auto" });
  const address = URL.createObjectURL(film);
  try {
    video.src = address;
    await happens(video, "loadeddata");
    // What was just recorded does not know how long it is.
    const from = Number.isFinite(video.duration) ? Math.min(AT_S, video.duration / 2) : 0;
    if (from) {
      video.currentTime = from;
      await happens(video, "seeked");
    }
    return await saved(drawn(video));
  } catch {
    return undefined;
  } finally {
    video.removeAttribute("src");
    video.load(); // or it would hold the film for as long as the page is open
    URL.revokeObjectURL(address);
  }
}

/**
 * @param {HTMLVideoElement} video
 * @param {string} kind
 */
function happens(video, kind) {
  return new Promise((resolve, reject) => {
    video.addEventListener(kind, resolve, { once: true });
    video.addEventListener("error", reject, { once: true });
    setTimeout(reject, WITHIN_MS);
  });
}

/** @param {HTMLVideoElement} video */
function drawn(video) {
  const { videoWidth, videoHeight } = video;
  const scale = Math.min(1, MOST_PX / Math.max(videoWidth, videoHeight));
  const [width, height] = [videoWidth, videoHeight].map((side) => Math.max(1, Math.round(side * scale)));
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  canvas.getContext("2d")?.drawImage(video, 0, 0, width, height);
  return canvas;
}

/**
 * @param {HTMLCanvasElement} canvas
 * @returns {Promise<Blob | undefined>}
 */
async function saved(canvas) {
  for (const [type, quality] of /** @type {[string, number][]} */ (TRIES)) {
    /** @type {Blob | null} */
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, type, quality));
    // A browser that cannot write a type writes PNG, which may be small enough, too.
    if (blob && blob.size <= MOST_BYTES) return blob;
  }
  return undefined;
}
