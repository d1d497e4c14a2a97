// @ts-check
// The search of an encrypted conversation's page. Loaded once the page has nothing else to do, or somebody searches.
import { Feed } from "./feed.js";
import { recheck } from "./rechecking.js";
import { Search } from "./search.js";

/**
 * `ask` answers as the server's call would, with `reading` while older messages are still being read.
 * @typedef {object} Searching
 * @property {(asked: import("./search.js").Asked) => Promise<any>} ask
 * @property {(sought: string) => Promise<{user_id: string, username: string}[]>} people whose messages there are
 * @property {(signal: AbortSignal, tell: () => void) => Promise<void>} whole once the history was read to its beginning;
 *   rejects where nobody wants it any more
 */

/**
 * @param {object} parts
 * @param {import("../line.js").Line} parts.line
 * @param {import("../../connection/connection.js").Connection} parts.connection
 * @returns {Searching}
 */
export function start({ line, connection }) {
  const feed = new Feed({ line, roomId: () => connection.roomId, read: (messages) => search.prepare(messages), whole });
  const search = new Search({ log: line.log, feed });
  line.skipped = () => feed.begin();
  addEventListener("pagehide", () => feed.stop());
  // It may come back as it was.
  addEventListener("pageshow", ({ persisted }) => persisted && !feed.isDone && feed.begin());
  feed.begin();

  function whole() {
    const { keep_days: keepDays, erased_through: erasedThrough } = line.conversation;
    return recheck(line.log, { isErased: Boolean(keepDays || erasedThrough) });
  }

  return {
    ask: (asked) => search.ask(asked),
    people: async (sought) => search.authors(sought.toLowerCase()),
    whole: async (signal, tell) => {
      while (!feed.isDone) {
        tell();
        await feed.further(signal);
        signal.throwIfAborted();
      }
    },
  };
}
