// @ts-check
// Reporting somebody else's message; the dialog is loaded where it is wanted.
import { byId } from "../browser/dom.js";
import { announce } from "./announcer.js";

/** @type {import("./actions.js").Action} */
export const report = {
  name: "report",
  label: "Report…",
  key: "!",
  icon: "M5 17.5v-14M5 4h9.5l-2 3.25 2 3.25H5",
  isFor: ({ user_id: author }, { me, gone }) => gone === "" && author !== "" && author !== me?.userId,
  run: async (message, element, { connection: { roomId } }) => {
    const loaded = await import("../room/report.js").catch(() => undefined);
    const isEncrypted = byId("conversation").dataset.epoch !== undefined;
    if (loaded) loaded.reportMessage({ roomId, isEncrypted, opener: element, message });
    else announce("The form for reporting didn't load. Check your connection.");
  },
};
