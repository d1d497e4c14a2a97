// @ts-check
// The page of an encrypted conversation: opens what the server can't, and is then the page that all have.
import { follow, prepare } from "./sealed/page.js";

const parts = await prepare();
follow(parts, await import("./conversation.js"));
