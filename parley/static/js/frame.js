// @ts-check
// Our page in a frame on another site's. A classic script in <head>, before all others: how the page is to look must
// stand before it is painted, and what goes to the server must say from the first that it comes from a frame.
//
// The page around it is told what it needs to know, and nothing that is said here: that somebody pressed Escape, and
// how much is unread. What it tells us is only whether its panel is open.
{
  const root = document.documentElement;
  /** What `embed.js` wishes; nothing where somebody else made the frame. */
  const wishes = new URLSearchParams(window.name.startsWith("parley?") ? window.name.slice("parley?".length) : "");
  const given = wishes.get("host") ?? "";
  /** The origin of the page around us. The policy of this page lets no others show it, however deep the frames are. */
  const host = (root.dataset.hosts ?? "").split(" ").includes(given) ? given : "";
  const MARK = "Parley-Page";
  const KEPT = `${root.dataset.root ?? ""}parley:frame`;
  let isOpen = true;

  // --- how it looks ---

  const theme = wishes.get("theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  const accent = wishes.get("accent") ?? "";
  const dark = matchMedia("(prefers-color-scheme: dark)");
  if (/^#(?:[0-9a-f]{3}|[0-9a-f]{6})$/i.test(accent)) {
    colour();
    dark.addEventListener("change", colour);
  }
  if (wishes.has("read")) root.dataset.reads = "yes";

  /** What is amber elsewhere is of the site's colour here, with the contrast that it needs. */
  function colour() {
    const isDark = root.dataset.theme ? root.dataset.theme === "dark" : dark.matches;
    const paper = isDark ? 0.011 : 0.955;
    const own = parts(accent);
    const light = luminance(own);
    // Away from the paper until a line of it shows: 3:1, as WCAG asks of borders.
    let edge = own;
    for (let step = 0; step < 20 && contrast(luminance(edge), paper) < 3; step += 1) edge = edge.map((part) => part + ((isDark ? 1 : 0) - part) * 0.1);
    const set = (/** @type {string} */ name, /** @type {string} */ value) => root.style.setProperty(`--${name}`, value);
    set("amber", accent);
    set("amber-strong", `color-mix(in oklab, ${accent} 88%, ${light < 0.179 ? "white" : "black"})`);
    set("on-amber", light < 0.179 ? "#fff" : "#111");
    set("amber-wash", `color-mix(in oklab, ${accent} ${isDark ? 22 : 14}%, var(--paper))`);
    set("amber-edge", `rgb(${edge.map((part) => Math.round(part * 255)).join(" ")})`);
  }

  /** @param {string} hex */
  function parts(hex) {
    const whole = hex.length === 4 ? hex.replace(/\w/g, "$&$&") : hex;
    return [1, 3, 5].map((at) => parseInt(whole.slice(at, at + 2), 16) / 255);
  }

  /** As WCAG counts it. @param {number[]} colour */
  function luminance(colour) {
    const [r, g, b] = colour.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }

  /** @param {number} one @param {number} other */
  function contrast(one, other) {
    return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  }

  // --- what goes to and fro ---

  /** @param {object} words */
  function say(words) {
    if (host) parent.postMessage(words, host);
  }

  // A panel that is closed is a page that nobody sees: what comes meanwhile is unread, and nothing is marked as read.
  for (const [name, closed] of /** @type {[string, unknown][]} */ ([["visibilityState", "hidden"], ["hidden", true]])) {
    const real = Object.getOwnPropertyDescriptor(Document.prototype, name)?.get;
    Object.defineProperty(document, name, { configurable: true, get: () => (isOpen ? real?.call(document) : closed) });
  }
  addEventListener("message", ({ source, origin, data }) => {
    if (source !== parent || origin !== host || (data?.parley !== "opened" && data?.parley !== "closed")) return;
    isOpen = data.parley === "opened";
    document.dispatchEvent(new Event("visibilitychange"));
    if (isOpen) focusFirst();
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented && !event.isComposing && !document.querySelector("dialog:modal")) say({ parley: "close" });
  });

  // A page that comes into view takes the focus, and must not take that of the page around it.
  const { focus } = HTMLElement.prototype;
  HTMLElement.prototype.focus = function (options) {
    if (document.hasFocus()) focus.call(this, options);
  };

  /** Where somebody writes, unless they were somewhere else here before. */
  function focusFirst() {
    if (document.activeElement && document.activeElement !== document.body) return;
    for (const field of document.querySelectorAll("#message, #username, #desk-message")) {
      if (/** @type {HTMLElement} */ (field).checkVisibility()) return /** @type {HTMLElement} */ (field).focus();
    }
  }

  // --- who one is ---

  const keepsCookies = location.protocol === "https:" && keepsCookie();
  /** @type {{token?: string, userId?: string, username?: string, role?: string, roomId?: string, desk?: string}} */
  let kept = keepsCookies ? {} : recall();
  globalThis.framed = {
    tell: (/** @type {number} */ count) => {
      say({ parley: "unread", count });
      begin();
    },
    auth: (/** @type {(auth: object) => void} */ give) => give(kept.token ? { token: kept.token } : {}),
  };

  /** @type {HTMLFormElement | undefined} what was sent before the page could send it as somebody */
  let early;
  let hasBegun = keepsCookies;

  /** The scripts of the page are there, or will be once this is done. */
  function begin() {
    if (hasBegun) return;
    hasBegun = true;
    setTimeout(() => early?.requestSubmit());
  }

  addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (hasBegun || !["composer", "join"].includes(form.id)) return;
    event.preventDefault();
    event.stopPropagation();
    early = form;
  }, true);

  /** Whether the browser keeps one for us here, apart from all other sites. */
  function keepsCookie() {
    const probe = "parley_probe=1; Path=/; Secure; SameSite=None; Partitioned";
    try {
      document.cookie = probe;
      const isThere = document.cookie.includes("parley_probe=1");
      document.cookie = `${probe}; Max-Age=0`;
      return isThere;
    } catch {
      return false;
    }
  }

  function recall() {
    try {
      return JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
    } catch {
      return {};
    }
  }

  /** @param {typeof kept} news */
  function keep(news) {
    kept = { ...kept, ...news };
    try {
      sessionStorage.setItem(KEPT, JSON.stringify(kept));
    } catch {
      // Then it lasts as long as this page.
    }
  }

  /** @param {(name: string, value: string) => void} set @param {boolean} isMarked */
  function speakFor(set, isMarked) {
    if (isMarked) set(MARK, keepsCookies ? "frame" : "frame token");
    if (kept.token) set("Authorization", `Bearer ${kept.token}`);
  }

  const plain = globalThis.fetch;
  globalThis.fetch = async (asked, options) => {
    const headers = new Headers(options?.headers);
    const isOurs = new URL(asked instanceof Request ? asked.url : asked, location.href).origin === location.origin;
    if (isOurs) speakFor((name, value) => headers.set(name, value), headers.has(MARK));
    const reply = await plain(asked, { ...options, headers });
    if (isOurs && !keepsCookies && options?.method === "POST") await hear(reply.clone());
    return reply;
  };
  if (!keepsCookies) {
    const { send } = XMLHttpRequest.prototype;
    XMLHttpRequest.prototype.send = function (body) {
      speakFor((name, value) => this.setRequestHeader(name, value), false);
      send.call(this, body);
    };
  }

  /** A form would leave nothing behind that says who sent it. @param {Event} event */
  async function startAtDesk(event) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const { message, username } = Object.fromEntries(new FormData(form));
    const path = `${root.dataset.root ?? ""}/api/desks/${document.getElementById("desk")?.dataset.desk}/conversations`;
    const headers = { "Content-Type": "application/json", [MARK]: "1" };
    const reply = await fetch(path, { method: "POST", headers, body: JSON.stringify({ message, username }) })
      .then((answer) => answer.json()).catch(() => ({ error: "The server didn't respond. Try again." }));
    if (reply.success) location.replace(`${root.dataset.root ?? ""}/conversation/${reply.room_id}`);
    else /** @type {HTMLElement} */ (document.getElementById("desk-problem")).textContent = reply.error;
  }

  /** Somebody may be someone by it. @param {Response} reply */
  async function hear(reply) {
    const { token, user_id: userId, username, role, room_id: roomId, desk } = await reply.json().catch(() => ({}));
    if (token) keep({ token });
    if (userId && roomId) keep({ userId, username, role, roomId, ...(desk && { desk }) });
  }

  // The server rendered the page for a stranger, where there is no cookie. Scripts of the page begin after this.
  document.addEventListener("readystatechange", () => {
    if (document.readyState !== "interactive") return;
    const page = document.getElementById("conversation");
    if (kept.token && page && !page.dataset.userId && page.dataset.roomId === kept.roomId) {
      Object.assign(page.dataset, { userId: kept.userId ?? "", username: kept.username ?? "", role: kept.role ?? "member" });
      for (const [id, isHidden] of Object.entries({ composer: false, join: true })) {
        const form = document.getElementById(id);
        if (form) form.hidden = isHidden;
      }
    }
    const desk = document.getElementById("desk");
    if (kept.token && kept.roomId && desk && desk.dataset.desk === kept.desk) location.replace(`${root.dataset.root ?? ""}/conversation/${kept.roomId}`);
    if (desk && !keepsCookies) document.getElementById("desk-start")?.addEventListener("submit", startAtDesk);
    // What a link gives that is only to be read is taken at once, where the page around it wishes so.
    const link = /** @type {HTMLFormElement | null} */ (document.querySelector("form[data-gives=reader]"));
    if (link && wishes.has("read") && keepsCookies) link.submit();
  });
}
