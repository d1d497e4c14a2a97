// @ts-check
// What somebody else's page loads: a conversation in a frame there, or a button that opens one. A classic script, and
// all of it: that page gets no other script of ours, and the frame nothing of that page but how it is to look.
{
  const script = /** @type {HTMLScriptElement} */ (document.currentScript);
  const wishes = script.dataset;
  const home = new URL(".", script.src).href;
  const HEX = /^#(?:[0-9a-f]{3}|[0-9a-f]{6})$/i;
  const ACCENT = HEX.test(wishes.accent ?? "") ? (wishes.accent ?? "") : "#e8b339";
  const STYLE = `
    :host { all: initial; display: block; color-scheme: light }
    :host([theme="dark"]) { color-scheme: dark }
    :host([theme="auto"]) { color-scheme: light dark }
    * { box-sizing: border-box }
    [hidden] { display: none !important }
    iframe { display: block; width: 100%; height: 100%; border: 0; background: Canvas }
    .inline { height: var(--height); border: 1px solid color-mix(in srgb, CanvasText 20%, Canvas); border-radius: 12px; overflow: hidden }
    button { font: 600 16px/1.2 system-ui, sans-serif; border: 1px solid transparent; cursor: pointer; touch-action: manipulation }
    button:focus-visible { outline: 3px solid CanvasText; outline-offset: 3px }
    .open { position: fixed; inset-block-end: max(16px, env(safe-area-inset-bottom)); inset-inline-end: 16px; z-index: 2147483000;
      min-height: 48px; max-width: calc(100vw - 32px); padding: 12px 20px; border-radius: 24px; background: var(--accent); color: var(--on-accent);
      box-shadow: 0 4px 16px rgb(0 0 0 / .25) }
    .count { display: inline-block; min-width: 22px; margin-inline-start: 8px; padding: 2px 6px; border-radius: 11px; background: var(--on-accent); color: var(--accent); font-size: 13px }
    .panel { position: fixed; z-index: 2147483001; inset-block-end: calc(76px + env(safe-area-inset-bottom)); inset-inline-end: 16px; width: 400px;
      height: min(640px, calc(100dvh - 96px)); display: flex; flex-direction: column; overflow: hidden; border-radius: 16px;
      border: 1px solid color-mix(in srgb, CanvasText 20%, Canvas); background: Canvas; color: CanvasText; box-shadow: 0 8px 40px rgb(0 0 0 / .3) }
    :host([place="left"]) :is(.open, .panel) { inset-inline: 16px auto }
    .head { display: flex; align-items: center; justify-content: space-between; padding-inline-start: 16px; background: var(--accent); color: var(--on-accent);
      font: 600 16px/1.2 system-ui, sans-serif }
    .head span { overflow: hidden; white-space: nowrap; text-overflow: ellipsis }
    .close { flex: none; width: 44px; height: 44px; padding: 0; background: none; color: inherit; border-radius: 12px }
    .close:focus-visible { outline-color: currentColor; outline-offset: -6px }
    .close svg { display: block; margin: auto }
    .panel iframe { flex: 1; min-height: 0 }
    @media (max-width: 480px) { :host .panel, :host([place="left"]) .panel { inset: 0; width: auto; height: 100dvh; border: 0; border-radius: 0 } }
    @media (forced-colors: active) { .open, .panel { border-color: CanvasText } }
    @media print { :host { display: none } }`;

  /** The address of what is to be shown; nothing where it isn't this server's. */
  function address() {
    if (wishes.desk) return `${home}desk/${encodeURIComponent(wishes.desk)}`;
    const given = (wishes.conversation ?? "").trim();
    if (/^[\w-]+$/.test(given)) return `${home}conversation/${given}`;
    const link = URL.canParse(given) ? new URL(given).href : "";
    const path = link.startsWith(home) ? link.slice(home.length) : "";
    return /^(?:conversation|link|desk)\//.test(path) ? link : "";
  }

  /** @param {string} hex */
  function isDark(hex) {
    const whole = hex.length === 4 ? hex.replace(/\w/g, "$&$&") : hex;
    const [r, g, b] = [1, 3, 5].map((at) => {
      const part = parseInt(whole.slice(at, at + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b < 0.179; // white on it has the better contrast, by WCAG
  }

  /**
   * @param {string} name
   * @param {Record<string, string>} attributes
   * @param {(Node | string)[]} children
   */
  function make(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  function cross() {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    for (const [key, value] of Object.entries({ width: "20", height: "20", viewBox: "0 0 20 20", "aria-hidden": "true" })) svg.setAttribute(key, value);
    for (const [key, value] of Object.entries({ d: "m5 5 10 10M15 5 5 15", fill: "none", stroke: "currentColor", "stroke-width": "2" })) path.setAttribute(key, value);
    svg.append(path);
    return svg;
  }

  function start() {
    const shown = address();
    if (!shown) return console.error("parley: data-conversation or data-desk must name one of", home);
    const theme = ["light", "dark"].includes(wishes.theme ?? "") ? wishes.theme ?? "" : "auto";
    const label = wishes.label || "Talk to us";
    const host = make("parley-embed", { theme, place: wishes.position === "left" ? "left" : "right", lang: wishes.lang || "en" });
    const root = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    host.style.setProperty("--accent", ACCENT);
    host.style.setProperty("--on-accent", isDark(ACCENT) ? "#fff" : "#111");
    host.style.setProperty("--height", /^\d+(?:px|rem|vh|dvh|%)$/.test(wishes.height ?? "") ? wishes.height ?? "" : "480px");
    // `name` stays with a frame wherever it goes, and is in no address and no log.
    const looks = new URLSearchParams({ host: location.origin, theme, ...(HEX.test(wishes.accent ?? "") && { accent: ACCENT }), ...("readOnly" in wishes && { read: "1" }) });
    const frame = /** @type {HTMLIFrameElement} */ (make("iframe", {
      title: wishes.title || label, name: `parley?${looks}`, referrerpolicy: "no-referrer",
      allow: ["autoplay", "clipboard-write", ...(wishes.allow ?? "").split(/[\s;,]+/)].filter(Boolean).join("; "),
      // It can't lead this page elsewhere, however it is pressed.
      sandbox: "allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox allow-downloads allow-modals",
    }));
    const isButton = "button" in wishes || ("desk" in wishes && !("inline" in wishes));
    if (isButton) startButton({ root, frame, shown, label });
    else {
      frame.loading = "lazy";
      frame.src = shown;
      root.append(make("div", { class: "inline" }, frame));
    }
    const place = isButton ? document.body : document.querySelector(wishes.into || "parley-nowhere");
    if (place) place.append(host);
    else script.after(host);
  }

  /** @param {{root: ShadowRoot, frame: HTMLIFrameElement, shown: string, label: string}} parts */
  function startButton({ root, frame, shown, label }) {
    const count = make("span", { class: "count", hidden: "" });
    const button = make("button", { type: "button", class: "open", "aria-expanded": "false", "aria-haspopup": "dialog", "aria-controls": "panel" }, label, count);
    const close = make("button", { type: "button", class: "close", "aria-label": wishes.closeLabel || "Close" }, cross());
    const panel = make("div", { id: "panel", class: "panel", role: "dialog", "aria-label": label, hidden: "" },
      make("div", { class: "head" }, make("span", { "aria-hidden": "true" }, label), close), frame);
    root.append(button, panel);

    /** @param {boolean} isOpen @param {boolean} [isWished] by somebody, who goes on there */
    const show = (isOpen, isWished = true) => {
      const isNew = isOpen && !frame.src;
      if (isNew) frame.src = shown;
      panel.hidden = !isOpen;
      button.setAttribute("aria-expanded", String(isOpen));
      if (!isNew) frame.contentWindow?.postMessage({ parley: isOpen ? "opened" : "closed" }, new URL(home).origin);
      if (isWished) (isOpen ? frame : button).focus();
    };
    button.addEventListener("click", () => show(panel.hidden));
    close.addEventListener("click", () => show(false));
    panel.addEventListener("keydown", (event) => event.key === "Escape" && show(false));
    addEventListener("message", ({ source, origin, data }) => {
      if (source !== frame.contentWindow || origin !== new URL(home).origin || typeof data?.parley !== "string") return;
      if (data.parley === "close" && !panel.hidden) show(false);
      if (data.parley === "unread" && Number.isInteger(data.count)) {
        count.hidden = data.count < 1;
        count.textContent = data.count > 99 ? "99+" : String(data.count);
      }
    });
    if ("open" in wishes) show(true, false);
  }

  if (document.body) start();
  else addEventListener("DOMContentLoaded", start);
}
