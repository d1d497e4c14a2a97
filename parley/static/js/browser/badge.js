// @ts-check
// The number on the icon of what is installed. Pages and the worker can use this.

/** @param {number} count none where there is nothing; browsers that know no badges do nothing */
export async function show(count) {
  try {
    if (count) await navigator.setAppBadge?.(count);
    else await navigator.clearAppBadge?.();
  } catch {
    // In a frame, say. It is a number on an icon.
  }
}
