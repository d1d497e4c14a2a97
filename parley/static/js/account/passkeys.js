// @ts-check
// Making a passkey, and showing one. Both give what went wrong, in words; nothing where it went well, or was called off.
import { OWN_PAGE } from "../connection/line.js";
import { ROOT } from "../browser/root.js";
import { asked as prfAsked } from "../encryption/chest.js";

const PATH = "/api/account/passkeys";
const CALLED_OFF = ["NotAllowedError", "AbortError"];

/**
 * @param {boolean} isSignedIn
 * @param {string} name of the account that is started with it
 */
export async function add(isSignedIn, name) {
  const asked = await send(`${PATH}/challenge`, { purpose: "add", name });
  if (!asked.success) return asked.error;
  let credential;
  try {
    const publicKey = /** @type {any} */ (PublicKeyCredential).parseCreationOptionsFromJSON(asked.options);
    publicKey.extensions = { ...publicKey.extensions, prf: { eval: { first: prfAsked() } } };
    credential = await navigator.credentials.create({ publicKey });
  } catch (error) {
    return reason(error);
  }
  const kept = await send(PATH, { credential: told(credential), account_name: name });
  if (!kept.success) return kept.error;
  if (isSignedIn) await addWay(credential);
  return goOn(isSignedIn ? "passkey-added" : "kept", isSignedIn ? "passkeys" : "");
}

/**
 * @param {boolean} isSignedIn
 * @param {boolean} bring whether what this browser has comes along
 */
export async function show(isSignedIn, bring) {
  const { problem, credential } = await prove(bring);
  if (!credential) return problem;
  if (outputOf(credential)) await openChest(credential);
  return goOn(isSignedIn ? "confirmed" : "signed-in");
}

/**
 * Shows one to the server. @param {boolean} bring
 * @returns {Promise<{problem: string, credential?: PublicKeyCredential}>} the credential, if it was taken
 */
export async function prove(bring) {
  const asked = await send(`${PATH}/challenge`, { purpose: "sign_in" });
  if (!asked.success) return { problem: asked.error };
  let credential;
  try {
    const publicKey = /** @type {any} */ (PublicKeyCredential).parseRequestOptionsFromJSON(asked.options);
    publicKey.extensions = { ...publicKey.extensions, prf: { eval: { first: prfAsked() } } };
    credential = /** @type {PublicKeyCredential} */ (await navigator.credentials.get({ publicKey }));
  } catch (error) {
    return { problem: reason(error) };
  }
  const shown = await send(`${PATH}/sign-in`, { credential: told(credential), bring });
  return shown.success ? { problem: "", credential } : { problem: shown.error };
}

/**
 * What the server is told of a credential: never what its `prf` gave.
 * @param {any} credential
 */
export function told(credential) {
  const { id, rawId, type, response, authenticatorAttachment } = credential.toJSON();
  return { id, rawId, type, response, authenticatorAttachment, clientExtensionResults: {} };
}

/** What only this passkey can say. @param {any} credential @returns {Uint8Array | undefined} */
export function outputOf(credential) {
  const first = credential.getClientExtensionResults().prf?.results?.first;
  return first && new Uint8Array(first);
}

/** @param {PublicKeyCredential} credential */
async function openChest(credential) {
  const { openByPasskey } = await import("./chest-ways.js").catch(() => ({ openByPasskey: undefined }));
  await openByPasskey?.(credential);
}

/** Where this device opens the chest, the new passkey does, too. @param {any} credential */
async function addWay(credential) {
  const { addPasskey } = await import("./chest-ways.js").catch(() => ({ addPasskey: undefined }));
  await addPasskey?.(credential);
}

/** @param {unknown} error */
function reason(error) {
  const { name } = /** @type {DOMException} */ (error);
  if (CALLED_OFF.includes(name)) return ""; // browsers say no more, so that nobody learns which passkeys there are
  if (name === "InvalidStateError") return "There is a passkey of this account on this device already.";
  if (name === "SecurityError") return "Passkeys don't work at this address.";
  return "This device couldn't do that. Try another one, or use a recovery code.";
}

/**
 * @param {string} done
 * @param {string} [place]
 */
function goOn(done, place = "") {
  const { back } = /** @type {HTMLElement} */ (document.getElementById("account")).dataset;
  location.assign(back ? `${ROOT}/conversation/${back}` : `${ROOT}/account?done=${done}${place && `#${place}`}`);
  return "";
}

/**
 * @param {string} path
 * @param {object} body
 * @returns {Promise<any>}
 */
async function send(path, body) {
  try {
    const headers = { "Content-Type": "application/json", Accept: "application/json", ...OWN_PAGE };
    return await (await fetch(ROOT + path, { method: "POST", headers, body: JSON.stringify(body) })).json();
  } catch {
    return { success: false, error: "The server didn't respond. Try again." };
  }
}
