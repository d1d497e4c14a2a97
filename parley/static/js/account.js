// @ts-check
// The page of one's account. Passkeys are for scripts alone; everything else is plain forms.
import { byId } from "./browser/dom.js";
import { later } from "./browser/later.js";
import "./page.js";

/** @type {any} */
const Credential = globalThis.PublicKeyCredential;
const canMake = Boolean(Credential?.parseCreationOptionsFromJSON);
const canShow = Boolean(Credential?.parseRequestOptionsFromJSON);

offer("passkey-add", canMake, ({ add }) => add(isSignedIn(), name()));
offer("passkey-show", canShow, ({ show }) => show(isSignedIn(), brings()));
const help = document.getElementById("passkey-help");
if (help) help.hidden = !canMake;

// Whoever is signed out leaves nothing that opens the keys of the account.
if (isSignedIn()) {
  for (const part of [import("./account/picture.js"), import("./account/chest.js")]) part.then(({ start }) => start(), () => {});
}
else import("./sealed/chest.js").then(({ letGo }) => letGo(), () => {});

/**
 * @param {string} id
 * @param {boolean} works
 * @param {(passkeys: typeof import("./account/passkeys.js")) => Promise<string>} act what went wrong, in words
 */
function offer(id, works, act) {
  const button = /** @type {HTMLButtonElement | null} */ (document.getElementById(id));
  if (!button || !works || document.querySelector("[data-no-passkeys]")) return;
  button.hidden = false;
  later(() => import("./account/passkeys.js").catch(() => {})); // a press then waits for the passkey alone
  button.addEventListener("click", async () => {
    button.disabled = true;
    tell("");
    try {
      tell(await act(await import("./account/passkeys.js")));
    } catch {
      tell("This didn't load. Try again.");
    }
    button.disabled = false;
  });
}

/** @param {string} problem */
function tell(problem) {
  const line = byId("passkey-problem");
  line.textContent = problem;
  line.hidden = !problem;
}

function isSignedIn() {
  return byId("account").dataset.signedIn === "yes";
}

function name() {
  return /** @type {HTMLInputElement | null} */ (document.getElementById("name"))?.value ?? "";
}

function brings() {
  return Boolean(/** @type {HTMLInputElement | null} */ (document.getElementById("bring"))?.checked);
}
