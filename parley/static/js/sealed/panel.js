// @ts-check
// What the panel of an encrypted conversation offers in the server's stead: its files, and taking it along. All of it is
// loaded when somebody wants it.
import { say } from "../browser/toast.js";
import { between } from "../connection/between.js";
import { byId } from "../browser/dom.js";
import { watchLastKey } from "./last-key.js";

const NOT_LOADED = "This part of the page didn't load. Check your connection, and try again.";

/**
 * @param {object} parts
 * @param {import("./kept.js").Kept} parts.kept
 * @param {import("./line.js").Line} parts.line
 * @param {import("../state/store.js").Store} parts.store
 * @param {import("../connection/connection.js").Connection} parts.connection
 */
export function startPanel({ kept, line, store, connection }) {
  watchLastKey({ kept, line, store });
  const whole = (/** @type {AbortSignal} */ signal, /** @type {() => void} */ tell) =>
    between.search?.whole(signal, tell) ?? Promise.reject(new Error(NOT_LOADED));
  const roomId = () => connection.roomId;
  line.files.roomId = roomId;
  onClick("export-link", async (opener) => {
    const [{ Taking }, { openExport }] = await Promise.all([import("./exporting/taking.js"), import("./exporting/dialog.js")]);
    const sheet = byId("conversation").dataset.exportedSheet ?? "";
    await openExport(new Taking({ line, roomId, whole, sheet }), opener);
  });
  onClick("files-link", async (opener) => {
    const { openFiles } = await import("./files-dialog.js");
    await openFiles({ line, whole, opener });
  });
  line.acts.get("messages_erased")?.push(({ through }) => line.log.forget(through));
  line.acts.get("conversation_state")?.push(({ conversation }) => line.log.forget(conversation.erased_through ?? 0));
}

/**
 * @param {string} id
 * @param {(opener: HTMLElement) => Promise<void>} open
 */
function onClick(id, open) {
  const button = byId(id);
  button.addEventListener("click", () => open(button).catch(() => say(NOT_LOADED)));
}
