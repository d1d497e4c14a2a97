// @ts-check
// Where the keyboard covers the page instead of shrinking it, the page shrinks itself: input and last message stay visible.

/** It complains in the console about what it does not know in a viewport, on every page. Only it has this property. */
const IS_WEBKIT = CSS.supports("-webkit-nbsp-mode: normal");

export function followVisibleViewport() {
  if (!IS_WEBKIT) shrinkForKeyboard();
  const { visualViewport } = window;
  if (!visualViewport) return;
  const fit = () => {
    if (visualViewport.scale !== 1) return; // zoomed in to read: leave the page alone
    document.documentElement.style.setProperty("--visible-height", `${visualViewport.height}px`);
    // iOS pushes the whole page up to show the field; here it already fits.
    if (visualViewport.offsetTop > 0) scrollTo(0, 0);
  };
  // Not at once: no keyboard is open yet, and the height cannot be had without laying out the whole page.
  visualViewport.addEventListener("resize", fit);
}

function shrinkForKeyboard() {
  const viewport = /** @type {HTMLMetaElement | null} */ (document.querySelector("meta[name=viewport]"));
  if (viewport) viewport.content += ", interactive-widget=resizes-content";
}
