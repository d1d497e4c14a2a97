// @ts-check
// A small picture of a large one, which the server can't make: whoever reads the history on a phone isn't to load several
// megabytes for each. Loaded with the first picture that is sent.
import { apiOf, ROOT } from "../browser/root.js";
import { OWN_PAGE } from "../connection/line.js";
import { fromBase64url } from "../encryption/octets.js";
import { sealed } from "./sealing.js";

/**
 * @typedef {import("./files.js").Details} Details
 * @typedef {import("./files.js").Small} Small
 */

/** Smaller ones are as soon there as another would be. */
const WORTH_BYTES = 200 * 1024;
const MOST_BYTES = 100 * 1024;
/** As wide as a transcript shows it on a dense screen, and what is tried after that. */
const SIDES_PX = [1024, 768, 512];
/** What is tried in turn. A browser that can't write a type writes PNG, which may be small enough, too. */
const TRIES = /** @type {const} */ ([["image/webp", 0.8], ["image/webp", 0.5], ["image/jpeg", 0.7], ["image/jpeg", 0.5]]);
const HEAD_BYTES = 64 * 1024;

/**
 * @param {Blob} picture without what it tells of its maker
 * @param {Details} details
 * @returns {Promise<Blob | undefined>} none where it isn't worth it. Rejects where this browser can't draw it.
 */
export async function previewOf(picture, { type }) {
  if (picture.size <= WORTH_BYTES || await isMoving(picture, type)) return undefined;
  // In one piece: Firefox doesn't decode what was put together of several.
  const drawn = await createImageBitmap(new Blob([await picture.arrayBuffer()], { type }));
  try {
    for (const side of SIDES_PX) {
      const small = await fitting(drawn, side);
      if (small) return small;
    }
    return undefined;
  } finally {
    drawn.close();
  }
}

/**
 * Rejects where it doesn't get there.
 * @param {Blob} blob
 * @param {string} key
 * @param {string} roomId
 * @returns {Promise<Small>}
 */
export async function sendPreview(blob, key, roomId) {
  const body = await sealed(blob, fromBase64url(key), () => true, () => {});
  const answer = await fetch(`${ROOT}${apiOf(roomId)}/files?name=file`, {
    method: "POST", headers: { "Content-Type": "application/octet-stream", Accept: "application/json", ...OWN_PAGE }, body,
  });
  const reply = await answer.json();
  if (!reply.success) throw new Error(reply.error);
  return { id: reply.file.id, key, size: blob.size, type: blob.type };
}

/** What moves would stand still. @param {Blob} picture @param {string} type */
async function isMoving(picture, type) {
  if (type === "image/gif") return true;
  const head = new TextDecoder("latin1").decode(await picture.slice(0, HEAD_BYTES).arrayBuffer());
  const sign = { "image/png": "acTL", "image/webp": "ANIM", "image/avif": "avis" }[type];
  return sign !== undefined && head.includes(sign);
}

/** @param {ImageBitmap} drawn @param {number} side @returns {Promise<Blob | undefined>} */
async function fitting(drawn, side) {
  const scale = Math.min(1, side / Math.max(drawn.width, drawn.height));
  const [width, height] = [drawn.width, drawn.height].map((px) => Math.max(1, Math.round(px * scale)));
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  if (!context) return undefined;
  context.imageSmoothingQuality = "high";
  context.drawImage(drawn, 0, 0, width, height);
  for (const [type, quality] of TRIES) {
    if (type === "image/jpeg") behind(context, canvas);
    /** @type {Blob | null} */
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, type, quality));
    if (blob && blob.size <= MOST_BYTES) return blob;
  }
  return undefined;
}

/** JPEG knows no holes, and would make them black. @param {CanvasRenderingContext2D} context @param {HTMLCanvasElement} canvas */
function behind(context, canvas) {
  context.globalCompositeOperation = "destination-over";
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
}
