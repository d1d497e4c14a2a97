// @ts-check
// The log of an encrypted conversation, and what seals, where its own page isn't open.
import { Opener, Sealer } from "../encryption/envelope.js";
import { Epoch } from "../encryption/keys.js";
import { Person } from "../encryption/people.js";
import { SealedFiles } from "./files.js";
import { Line } from "./line.js";
import { Log } from "./log.js";

/**
 * Whose keys are met here is for the conversation's own page to note.
 * @param {import("./kept.js").Kept} kept
 * @param {string} userId one's own
 */
export async function speakingOf(kept, userId) {
  const epoch = await Epoch.derive(kept.key, { stretched: kept.stretched });
  const room = await epoch.room();
  const person = await Person.of(kept.signing, kept.exchange);
  const files = new SealedFiles();
  const known = structuredClone(kept.known);
  const log = new Log({ files, opener: new Opener(room, epoch), known, met: () => {}, found: () => {} });
  if (kept.called) log.about = kept.called;
  return new Line({ log, files, userId, sealer: (id) => new Sealer(epoch, room, person, id) });
}
