// @ts-check
// How people with an account want their marks to look. Loaded where somebody chose.

/** @typedef {{user_id: string, hue?: number}} Look */

/**
 * @param {import("./faces.js").Faces} faces
 * @param {Look[]} looks
 */
export function wear(faces, looks) {
  const told = new Map(looks.map((look) => [look.user_id, look]));
  for (const { user_id: userId, hue } of looks) {
    faces.hues.delete(userId);
    if (hue !== undefined) faces.hues.set(userId, hue);
  }
  for (const face of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".face[data-hue]"))) {
    const userId = /** @type {HTMLElement | null} */ (face.closest("[data-user-id]"))?.dataset.userId ?? "";
    if (told.has(userId)) face.dataset.hue = String(faces.hueOf(userId));
  }
}
