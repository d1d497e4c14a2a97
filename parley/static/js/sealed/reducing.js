// @ts-check
// How the state changes by what only encrypted conversations have. Pure.
import { advance, knows } from "../state/changes.js";
import { addNotice } from "../state/notices.js";

/** @type {Record<string, (state: import("../state/store.js").State, event: any) => import("../state/store.js").State>} */
export const SEALED = {
  /** Something was said that shows nothing. */
  passed(state, { seq }) {
    return knows(state, seq) ? state : advance(state, { seq });
  },

  /**
   * What texts come to, where that was found after they were shown.
   * @param {import("../state/store.js").State} state
   * @param {{found: Map<number, {text: string, parts: import("../connection/wire.js").PartNode[]}>}} event by seq
   */
  marked(state, { found }) {
    const marked = (/** @type {import("../connection/wire.js").Message} */ message) => {
      const { text, parts } = found.get(message.seq) ?? {};
      return parts && message.message === text && !message.deleted ? { ...message, parts, late: true } : message;
    };
    const ahead = state.ahead.map((change) => (change.message ? { ...change, message: marked(change.message) } : change));
    return { ...state, ahead, messages: state.messages.map(marked) };
  },

  warned(state, { words, at }) {
    return { ...state, notices: addNotice(state, "said", words, at) };
  },
};
