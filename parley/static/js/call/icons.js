// @ts-check
// What the buttons of a call show, drawn as the bar's are.

const SVG = "http://www.w3.org/2000/svg";

export const ICONS = Object.freeze({
  phone: "M3.5 3h4l1.5 4-2 1.5a9 9 0 0 0 4.5 4.5l1.5-2 4 1.5v4A14 14 0 0 1 3.5 3Z",
  leave: "M2.5 12.5c4.3-4 10.7-4 15 0l-2 2.2-3-1.5v-2.4a9 9 0 0 0-5 0v2.4l-3 1.5Z",
  microphone: "M10 2.5a2.5 2.5 0 0 1 2.5 2.5v4.5a2.5 2.5 0 0 1-5 0V5A2.5 2.5 0 0 1 10 2.5ZM4.5 9.5a5.5 5.5 0 0 0 11 0M10 15v3",
  muted: "M12.5 8V5a2.5 2.5 0 0 0-5-.5M7.5 9v.5a2.5 2.5 0 0 0 3.8 2.1M4.5 9.5a5.5 5.5 0 0 0 8.6 4.5M10 15v3M15.3 11c.1-.5.2-1 .2-1.5M3 3l14 14",
  camera: "M3.5 5.5h8a1 1 0 0 1 1 1v7a1 1 0 0 1-1 1h-8a1 1 0 0 1-1-1v-7a1 1 0 0 1 1-1ZM12.5 9l5-2.5v7l-5-2.5",
  noCamera: "M6 5.5h5.5a1 1 0 0 1 1 1V12M12.5 9l5-2.5v7l-3-1.5M12 14.5H3.5a1 1 0 0 1-1-1v-7a1 1 0 0 1 .5-.8M3 3l14 14",
  screen: "M3 4h14v9.5H3ZM7 17h6M10 13.5V17M10 11V6.5M7.8 8.6 10 6.4l2.2 2.2",
  hand: "M6 10V5.2a1.2 1.2 0 0 1 2.4 0V9 3.7a1.2 1.2 0 0 1 2.4 0V9 4.7a1.2 1.2 0 0 1 2.4 0V10 7a1.2 1.2 0 0 1 2.3 0v5.2c0 3-2 5.3-5 5.3-2.4 0-3.7-1-4.8-3L3.8 11.2c-.7-1.3 1-2.3 1.9-1.1L6.8 11.5",
  picture: "M2.5 4.5h15v11h-15ZM10 10h5v3.5h-5Z",
  messages: "M3 4.5h14v9.5H9l-3.5 3v-3H3Z",
  weak: "M4 16.5v-3M8.5 16.5v-6M13 16.5v-2M17 16.5v-9M3 3l14 14",
  more: "M4.2 10a.8.8 0 1 0 1.6 0 .8.8 0 1 0-1.6 0M9.2 10a.8.8 0 1 0 1.6 0 .8.8 0 1 0-1.6 0M14.2 10a.8.8 0 1 0 1.6 0 .8.8 0 1 0-1.6 0",
  large: "M11.5 3.5h5v5M8.5 16.5h-5v-5M16.5 3.5l-5.5 5.5M3.5 16.5l5.5-5.5",
});

/** @typedef {keyof typeof ICONS} Icon */

/** @param {Icon} name */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 20 20", width: "20", height: "20", "aria-hidden": "true", class: "call-icon" })) svg.setAttribute(key, value);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** @param {SVGElement} svg @param {Icon} name */
export function redraw(svg, name) {
  if (svg.firstElementChild?.getAttribute("d") !== ICONS[name]) svg.firstElementChild?.setAttribute("d", ICONS[name]);
}
