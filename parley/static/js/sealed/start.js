// @ts-check
// Starts a conversation that the server can't read: the key is made here, and what it is about waits for whoever reads.
import { pathOf } from "../browser/root.js";
import { ask } from "../connection/wire.js";
import { Epoch, newKey, stretched } from "../encryption/keys.js";
import { toBase64url } from "../encryption/octets.js";
import { idOf, Person } from "../encryption/people.js";
import { forget, keep, newKept } from "./kept.js";
import { chosen } from "./passphrase.js";
import { tidied } from "./tidied.js";

const TRIED = "none yet";

/** @param {HTMLFormElement} form @returns {Promise<string>} why it wasn't started; it goes on by itself where it was */
export async function start(form) {
  const said = new FormData(form);
  const [title, description] = ["title", "description"].map((name) => String(said.get(name) ?? "").trim());
  const passphrase = chosen(form);
  const withPassphrase = passphrase !== undefined;
  if (withPassphrase && !tidied(passphrase)) return "Enter a passphrase, or leave it out.";
  const person = await Person.generate();
  const link = newKey({ withPassphrase, owner: await idOf(person.public) });
  const adds = withPassphrase ? await stretched(link, tidied(passphrase)) : new Uint8Array();
  const epoch = await Epoch.derive(link.key, { stretched: adds });
  const hash = toBase64url(await epoch.proofHash());
  const kept = await newKept("", link, adds, person);
  try {
    // Before there is a conversation that nobody could open.
    await keep({ ...kept, roomId: TRIED }, { isNew: true });
    await forget(TRIED);
  } catch {
    return "Your browser doesn't let this page keep the key. Leave private browsing, or free some space.";
  }
  const reply = await ask("/api/conversations/create", { encrypted: true, read_proof_hash: hash });
  if (!reply.success) return reply.error;
  navigator.storage?.persist?.().catch(() => {}); // it is the only key there is
  await keep({ ...kept, roomId: reply.room_id, isOnlyHere: true, ...((title || description) && { about: { title, description } }) }, { isNew: true });
  location.assign(pathOf(reply.room_id));
  return "";
}
