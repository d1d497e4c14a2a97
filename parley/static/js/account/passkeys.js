// @ts-check
// Making a passkey, and showing one. Both give what went wrong, in words; nothing where it went well, or was called off.
import { OWN_PAGE } from "../connection/wire.js";
import { ROOT } from "../browser/root.js";

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
    credential = await navigator.credentials.create({ publicKey });
  } catch (error) {
    return reason(error);
  }
  const kept = await send(PATH, { credential: /** @type {any} */ (credential).toJSON(), account_name: name });
  return kept.success ? goOn(isSignedIn ? "passkey-added" : "kept", isSignedIn ? "passkeys" : "") : kept.error;
}

/**
 * @param {boolean} isSignedIn
 * @param {boolean} bring whether what this browser has comes along
 */
export async function show(isSignedIn, bring) {
  const asked = await send(`${PATH}/challenge`, { purpose: "sign_in" });
  if (!asked.success) return asked.error;
  let credential;
  try {
    const publicKey = /** @type {any} */ (PublicKeyCredential).parseRequestOptionsFromJSON(asked.options);
    credential = await navigator.credentials.get({ publicKey });
  } catch (error) {
    return reason(error);
  }
  const shown = await send(`${PATH}/sign-in`, { credential: /** @type {any} */ (credential).toJSON(), bring });
  return shown.success ? goOn(isSignedIn ? "confirmed" : "signed-in") : shown.error;
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
