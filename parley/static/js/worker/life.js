// @ts-check
// How a worker comes and goes. A new one does not wait until the pages of the one before are closed: on a phone they
// may never be.
import { worker } from "./scope.js";

worker.addEventListener("install", () => worker.skipWaiting());
worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));
