// @ts-check
// Registers the service worker. Loaded once the page is there and has nothing else to do.
import { ROOT } from "../browser/root.js";

const ADDRESS = `${ROOT}/worker.js`;

/** The only policy that pages may have: it makes one address of a script, and no HTML and no script of a text. */
const policy = globalThis["trustedTypes"]?.createPolicy("parley", { createScriptURL: ours });

/** A folder of the address of every script. */
const version = /\/static\/([0-9a-f]+)\//.exec(import.meta.url)?.[1] ?? "";

/** What is installed has a number on its icon. */
export function begin() {
  if (matchMedia("(display-mode: standalone)").matches) {
    import("../own/badge.js").then(({ beginBadge }) => beginBadge(), () => {});
  }
  return register();
}

/** Never rejects: a browser that may keep nothing has pages that work without it. */
export async function register() {
  // Held as long as the page is open, so that what it is made of stays: see dropOldAssets in worker/assets.js.
  navigator.locks?.request(`${ROOT}parley-page-${version}`, { mode: "shared" }, () => new Promise(() => {})).catch(() => {});
  try {
    const [navigation] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
    await navigator.serviceWorker.register(policy?.createScriptURL(ADDRESS) ?? ADDRESS, { updateViaCache: "none" });
    const { active } = await navigator.serviceWorker.ready;
    // At first it did not see this page come.
    active?.postMessage({ type: navigation?.workerStart ? "here" : "changed", path: location.pathname });
  } catch {
    // See above.
  }
}

/** @param {string} address */
function ours(address) {
  if (address !== ADDRESS) throw new TypeError("Not a script of ours.");
  return address;
}
