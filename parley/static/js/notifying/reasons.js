// @ts-check
// What is said of notifications that cannot be had here.
import { ROOT } from "../browser/root.js";

/** @type {Record<import("./device.js").Support, string>} */
export const WHY_NOT = {
  there: "",
  blocked: "Notifications from this site are blocked in your browser. You can allow them in its settings for this site.",
  "home-screen": "On iPhone and iPad, notifications need this site on your home screen.",
  insecure: "Notifications need a secure connection (https), and this server is reached without one.",
  off: "This server has notifications switched off.",
  missing: "This browser can't show notifications from websites.",
};

/** @type {Record<string, string>} */
export const LEVELS = {
  all: "Everything",
  mentions: "Mentions and replies",
  none: "Nothing",
};

export const HELP = `${ROOT}/notifications`;
