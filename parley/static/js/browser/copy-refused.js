// @ts-check
// Where a browser lets no page copy: the link is shown, selected. Loaded where that happens.

/** @param {HTMLElement} element the `<copy-link>` */
export function showSelected(element) {
  const field = fieldBeside(element) ?? ownField(element);
  field.focus();
  field.setSelectionRange(0, field.value.length);
  const hint = element.querySelector("small") ?? element.appendChild(document.createElement("small"));
  hint.setAttribute("role", "status");
  hint.textContent = "Your browser doesn't allow copying here. The link is selected: copy it yourself.";
}

/**
 * The one of its section that holds this very link.
 * @param {HTMLElement} element
 */
function fieldBeside(element) {
  /** @type {NodeListOf<HTMLInputElement | HTMLTextAreaElement>} */
  const fields = (element.closest("section") ?? element).querySelectorAll("[data-select-all]");
  return [...fields].find(({ value }) => value.trim() === element.dataset.link);
}

/** @param {HTMLElement} element */
function ownField(element) {
  const field = document.createElement("input");
  field.className = "link-field";
  field.readOnly = true;
  field.type = "text";
  field.value = element.dataset.link ?? "";
  field.setAttribute("aria-label", "Link to this conversation");
  field.dataset.selectAll = "";
  element.append(field);
  return field;
}
