// @ts-check
// Who is writing just now: told at most every three seconds, believed for five.
import { byId } from "../browser/dom.js";

const TELL_EVERY_MS = 3000;
const BELIEVED_MS = 5000;

/** Tells the others. */
export class TypingTeller {
  /** @param {(isTyping: boolean) => void} tell */
  constructor(tell) {
    this.tell = tell;
    this.toldAt = -Infinity;
    this.told = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /** @param {boolean} isTyping */
  changed(isTyping) {
    clearTimeout(this.timer);
    if (!isTyping) return this.stop();
    const wait = this.toldAt + TELL_EVERY_MS - performance.now();
    // Whoever begins again soon after a message is told of when the three seconds are over.
    if (wait > 0) this.timer = setTimeout(() => this.start(), wait);
    else this.start();
  }

  start() {
    this.toldAt = performance.now();
    this.told = true;
    this.tell(true);
  }

  stop() {
    if (this.told) this.tell(false);
    this.told = false;
  }

  /** A message that arrives ends the typing by itself. */
  sent() {
    clearTimeout(this.timer);
    this.told = false;
  }
}

/**
 * @param {import("../state/store.js").Store} store
 * @returns {(fields: {user_id: string, username: string, is_typing: boolean}) => void} for `user_typing` of the server
 */
export function listenToTyping(store) {
  store.watch(["typing"], ({ typing }) => {
    byId("typing").textContent = typingText(typing.map((typist) => typist.username));
  });
  return (fields) => {
    store.dispatch({ ...fields, type: "user_typing", until: Date.now() + BELIEVED_MS });
    setTimeout(() => store.dispatch({ type: "typing_expired", now: Date.now() }), BELIEVED_MS + 10);
  };
}

/** @param {string[]} names */
export function typingText(names) {
  if (names.length > 2) return `${names.length} people are typing`;
  if (names.length === 2) return `${names[0]} and ${names[1]} are typing`;
  return names.length ? `${names[0]} is typing` : "";
}
