// Served at /worker.js where the settings say that there is none: whatever was there before, good or broken, goes and
// takes along what it kept. It answers nothing, so pages come from the network at once. Not bundled: it must work
// where nothing else does.
addEventListener("install", () => self.skipWaiting());
addEventListener("activate", (event) => event.waitUntil(end()));

async function end() {
  await self.clients.claim();
  // Others may be under other paths of this host: see browser/root.js.
  const ours = `${new URL(self.registration.scope).pathname.slice(0, -1)}parley`;
  for (const name of await caches.keys()) if (name.startsWith(`${ours}-`)) await caches.delete(name);
  indexedDB.deleteDatabase(`${ours}-kept`);
  indexedDB.deleteDatabase(`${ours}-shared`);
  await self.registration.unregister();
}
