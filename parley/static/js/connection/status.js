// @ts-check
// Whether the page is live, in the badge; what that means for what one writes, in the strip above the composer.
import { byId } from "../browser/dom.js";
import { spokenTime } from "../browser/time.js";

const WORDS = {
  connecting: "Connecting", connected: "Connected", reconnecting: "Reconnecting", offline: "Offline",
  stopped: "Disconnected",
};

/**
 * @param {import("../state/store.js").Store} store
 * @param {() => void} tryNow
 */
export function startStatus(store, tryNow) {
  byId("try-now").addEventListener("click", tryNow);
  store.watch(["connection", "active", "me"], show);
  setInterval(() => showCountdown(store.state.connection), 500);
}

/** @param {import("../state/store.js").State} state */
function show({ connection, active, me }) {
  const { status } = connection;
  byId("badge").dataset.state = status;
  byId("badge-text").textContent = WORDS[status];
  byId("strip").hidden = !active || !["reconnecting", "offline"].includes(status);
  const promise = me ? " Messages will send when you reconnect." : " New messages will appear when you reconnect.";
  byId("strip").dataset.promise = promise;
  if (status === "connected") delete document.documentElement.dataset.keptAt; // it is as it is now
  showCountdown(connection);
}

/** @param {import("../state/store.js").Connection} connection */
function showCountdown({ status, retryAt }) {
  if (status !== "reconnecting" && status !== "offline") return;
  const seconds = Math.ceil((retryAt - Date.now()) / 1000);
  const when = seconds > 0 ? `Reconnecting in ${seconds} s` : "Reconnecting";
  const offline = status === "offline";
  const { keptAt } = document.documentElement.dataset;
  const asOf = keptAt ? ` Last updated ${spokenTime(keptAt)}.` : "";
  byId("strip-text").textContent = `${offline ? "You're offline" : when}.${byId("strip").dataset.promise}${asOf}`;
  if (!offline) byId("badge-text").dataset.countdown = seconds > 0 ? `in ${seconds} s` : "";
}
