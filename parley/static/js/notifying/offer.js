// @ts-check
// Notifications are offered where they help, once: after one's first message, at a door, to owners at whose door
// somebody knocks. The browser asks only after the tap that says what for.
import { byId } from "../browser/dom.js";
import { remember } from "../browser/saved.js";
import { loadSheet } from "../browser/sheets.js";
import { support, turnOn } from "./device.js";
import { HELP, WHY_NOT } from "./reasons.js";

const OFFERED = "notifying-offered";

/**
 * @param {object} parts
 * @param {Element} parts.before what it stands before
 * @param {string} parts.words what for
 * @param {string} parts.done what is said once it is so
 */
export function offer({ before, words, done }) {
  remember(OFFERED, "yes");
  const can = support();
  if (!["there", "home-screen"].includes(can) || document.querySelector(".offer")) return;
  const line = made("div", "offer");
  line.setAttribute("role", "group");
  line.setAttribute("aria-label", "Notifications");
  const text = made("p", "offer-text", can === "there" ? words : `${words} ${WHY_NOT[can]}`);
  text.setAttribute("role", "status");
  const acts = made("p", "offer-acts");
  const close = made("button", "button small quiet", "Not now");
  close.addEventListener("click", () => line.remove());
  if (can === "there") {
    const yes = made("button", "button small", "Turn on");
    yes.addEventListener("click", async () => {
      yes.setAttribute("disabled", "");
      const problem = await turnOn();
      text.textContent = problem || done;
      yes.remove();
      close.textContent = "OK";
    });
    acts.append(yes);
  } else {
    acts.append(Object.assign(made("a", "button small", "Show me how"), { href: HELP }));
  }
  acts.append(close);
  line.append(text, acts);
  before.before(line);
}

/**
 * @param {string} tag
 * @param {string} className
 * @param {string} [text]
 */
function made(tag, className, text = "") {
  const element = Object.assign(document.createElement(tag), { className, textContent: text });
  if (element instanceof HTMLButtonElement) element.type = "button";
  return element;
}

/** To who has just said something. It comes with its looks, or not at all. */
export async function offerOfAnswers() {
  await loadSheet("actions");
  offer({
    before: byId("composer"),
    words: "Get a notification when someone answers?",
    done: "You'll be notified on this device. What of, you choose in “People and link”, under “Notifications”.",
  });
}
