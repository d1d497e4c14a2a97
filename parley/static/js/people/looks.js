// @ts-check
// How people with an account want their marks to look. Loaded where somebody chose.
import { pathOf } from "../browser/root.js";

/** @typedef {{user_id: string, hue?: number, picture?: string}} Look */

/** What their pictures are called, by user_id. @type {Map<string, string>} */
const pictures = new Map();

/**
 * @param {import("./faces.js").Faces} faces
 * @param {Look[]} looks
 * @param {string} roomId
 */
export function wear(faces, looks, roomId) {
  const told = new Set(looks.map((look) => look.user_id));
  for (const { user_id: userId, hue, picture } of looks) {
    faces.hues.delete(userId);
    if (hue !== undefined) faces.hues.set(userId, hue);
    if (picture) pictures.set(userId, picture);
    else pictures.delete(userId);
  }
  faces.dress = (face, userId) => dress(face, pictures.get(userId), roomId);
  for (const face of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".face[data-hue]"))) {
    const userId = /** @type {HTMLElement | null} */ (face.closest("[data-user-id]"))?.dataset.userId ?? "";
    if (!told.has(userId)) continue;
    face.dataset.hue = String(faces.hueOf(userId));
    faces.dress(face, userId);
  }
}

/** @param {HTMLElement} face @param {string | undefined} picture @param {string} roomId */
function dress(face, picture, roomId) {
  const shown = face.querySelector("img");
  if (!picture) return shown?.remove();
  const address = `${pathOf(roomId)}/faces/${picture}`;
  if (shown?.getAttribute("src") === address) return;
  shown?.remove();
  // Where it doesn't come, the initials stay.
  const image = Object.assign(new Image(), { alt: "", loading: "lazy", onerror: () => image.remove() });
  image.src = address;
  face.append(image);
}
