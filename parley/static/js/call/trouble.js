// @ts-check
// What failed, in words that say which part it was and what helps. Pure.

/** @typedef {"microphone" | "camera" | "screen"} Device */

/**
 * Why nobody can call from this page; empty where they can.
 * @param {{isSecureContext?: boolean, navigator?: {mediaDevices?: unknown}, RTCPeerConnection?: unknown}} [window]
 */
export function whyNoCalls(window = globalThis) {
  if (!window.isSecureContext) {
    return "Calls need HTTPS. This page was opened over plain HTTP, where browsers keep the microphone and camera closed. Ask whoever runs this server to turn on HTTPS.";
  }
  if (!window.RTCPeerConnection || !window.navigator?.mediaDevices) return "This browser can't make calls. Try another one, or update it.";
  return "";
}

/**
 * @param {unknown} error of `getUserMedia` or `getDisplayMedia`
 * @param {Device} device
 */
export function whyNoDevice(error, device) {
  const name = error instanceof Error || error instanceof Object ? /** @type {any} */ (error).name : "";
  if (device === "screen") {
    if (name === "NotAllowedError") return "The screen wasn't shared.";
    return "This browser couldn't share the screen.";
  }
  if (name === "NotAllowedError" || name === "SecurityError") {
    return `This page may not use your ${device}. Allow it in your browser's settings for this site, then try again.`;
  }
  if (name === "NotFoundError" || name === "OverconstrainedError") return `No ${device} was found. Connect one, or join without it.`;
  if (name === "NotReadableError" || name === "AbortError") return `Your ${device} is in use by another program. Close that, then try again.`;
  return `Your ${device} couldn't be started.`;
}

/**
 * What stood in the way of a connection that never came, or went and didn't come back.
 * @param {object} seen
 * @param {string} seen.name of the other person
 * @param {boolean} seen.wasAnswered whether their page answered at all
 * @param {boolean} seen.hasTurn whether the host set up a TURN server
 * @param {ReadonlySet<string>} seen.found what kinds of own addresses were found, as "host", "srflx" and "relay"
 */
export function whyNoRoute({ name, wasAnswered, hasTurn, found }) {
  if (!wasAnswered) return `${name}'s page doesn't answer.`;
  if (!found.size) return `No way to ${name}: this network lets no call out.`;
  if (!hasTurn) return `No direct way to ${name}. A TURN server is needed between your networks, and this server has none.`;
  if (!found.has("relay")) return `No way to ${name}: the TURN server can't be reached from this network.`;
  return `No way to ${name}: their network lets no call through.`;
}

/**
 * Why the server doesn't let somebody into the call.
 * @param {{code: string, error: string}} refusal
 */
export function whyNotIn({ code, error }) {
  const words = {
    call_video_full: "Six people are in the call with their cameras on already. Join with voice alone.",
    call_over: "This call is over. To call the others again, start a new one.",
    calls_off: "Calls are turned off in this conversation.",
    no_answer: "The server didn't answer. Try again.",
  };
  return words[/** @type {keyof typeof words} */ (code)] ?? error;
}
