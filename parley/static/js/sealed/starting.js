// @ts-check
// The choice, where a conversation is started: what makes the key is loaded once somebody takes it.

/** @param {HTMLFormElement} form */
export function offerEncryption(form) {
  const box = /** @type {HTMLInputElement | null} */ (form.elements.namedItem("encrypted"));
  const listed = /** @type {HTMLInputElement | null} */ (form.elements.namedItem("listed"));
  if (!box || !listed) return;
  if (!globalThis.crypto?.subtle) {
    box.disabled = true;
    const small = box.parentElement?.querySelector("small");
    if (small) small.textContent = "Only works on a page opened over https.";
    return;
  }
  const show = () => {
    if (box.checked || form.querySelector(".passphrase-choice")) {
      import("./passphrase.js").then(({ offer }) => offer(form, box.checked), () => {});
    }
    if (box.checked) import("./start.js").catch(() => {}); // to have it by then
  };
  box.addEventListener("change", () => {
    if (box.checked) listed.checked = false;
    show();
  });
  listed.addEventListener("change", () => {
    if (listed.checked) box.checked = false;
    show();
  });
  addEventListener("pageshow", () => setTimeout(show)); // once what was chosen before is there again
  form.addEventListener("submit", async (event) => {
    if (!box.checked) return;
    event.preventDefault();
    const button = /** @type {HTMLButtonElement} */ (form.querySelector("button[type=submit]"));
    button.disabled = true;
    const problem = await import("./start.js").then(({ start }) => start(form), () => "The page couldn't load what encrypts. Check your connection.");
    button.disabled = false;
    if (problem) complain(form, problem);
  });
}

/**
 * @param {HTMLFormElement} form
 * @param {string} words
 */
function complain(form, words) {
  const line = form.querySelector(".problem-line") ?? document.createElement("p");
  line.className = "problem-line";
  line.setAttribute("role", "alert");
  form.prepend(line);
  line.textContent = words;
}
