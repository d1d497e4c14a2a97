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
  visualViewport.addEventListener("resize", fit);
  fit();
}
