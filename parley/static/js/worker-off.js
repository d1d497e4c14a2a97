// Served at /worker.js where the settings say that there is none: whatever was there before, good or broken, goes and
// takes along what it kept. It answers nothing, so pages come from the network at once. Not bundled: it must work
// where nothing else does.
addEventListener("install", () => self.skipWaiting());
addEventListener("activate", (event) => event.waitUntil(end()));

async function end() {
  await self.clients.claim();
  for (const name of await caches.keys()) await caches.delete(name);
  indexedDB.deleteDatabase("parley-kept");
  indexedDB.deleteDatabase("parley-shared");
  await self.registration.unregister();
}
