// @ts-check
// What was done is said once: the page that is loaded again does not say it again.
import "./page.js";

const address = new URL(location.href);
if (address.searchParams.has("saved")) {
  address.searchParams.delete("saved");
  address.searchParams.delete("who");
  history.replaceState(null, "", address);
}
