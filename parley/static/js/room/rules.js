// @ts-check
// Tells everyone what owners decided: in the panel, above the first message, and where nothing was said yet.
import { byId } from "../browser/dom.js";
import { doorNote, emptyNote, keepNote, postingNote } from "../state/rules.js";

/**
 * @param {object} parts
 * @param {import("../state/store.js").Store} parts.store
 * @param {boolean} parts.isReader
 */
export function startRules({ store, isReader }) {
  store.watch(["door", "readOnly", "accountsOnly", "keepDays", "active"], (state) => {
    say("door-note", doorNote(state));
    say("keep-note", keepNote(state));
    say("posting-note", postingNote(state));
    say("opening-keep", keepNote(state));
    byId("rules").hidden = byId("keep-note").hidden && byId("posting-note").hidden;
  });
  store.watch(["owner", "me", "readOnly", "accountsOnly"], (state) => {
    say("empty-text", emptyNote(state, isReader));
    byId("empty-link").hidden = !state.owner;
  });
}

/**
 * @param {string} id
 * @param {string} words none to hide it
 */
function say(id, words) {
  const line = byId(id);
  line.textContent = words;
  line.hidden = words === "";
}
