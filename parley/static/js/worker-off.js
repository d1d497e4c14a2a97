// Served at /worker.js where the settings say that there is none: whatever was there before, good or broken, goes and
// takes along what it kept. It answers nothing, so pages come from the network at once. Not bundled: it must work
// where nothing else does.
addEventListener("install", () => self.skipWaiting());
addEventListener("activate", (event) => event.waitUntil(end()));

async function end() {
  await self.clients.claim();
  // Others may be under paths of this host, and what is theirs begins with one: see browser/root.js.
  const root = new URL(self.registration.scope).pathname.slice(0, -1);
  for (const name of await caches.keys()) {
    if (root ? name.startsWith(`${root}parley`) : !name.startsWith("/")) await caches.delete(name);
  }
  indexedDB.deleteDatabase(`${root}parley-kept`);
  indexedDB.deleteDatabase(`${root}parley-shared`);
  await self.registration.unregister();
}
