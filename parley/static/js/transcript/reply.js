// @ts-check
// Answering a message, for whoever may write here.
import { mayPost } from "../state/rules.js";

/** @type {import("./actions.js").Action} */
export const reply = {
  name: "reply",
  label: "Reply",
  key: "r",
  icon: "M8 4.5 3.5 9 8 13.5M3.5 9h8a5 5 0 0 1 5 5v2",
  isFor: (_message, state) => mayPost(state),
  run: (message, _element, { composer, replying }) => {
    composer.edit?.cancel(); // its draft is what answers
    replying.to(message);
  },
};
