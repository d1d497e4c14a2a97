// @ts-check
// For what nobody waits for.

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
