// @ts-check
// What whoever has the last key is asked before it goes.
import { openDialog } from "../browser/dialogs.js";
import { make } from "../browser/elements.js";
import { copyLink } from "./links.js";

const TITLES = { leave: "Leave as the last one?", forget: "Forget the last key?", close: "Keep the link" };
const ACTS = { leave: "Leave", forget: "Forget the key", close: "" };
const WORDS = {
  leave: "Nobody else is here, and leaving deletes the key from this browser.",
  forget: "Nobody else is here, so this may be the last browser with the key.",
  close: "Nobody else is here, so only this browser has the key.",
};
const LOST = "Without the link, no one can ever read this conversation again, not even you.";
const NOT_TAKEN = "You haven't copied the link yet.";

/**
 * @param {"leave" | "forget" | "close"} act
 * @param {HTMLElement} opener
 * @param {import("./kept.js").Kept} kept
 * @param {() => void} goOn
 */
export async function askAboutKey(act, opener, kept, goOn) {
  if (document.querySelector(".last-key")) return;
  const told = make("p", { role: "status" }, [kept.isOnlyHere ? NOT_TAKEN : ""]);
  const copy = make("button", { class: "button primary", type: "button" }, ["Copy link"]);
  copy.addEventListener("click", async () => {
    if (await copyLink(kept, told)) told.textContent = kept.iterations ? "Copied. Keep the passphrase, too." : "Copied. Keep it somewhere safe.";
  });
  const button = (/** @type {string} */ value, /** @type {string} */ words, kind = "") =>
    make("button", { class: `button ${kind}`, type: "submit", value }, [words]);
  const acts = [button("stay", act === "close" ? "Close" : "Cancel"), ...(ACTS[act] ? [button("go", ACTS[act], "danger")] : [])];
  const dialog = make("dialog", { class: "ask last-key", "aria-labelledby": "last-key-title", "aria-describedby": "last-key-text" }, [
    make("h2", { id: "last-key-title" }, [TITLES[act]]),
    make("p", { id: "last-key-text" }, [`${WORDS[act]} ${LOST}`]), told,
    make("p", {}, [copy]), make("form", { class: "actions", method: "dialog" }, acts),
  ]);
  document.body.append(dialog);
  dialog.addEventListener("close", () => {
    setTimeout(() => dialog.remove());
    if (dialog.returnValue === "go") goOn();
  });
  openDialog(dialog, opener);
}
