// @ts-check
// The ways in which files come to the page. What is done with them is loaded with the first one.
import { byId } from "../browser/dom.js";

/**
 * @param {(files: File[]) => void} attach
 * @param {() => boolean} mayAttach
 */
export function startFiles(attach, mayAttach) {
  const picker = /** @type {HTMLInputElement} */ (byId("file"));
  picker.multiple = true;
  byId("attach").addEventListener("click", () => picker.click());
  picker.addEventListener("change", () => {
    attach([...(picker.files ?? [])]);
    picker.value = ""; // the same one may be chosen again
  });
  byId("message").addEventListener("paste", (event) => take(event, event.clipboardData));
  addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault(); // or the browser would open it in place of the page
    event.dataTransfer.dropEffect = mayAttach() ? "copy" : "none";
    mark(mayAttach());
  });
  addEventListener("dragleave", (event) => event.relatedTarget || mark(false));
  addEventListener("drop", (event) => {
    mark(false);
    if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
    if (mayAttach()) take(event, event.dataTransfer);
  });

  /**
   * @param {Event} event
   * @param {DataTransfer | null} brought
   */
  function take(event, brought) {
    const items = [...(brought?.items ?? [])].filter(({ kind }) => kind === "file");
    // Words copied from a word processor come with a picture of themselves.
    if (!items.length || (event.type === "paste" && brought?.types.includes("text/plain"))) return;
    event.preventDefault();
    const files = items.filter((item) => !item.webkitGetAsEntry?.()?.isDirectory).map((item) => item.getAsFile());
    attach(files.filter((file) => file !== null));
  }
}

/** @param {boolean} isOver */
function mark(isOver) {
  byId("composer").classList.toggle("dropping", isOver);
}
