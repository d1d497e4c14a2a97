// @ts-check
// Notices who comes back after a long time, and has what they missed told to them: loaded then.
import { untilThere } from "../browser/later.js";

const LONG_AWAY_MS = 3_600_000;
/** Where the page slept, what was missed comes so soon after somebody looks at it again. */
const CATCHES_UP_MS = 5000;

/**
 * @param {object} parts
 * @param {string} parts.roomId
 * @param {import("../state/store.js").Store} parts.store
 * @param {import("./reading.js").Reading} parts.reading
 * @param {number} parts.awayMs for how long nobody had looked at it in this browser
 */
export function startComingBack({ roomId, store, reading, awayMs }) {
  let hiddenAt = Infinity;
  /** @type {Promise<import("./away.js").Away> | undefined} */
  let away;

  async function tell() {
    const { me, unread } = store.state;
    if (!me || !unread.from) return;
    away ??= untilThere(() => import("./away.js")).then(({ Away }) => new Away({ roomId, store, reading }));
    (await away).tell(unread.from - 1); // also what is on the screen and seen by now
  }

  function cameBack() {
    const until = Date.now() + CATCHES_UP_MS;
    store.first(["unread"], ({ unread }) => unread.from > 0 && Date.now() < until, tell);
  }

  document.addEventListener("visibilitychange", () => {
    const isBack = document.visibilityState === "visible" && Date.now() - hiddenAt >= LONG_AWAY_MS;
    hiddenAt = document.visibilityState === "hidden" ? Date.now() : Infinity;
    if (isBack) cameBack();
  });
  if (awayMs >= LONG_AWAY_MS) tell();
}
