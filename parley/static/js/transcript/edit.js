// @ts-check
// Writing a message otherwise, in the composer.
import { mayPost } from "../state/rules.js";

/** @type {import("./actions.js").Action} */
export const edit = {
  name: "edit",
  label: "Edit",
  key: "e",
  icon: "M4 16l.8-3.4L13.4 4a1.4 1.4 0 0 1 2 0l.6.6a1.4 1.4 0 0 1 0 2L7.4 15.2z M12 5.4l2.6 2.6",
  isFor: ({ user_id: author }, state) => author === state.me?.userId && mayPost(state),
  run: (message, _element, page) => page.edit(message),
};
