// @ts-check
// A page that lists one's own conversations.
import "./own/live.js";
import "./page.js";
