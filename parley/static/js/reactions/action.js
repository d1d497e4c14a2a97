// @ts-check
// "React" among what can be done with a message.
import { mayPost } from "../state/rules.js";
import { openPicker, quickRow } from "./picker.js";

/** @type {import("../transcript/actions.js").Action} */
export const react = {
  name: "react",
  label: "React",
  key: "+",
  icon: "M10 17.5a7.5 7.5 0 1 1 0-15 7.5 7.5 0 0 1 0 15ZM7.2 8h.01M12.8 8h.01M6.8 11.8c.8 1.3 1.9 2 3.2 2s2.4-.7 3.2-2",
  isFor: (_message, state) => state.gone === "" && mayPost(state),
  run: openPicker,
  inSheet: quickRow,
};
