// @ts-check
// Puts what was shared into the composer of the conversation that was chosen for it. It is sent only by its button.
import { lastShared } from "./shared.js";

/**
 * @param {object} parts
 * @param {(text: string) => void} parts.write
 * @param {(files: File[]) => Promise<any>} parts.attach
 */
export async function takeShared({ write, attach }) {
  history.replaceState(history.state, "", location.pathname);
  const shared = await lastShared(true);
  if (!shared) return;
  if (shared.text) write(shared.text);
  if (shared.files.length) await attach(shared.files.map(({ name, type, bytes }) => new File([bytes], name, { type })));
}
