// @ts-check
// What tools and rows of the sheet are drawn with.

const SVG = "http://www.w3.org/2000/svg";

/** @param {string} path */
export function icon(path) {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", "0 0 20 20");
  drawing.setAttribute("class", "menu-icon");
  drawing.setAttribute("aria-hidden", "true");
  drawing.appendChild(document.createElementNS(SVG, "path")).setAttribute("d", path);
  return drawing;
}

/**
 * As it stands on a keyboard.
 * @param {string} key
 */
export function keyName(key) {
  const shown = document.createElement("kbd");
  shown.textContent = key === "Delete" ? "Del" : key.toUpperCase();
  shown.setAttribute("aria-hidden", "true");
  return shown;
}
