// @ts-check
// Handing what a message says, and its files, to another app: only where the system has a sheet for that.
import { isWordless } from "./message.js";
import { say } from "../browser/toast.js";

/** Of files together: they are fetched first, and the tap that asked for it counts only for a few seconds. */
const FILES_MAX_BYTES = 20_000_000;

/** @type {import("./actions.js").Action} */
export const share = {
  name: "share",
  label: "Share…",
  key: "h",
  icon: "M10 12V2.5M6.5 6 10 2.5 13.5 6M6 9H4v8.5h12V9h-2",
  isFor: () => typeof navigator.share === "function",
  run: async (message) => {
    const given = { ...(!isWordless(message) && { text: message.message }) };
    try {
      const files = await filesOf(message.attachments ?? []);
      await navigator.share(files.length && navigator.canShare?.({ files }) ? { ...given, files } : withLinks(given, message));
    } catch (error) {
      // Whoever closes the system's sheet knows that they did.
      if (/** @type {Error} */ (error).name !== "AbortError") say("This couldn't be shared.");
    }
  },
};

/** @param {import("../connection/wire.js").File[]} attachments */
async function filesOf(attachments) {
  if (attachments.reduce((sum, { size }) => sum + size, 0) > FILES_MAX_BYTES) return [];
  return Promise.all(attachments.map(async ({ url, name, type }) => new File([await (await fetch(url)).blob()], name, { type })));
}

/**
 * @param {{text?: string}} given
 * @param {import("../connection/wire.js").Message} message
 */
function withLinks(given, { attachments = [] }) {
  if (!attachments.length) return given;
  const links = attachments.map(({ url }) => new URL(url, location.href).href);
  return { text: [given.text, ...links].filter(Boolean).join("\n") };
}
