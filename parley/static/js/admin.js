// @ts-check
// The pages of admins: they tell how many reports wait, as those come.
import { ROOT } from "./browser/root.js";
import "./page.js";

const EVERY_MS = 20_000;

const page = document.getElementById("admin");
const shown = document.getElementById("waiting");
const title = document.title;

if (page && shown) {
  tell(Number(page.dataset.reports));
  setInterval(look, EVERY_MS);
  document.addEventListener("visibilitychange", look);
}

/** A page that nobody sees asks nothing. Whose role was taken sees no more of it: the server tells them so. */
async function look() {
  if (document.visibilityState === "hidden") return;
  const answer = await fetch(`${ROOT}/api/admin/waiting`).catch(() => undefined);
  if (answer && [401, 403].includes(answer.status)) return location.reload();
  if (answer?.ok) tell((await answer.json()).reports);
}

/** @param {number} count */
function tell(count) {
  if (!shown) return;
  shown.hidden = count === 0;
  shown.textContent = String(count);
  document.title = count ? `(${count}) ${title}` : title;
}
