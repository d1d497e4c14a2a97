// @ts-check
// A page between here and a provider to sign in with, which goes on by itself.
import { byId } from "./browser/dom.js";
import "./page.js";

const on = byId("go-on");
if (on instanceof HTMLAnchorElement) {
  location.replace(on.href);
} else if (on instanceof HTMLFormElement) {
  // The code in the address is of no use to anybody, but stays in the history.
  history.replaceState(null, "", location.pathname);
  on.requestSubmit();
}
