// @ts-check
// Says of a page that it is as it was kept. A conversation says so where it says that it is not connected.
import { spokenTime } from "../browser/time.js";

export function tell() {
  const { keptAt } = document.documentElement.dataset;
  const main = document.getElementById("main");
  if (!keptAt || !main) return;
  const line = document.createElement("p");
  line.className = "as-of";
  line.setAttribute("role", "status");
  main.prepend(line);
  const again = document.createElement("a");
  again.href = location.href;
  again.textContent = "Load again";
  line.append(navigator.onLine ? "The server doesn't answer." : "You're offline.", ` Last updated ${spokenTime(keptAt)}. `, again);
  addEventListener("online", () => location.reload());
}
