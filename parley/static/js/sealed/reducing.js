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

  warned(state, { words, at }) {
    return { ...state, notices: addNotice(state, "said", words, at) };
  },
};
