// @ts-check
import { recall, remember } from "./saved.js";

const CHANGED = "parley-theme";

/** Auto, light or dark. There may be several on a page; they agree. */
class ThemePicker extends HTMLElement {
  connectedCallback() {
    this.separateGroup();
    this.show();
    this.addEventListener("change", this.choose);
    document.addEventListener(CHANGED, this.show);
  }

  disconnectedCallback() {
    this.removeEventListener("change", this.choose);
    document.removeEventListener(CHANGED, this.show);
  }

  // Radio buttons of one name in one form owner are one group, wherever they stand.
  separateGroup() {
    const name = `theme-${[...document.querySelectorAll("theme-picker")].indexOf(this)}`;
    for (const radio of this.radios()) radio.name = name;
  }

  radios() {
    return this.querySelectorAll("input");
  }

  choose = () => {
    const chosen = [...this.radios()].find((radio) => radio.checked)?.value;
    const theme = chosen === "light" || chosen === "dark" ? chosen : "";
    remember("theme", theme);
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    colourBars(theme);
    document.dispatchEvent(new Event(CHANGED));
  };

  show = () => {
    const theme = recall("theme") || "auto";
    for (const radio of this.radios()) radio.checked = radio.value === theme;
  };
}

/**
 * The browser's own bars are of the page's colour; the system's theme decides where none was chosen.
 * @param {string} theme
 */
function colourBars(theme) {
  for (const element of document.querySelectorAll("meta[data-theme-color]")) {
    const meta = /** @type {HTMLMetaElement} */ (element);
    const own = meta.dataset.themeColor;
    meta.media = !theme ? `(prefers-color-scheme: ${own})` : own === theme ? "all" : "not all";
  }
}

customElements.define("theme-picker", ThemePicker);
