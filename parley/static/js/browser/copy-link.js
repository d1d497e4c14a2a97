// @ts-check

const CONFIRMED_FOR_MS = 2000;

/** A button that copies `data-link` and says so; where the browser refuses, it shows the link, selected. */
class CopyLink extends HTMLElement {
  /** @type {string | null} what the button says when nothing was copied just now */
  label = null;

  connectedCallback() {
    this.addEventListener("click", this.copy);
  }

  disconnectedCallback() {
    this.removeEventListener("click", this.copy);
  }

  copy = async () => {
    const button = this.querySelector("button");
    if (!button) return;
    if (await copyText(this.dataset.link ?? "", this)) this.confirm(button, "Copied");
    else import("./copy-refused.js").then(({ showSelected }) => showSelected(this), () => this.confirm(button, "Not copied"));
  };

  /**
   * @param {HTMLButtonElement} button
   * @param {string} words
   */
  confirm(button, words) {
    this.label ??= button.textContent;
    button.textContent = words;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (button.textContent = this.label), CONFIRMED_FOR_MS);
  }
}

/**
 * Over plain HTTP there is no `navigator.clipboard`; the old command still works there.
 * @param {string} text
 * @param {HTMLElement} near a modal dialog makes everything outside it inert, so the field must stand inside
 */
export async function copyText(text, near) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyWithSelection(text, near);
  }
}

/**
 * @param {string} text
 * @param {HTMLElement} near
 */
function copyWithSelection(text, near) {
  const focused = document.activeElement;
  const field = document.createElement("textarea");
  field.className = "visually-hidden";
  field.value = text;
  near.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return copied;
}

customElements.define("copy-link", CopyLink);

/**
 * A touch or a click on a link in full takes the whole of it.
 * @param {ParentNode} root
 */
export function selectLinksWhole(root) {
  for (const element of root.querySelectorAll("[data-select-all]")) {
    const field = /** @type {HTMLInputElement | HTMLTextAreaElement} */ (element);
    field.addEventListener("focus", () => field.select());
    if (field === document.activeElement) field.select(); // touched before this script was there
  }
}
