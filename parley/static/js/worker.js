// @ts-check
// The service worker, which the whole site has: made into one classic script by tools/bundle.py and served at
// /worker.js, behind a line that says of which version it is.
import "./worker/answers.js";
import "./worker/life.js";
import "./worker/outgoing.js";
import "./worker/push.js";
import "./worker/share.js";
