// @ts-check
// Under which path of its host this server is. Others may be under other paths, and a browser has one store for a
// host: so the names of databases, caches, locks and channels begin with it.

/** Empty, or as `/talk`. A page has it from the server, a worker with its version. */
export const ROOT = globalThis.document?.documentElement?.dataset.root ?? globalThis["PARLEY"]?.root ?? "";

/** @param {string} roomId */
export function pathOf(roomId) {
  return `${ROOT}/conversation/${encodeURIComponent(roomId)}`;
}

/** @param {string} roomId of the conversation whose calls begin so, for `ask` */
export function apiOf(roomId) {
  return `/api/conversations/${encodeURIComponent(roomId)}`;
}
