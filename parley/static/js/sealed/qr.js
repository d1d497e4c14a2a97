// @ts-check
// The link with its key, to be read off the screen by another device.
import { generate } from "../../vendor/lean-qr.mjs";

const QUIET = 4;
const SCALE = 8;

/**
 * @param {HTMLElement} into
 * @param {string} link
 */
export function draw(into, link) {
  const code = generate(link);
  const canvas = document.createElement("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", "QR code for the link to this conversation, with its key");
  const size = (code.size + 2 * QUIET) * SCALE;
  Object.assign(canvas, { width: size, height: size });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.fillStyle = "#fff"; // in the dark, too: readers look for dark on light
  context.fillRect(0, 0, size, size);
  context.fillStyle = "#000";
  for (let y = 0; y < code.size; y += 1) {
    for (let x = 0; x < code.size; x += 1) {
      if (code.get(x, y)) context.fillRect((x + QUIET) * SCALE, (y + QUIET) * SCALE, SCALE, SCALE);
    }
  }
  into.querySelector("canvas")?.remove();
  into.append(canvas);
}
