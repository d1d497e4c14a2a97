// @ts-check
// How the state changes by what only encrypted conversations have. Pure.
import { advance, knows } from "../state/changes.js";
import { addNotice } from "../state/notices.js";

const BEGAN = "The key was changed. Only people who were here, or have the new link, can read what follows.";

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

  /**
   * What could not be read before, as there was no key for it.
   * @param {import("../state/store.js").State} state
   * @param {{messages: import("../connection/wire.js").Message[]}} event
   */
  reread(state, { messages }) {
    const read = new Map(messages.map((message) => [message.seq, { ...message, late: true }]));
    const now = (/** @type {import("../connection/wire.js").Message} */ message) => read.get(message.seq) ?? message;
    const ahead = state.ahead.map((change) => (change.message ? { ...change, message: now(change.message) } : change));
    return { ...state, ahead, messages: state.messages.map(now) };
  },

  /**
   * Another key is used from there on. It is said once, wherever that was found.
   * @param {import("../state/store.js").State} state
   * @param {{number: number, afterSeq: number, at: string}} event
   */
  began(state, { number, afterSeq, at }) {
    if (state.notices.some(({ began }) => began === number)) return state;
    // Notices of other kinds count upwards from 1.
    const notice = { id: -number, afterSeq, at, joined: [], left: [], said: [BEGAN], began: number };
    const notices = [...state.notices, notice].sort((one, other) => one.afterSeq - other.afterSeq);
    return { ...state, notices };
  },

  warned(state, { words, at }) {
    return { ...state, notices: addNotice(state, "said", words, at) };
  },
};
