// @ts-check
// Where the keyboard covers the page instead of shrinking it, the page shrinks itself: input and last message stay visible.

export function followVisibleViewport() {
  const { visualViewport } = window;
  if (!visualViewport) return;
  const fit = () => {
    if (visualViewport.scale !== 1) return; // zoomed in to read: leave the page alone
    document.documentElement.style.setProperty("--visible-height", `${visualViewport.height}px`);
  };
  visualViewport.addEventListener("resize", fit);
  fit();
}
