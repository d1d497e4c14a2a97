// @ts-check
// The ways in which files come to the page are loaded with the first thing that somebody does there.
import { recall } from "../browser/saved.js";
import { byId } from "../browser/dom.js";

/** @typedef {Omit<ConstructorParameters<typeof import("./ways.js").Ways>[0], "kept">} Parts */

/** @param {Parts & {key: string}} page */
export function startFiles({ key, ...parts }) {
  const kept = `files:${key}`;
  /** @type {Promise<import("./ways.js").Ways> | undefined} */
  let loading;
  let isThere = false;
  const load = (/** @type {Event} */ event) => {
    if (loading) return loading;
    loading = import("./ways.js").then(({ Ways }) => {
      isThere = true;
      return new Ways({ ...parts, kept }, event);
    });
    loading.catch(() => {
      loading = undefined; // the network may be there next time
      const isRecord = event.target instanceof Element && event.target.closest("#record");
      if (isRecord) parts.composer.showProblem("The recorder couldn't be loaded. Check your connection.");
    });
    return loading;
  };
  const button = document.getElementById("attach");
  if (!button) return () => Promise.reject(new Error("No files here."));
  const picker = /** @type {HTMLInputElement} */ (byId("file"));
  picker.multiple = true; // a plain form sends one
  button.addEventListener("click", () => picker.click());
  for (const kind of ["pointerdown", "keydown", "dragenter"]) addEventListener(kind, load);
  byId("message").addEventListener("paste", async (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (isThere || !files.length || event.clipboardData?.types.includes("text/plain")) return;
    event.preventDefault(); // the key that pasted them loads the ways, which are not there yet
    await bring(event, files);
  });
  picker.addEventListener("change", async (event) => {
    if (isThere) return;
    await bring(event, [...(picker.files ?? [])]);
    picker.value = ""; // the same one may be chosen again
  });
  /**
   * @param {Event} event
   * @param {File[]} files that came before the ways were there
   */
  async function bring(event, files) {
    try {
      (await load(event)).attach(files);
    } catch {
      parts.composer.showProblem("The files couldn't be added. Check your connection, or reload the page.");
    }
  }
  if (recall(kept, "sessionStorage")) load(new Event("kept"));
  return load;
}
