// @ts-check
// Registers the service worker. Loaded once the page is there and has nothing else to do.

const ADDRESS = "/worker.js";

/** The only policy that pages may have: it makes one address of a script, and no HTML and no script of a text. */
const policy = globalThis["trustedTypes"]?.createPolicy("parley", { createScriptURL: ours });

/** Never rejects: a browser that may keep nothing has pages that work without it. */
export async function register() {
  try {
    await navigator.serviceWorker.register(policy?.createScriptURL(ADDRESS) ?? ADDRESS, { updateViaCache: "none" });
  } catch {
    // See above.
  }
}

/** @param {string} address */
function ours(address) {
  if (address !== ADDRESS) throw new TypeError("Not a script of ours.");
  return address;
}
