// @ts-check
// How a worker comes and goes. A new one does not wait until the pages of the one before are closed: on a phone they
// may never be. Each page has its own version's scripts from the cache as long as it is open.
import { dropOldAssets, keepAssets } from "./assets.js";
import { refetchOld } from "./pages.js";
import { worker } from "./scope.js";

worker.addEventListener("install", (event) => event.waitUntil(keepAssets().then(() => worker.skipWaiting())));
worker.addEventListener("activate", (event) => {
  event.waitUntil(worker.clients.claim());
  // Not waited for: until a worker is active, pages wait for their answers.
  refetchOld().then(dropOldAssets).catch(() => {});
});
