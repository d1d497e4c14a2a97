// @ts-check
// A file before it leaves: without what it tells of its maker, and sealed piece by piece, so that it is never held whole.
import { CHUNK_BYTES, FileSealer } from "../encryption/files.js";
import { claimOf, cleaned, HEAD_BYTES } from "./cleaning.js";
import { fitName, plainLength, UNKNOWN } from "./files.js";
import { openBlob } from "./opening.js";

/** What is read and sealed at once: each way to the browser's other processes and back takes its time. */
const AT_ONCE_BYTES = 8 * CHUNK_BYTES;
const MEASURED_WITHIN_MS = 15_000;
/** Longer recordings take long to decode, and say themselves how long they are. */
const DECODED_MAX_BYTES = 8 * 1024 * 1024;
/** Longer ones aren't opened once more to be measured. */
const REREAD_MAX_BYTES = 32 * 1024 * 1024;
const RATE_HZ = 8000;
const READ_FAILED = "Your browser couldn't read this file. It may have been moved or changed. Choose it again.";

/** @typedef {import("./files.js").Details} Details */

/**
 * Rejects with an error in words.
 * @param {Blob} blob
 * @param {{name: string, type: string}} file as it was chosen
 * @returns {Promise<{clean: Blob, details: Details}>}
 */
export async function prepared(blob, { name, type: declared }) {
  const claim = claimOf(await readFrom(blob, 0, HEAD_BYTES), declared);
  const { clean, type } = await cleaned(blob, claim);
  return { clean, details: { name: fitName(name), size: clean.size, ...await measured(clean, type) } };
}

/**
 * @param {Blob} blob
 * @param {Uint8Array} key
 * @param {() => boolean} isWanted
 * @param {(begun: Blob) => void} grown told of what there is of it, again and again
 * @returns {Promise<Blob>} in pieces, which browsers keep where they have room
 */
export async function sealed(blob, key, isWanted, grown) {
  const sealer = await FileSealer.begin(key);
  /** @type {Blob[]} */
  const pieces = [new Blob([sealer.header])];
  let next = readFrom(blob, 0, AT_ONCE_BYTES);
  for (let from = 0; ; from += AT_ONCE_BYTES) {
    const read = await next;
    const to = from + AT_ONCE_BYTES;
    if (read.length !== Math.min(AT_ONCE_BYTES, blob.size - from)) throw new Error(READ_FAILED);
    if (to < blob.size) next = readFrom(blob, to, to + AT_ONCE_BYTES);
    // Each takes its number when it is called, so they are in their order, whichever is done first.
    const chunks = [];
    for (let at = 0; at === 0 || at < read.length; at += CHUNK_BYTES) {
      const chunk = read.subarray(at, at + CHUNK_BYTES);
      chunks.push(sealer.seal(chunk, { isLast: from + at + CHUNK_BYTES >= blob.size }));
    }
    pieces.push(new Blob(await Promise.all(chunks)));
    const begun = new Blob(pieces);
    grown(begun);
    if (to >= blob.size) return begun;
    if (!isWanted()) throw new Error("Nobody wants it any more.");
  }
}

/**
 * What is in a file that was sealed before. Rejects with an error in words.
 * @param {Blob} blob
 * @param {Uint8Array} key
 * @param {{name: string, type: string}} file
 * @returns {Promise<{details: Details, plain?: Blob}>} `plain`: where it isn't too long to be opened once more
 */
export async function reread(blob, key, { name, type: declared }) {
  const size = plainLength(blob.size);
  const details = { name: fitName(name), size };
  if (size > REREAD_MAX_BYTES) return { details: { ...details, type: UNKNOWN } };
  const plain = await openBlob(blob, key, size);
  const claim = claimOf(await readFrom(plain, 0, HEAD_BYTES), declared);
  return { details: { ...details, ...await measured(plain, claim) }, plain };
}

/** @param {Blob} blob @param {number} from @param {number} to */
async function readFrom(blob, from, to) {
  try {
    return new Uint8Array(await blob.slice(from, to).arrayBuffer());
  } catch {
    throw new Error(READ_FAILED);
  }
}

/**
 * How large a picture is, or how long something plays. What shows nothing is a document.
 * @param {Blob} blob
 * @param {string} type
 * @returns {Promise<Pick<Details, "type" | "width" | "height" | "duration_s">>}
 */
async function measured(blob, type) {
  const [family] = type.split("/");
  if (!["image", "audio", "video"].includes(family)) return { type };
  const made = document.createElement(family === "image" ? "img" : /** @type {"audio" | "video"} */ (family));
  const address = URL.createObjectURL(new Blob([blob], { type }));
  try {
    if (made instanceof HTMLMediaElement) made.preload = "metadata";
    const there = happens(made, made instanceof HTMLMediaElement ? "loadedmetadata" : "load");
    made.src = address;
    await there;
    if (made instanceof HTMLImageElement) return { type, width: made.naturalWidth, height: made.naturalHeight };
    const { videoWidth: width = 0, videoHeight: height = 0 } = /** @type {HTMLVideoElement} */ (made);
    const durationS = Number.isFinite(made.duration) ? made.duration : await decodedLength(blob);
    return { type, ...(width && height && { width, height }), ...(durationS && { duration_s: durationS }) };
  } catch {
    // What is called sound by two bytes alone may be anything; another browser may play the rest.
    return { type: family === "image" || type === "audio/mpeg" ? UNKNOWN : type };
  } finally {
    if (made instanceof HTMLMediaElement) {
      made.removeAttribute("src");
      made.load(); // or it would hold the file
    }
    URL.revokeObjectURL(address);
  }
}

/** Of what was just recorded, which doesn't know it. @param {Blob} blob @returns {Promise<number | undefined>} in seconds */
async function decodedLength(blob) {
  if (blob.size > DECODED_MAX_BYTES) return undefined;
  try {
    const sound = await new OfflineAudioContext(1, 1, RATE_HZ).decodeAudioData(await blob.arrayBuffer());
    return sound.duration;
  } catch {
    return undefined;
  }
}

/** @param {HTMLElement} made @param {string} kind */
function happens(made, kind) {
  return new Promise((resolve, reject) => {
    made.addEventListener(kind, resolve, { once: true });
    made.addEventListener("error", reject, { once: true });
    setTimeout(reject, MEASURED_WITHIN_MS);
  });
}
