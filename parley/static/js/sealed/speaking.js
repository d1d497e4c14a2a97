// @ts-check
// The log of an encrypted conversation, and what seals, where its own page isn't open.
import { Person } from "../encryption/people.js";
import { openerOf } from "./epochs.js";
import { SealedFiles } from "./files.js";
import { Line } from "./line.js";
import { Log } from "./log.js";
import { renew } from "./renewing.js";

/**
 * Whose keys are met here is for the conversation's own page to note.
 * @param {import("./kept.js").Kept} kept
 * @param {string} userId one's own
 */
export async function speakingOf(kept, userId) {
  const { roomId } = kept;
  const opener = await openerOf(kept);
  const person = await Person.of(kept.signing, kept.exchange);
  const files = new SealedFiles();
  const known = structuredClone(kept.known);
  const log = new Log({ files, opener, known, seen: {}, met: () => {}, found: () => {}, noted: () => {} });
  if (kept.called) log.about = kept.called;
  const renewed = async () => await renew({ kept, opener, person, roomId }) !== "unreachable";
  return new Line({ log, files, userId, person, renew: renewed });
}
