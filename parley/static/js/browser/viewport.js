// @ts-check
// Where the keyboard covers the page instead of shrinking it, the page shrinks itself: input and last message stay visible.

export function followVisibleViewport() {
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
