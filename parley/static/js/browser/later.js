// @ts-check
// For what nobody waits for.

const AGAIN_MS = 1000;
const MOST_TRIES = 10;

/**
 * Once the page is loaded and has nothing else to do.
 * @param {() => void} act
 */
export function later(act) {
  // Safari has no idle callbacks.
  const soon = () => (globalThis.requestIdleCallback ? requestIdleCallback(act) : setTimeout(act, 500));
  if (document.readyState === "complete") soon();
  else addEventListener("load", soon, { once: true });
}

/**
 * A script that doesn't come is asked for again, each time after twice as long. Where it never comes, nothing does.
 * @template T
 * @param {() => Promise<T>} load
 * @returns {Promise<T>}
 */
export async function untilThere(load) {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    try {
      return await load();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS * 2 ** tries));
    }
  }
  return new Promise(() => {});
}
