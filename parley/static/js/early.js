// @ts-check
// A classic script in <head>: the chosen theme must stand before the first paint, or dark readers see a white flash.
{
  const root = document.documentElement;
  root.classList.add("js");
  try {
    const theme = localStorage.getItem(`${root.dataset.root ?? ""}parley:theme`);
    if (theme === "light" || theme === "dark") {
      root.dataset.theme = theme;
      for (const meta of document.querySelectorAll("meta[data-theme-color]")) {
        /** @type {HTMLMetaElement} */ (meta).media = meta.getAttribute("data-theme-color") === theme ? "all" : "not all";
      }
    }
  } catch {
    // Storage may be forbidden; then the system's theme holds.
  }
  // What is pressed before there is a script for it: a conversation's presses it again.
  globalThis.hear = ({ target }) => (globalThis.pressed = target.closest("[type=button]"));
  addEventListener("click", globalThis.hear, true);
}
