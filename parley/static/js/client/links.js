// @ts-check
// What a link to a conversation says.
import { BadLink } from "./errors.js";

/** @typedef {{server: string, origin: string, root: string, roomId: string, code: string}} Link `code` is that of a link which gives a role */

/**
 * @param {string | URL} text a page may leave out its own origin
 * @returns {Link}
 */
export function parse(text) {
  let url;
  try {
    url = new URL(text, globalThis.location?.href);
  } catch {
    throw new BadLink("This is no address.");
  }
  const found = /^(.*)\/(conversation|link)\/([^/]+)\/?$/.exec(url.pathname);
  if (!/^https?:$/.test(url.protocol) || !found) {
    throw new BadLink("A link to a conversation looks like https://talk.example.org/conversation/…");
  }
  if (url.hash.length > 1) {
    throw new BadLink("This conversation is encrypted, and this client can't read it. The one for Python can.", "encrypted");
  }
  const [, root, kind, last] = found;
  const id = idIn(last);
  const at = { server: url.origin + root, origin: url.origin, root };
  return kind === "link" ? { ...at, roomId: "", code: id } : { ...at, roomId: id, code: "" };
}

/** @param {string} encoded */
function idIn(encoded) {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw new BadLink("This is no address.");
  }
}
