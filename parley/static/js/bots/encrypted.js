// @ts-check
// Where the server can't read what is written, no bot is to get it in the clear, whatever the server says of bots.
import { byId } from "../browser/dom.js";

export function isEncrypted() {
  return byId("composer").getAttribute("method") === "dialog";
}
