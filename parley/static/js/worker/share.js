// @ts-check
// What other apps share into this one (the manifest's `share_target`): kept here, and put into a conversation by the
// page that asks which. The server gets none of it before somebody sends it.
import { ROOT } from "../browser/root.js";
import { keepShared, sharedBy } from "../kept/shared.js";
import { worker } from "./scope.js";

const PATH = `${ROOT}/share`;

worker.addEventListener("fetch", (event) => {
  const { method, url, mode } = event.request;
  const { origin, pathname } = new URL(url);
  if (method === "POST" && mode === "navigate" && origin === location.origin && pathname === PATH) {
    event.respondWith(take(event.request));
  }
});

/**
 * @param {Request} request
 * @returns {Promise<Response>}
 */
async function take(request) {
  try {
    await keepShared(await sharedBy(await request.formData()));
    return Response.redirect(PATH, 303);
  } catch {
    return Response.redirect(`${PATH}?failed`, 303); // the device is full
  }
}
