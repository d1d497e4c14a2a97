// What a page's script begins with goes into one file beside it: what is loaded later needs parts of that, and others
// cut it into a file for each set of those that share it. What each conversation loads soon after goes into another. And the
// licences of what is in a file go along. What others import is one file.

import { readFileSync } from "node:fs";

const { ENTRY: entry, INTO: dir, FORM: format, FILES: files } = process.env;

/** @type {import("rollup").RollupOptions} */
export default {
  input: entry,
  output: {
    dir, format, entryFileNames: "js/[name].js", chunkFileNames: "js/[name]-[hash].js",
    ...(format === "es" && files !== "one" && { manualChunks }),
    banner: ({ moduleIds }) => moduleIds.map(licenceOf).join(""),
  },
};

/** What stands at the head of somebody else's file. @param {string} id */
function licenceOf(id) {
  return /^\/\*![^]*?\*\/\n/.exec(readFileSync(id, "utf8"))?.[0] ?? "";
}

/** Loaded by every conversation once it is live. */
const SOON = ["/js/device/worker.js", "/js/kept/keeping.js"];

/**
 * @param {string} id
 * @param {{getModuleInfo: (id: string) => any, getModuleIds: () => Iterable<string>}} modules
 */
function manualChunks(id, { getModuleInfo, getModuleIds }) {
  begun ??= begunWith(getModuleInfo);
  soon ??= soonWith(getModuleInfo, [...getModuleIds()]);
  if (begun.has(id)) return "shared";
  return soon.has(id) ? "soon" : undefined;
}

/** @type {Set<string> | undefined} what the page's own script imports, and what that does */
let begun;
/** @type {Set<string> | undefined} the same of what is loaded soon; empty for pages that aren't conversations */
let soon;

/** @param {(id: string) => any} getModuleInfo */
function begunWith(getModuleInfo) {
  const { importedIds, dynamicallyImportedIds } = getModuleInfo(`${process.cwd()}/${entry}`);
  const found = new Set(importedIds);
  // What a page's own script loads at once, once it has made ready for it, is run then; what that needs is not.
  const [page] = dynamicallyImportedIds.filter((/** @type {string} */ id) => id.endsWith("/js/conversation.js"));
  if (page) getModuleInfo(page).importedIds.forEach((/** @type {string} */ each) => found.add(each));
  return withImports(found, getModuleInfo);
}

/** @param {(id: string) => any} getModuleInfo @param {string[]} ids all there are */
function soonWith(getModuleInfo, ids) {
  const found = SOON.flatMap((name) => ids.filter((id) => id.endsWith(name)));
  return withImports(new Set(found.length === SOON.length ? found : []), getModuleInfo);
}

/** @param {Set<string>} found grows as it goes @param {(id: string) => any} getModuleInfo */
function withImports(found, getModuleInfo) {
  for (const id of found) getModuleInfo(id).importedIds.forEach((/** @type {string} */ each) => found.add(each));
  return found;
}
