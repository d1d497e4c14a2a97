// @ts-check
// One picture over the whole page, and the way to the others. Loaded with the first that is opened.
import { openDialog } from "../browser/dialogs.js";
import { between } from "../connection/between.js";
import { element, sign } from "./show.js";

const STEP = 1.5;
const LARGEST = 8;
const BUTTONS = [
  { act: "previous", label: "Previous picture", path: "M12.5 4.5 7 10l5.5 5.5" },
  { act: "next", label: "Next picture", path: "M7.5 4.5 13 10l-5.5 5.5" },
  { act: "smaller", label: "Zoom out", path: "M4 10h12" },
  { act: "larger", label: "Zoom in", path: "M4 10h12M10 4v12" },
];
/** @type {Record<string, string>} */
const KEYS = {
  ArrowLeft: "previous", ArrowRight: "next", Home: "first", End: "last",
  "+": "larger", "=": "larger", "-": "smaller", 0: "whole",
};
/** What goes to another picture. Where one is zoomed the keys scroll it. */
const WAYS = ["previous", "next", "first", "last"];

/** @type {Viewer | undefined} */
let viewer;

/** @param {HTMLAnchorElement} picture on the page */
export function view(picture) {
  viewer ??= new Viewer();
  viewer.open(picture);
}

class Viewer {
  constructor() {
    this.name = element("bdi", { className: "file-name" });
    this.place = element("span", { className: "file-about" });
    this.place.setAttribute("role", "status");
    this.download = element("a", { className: "button", title: "Download" }, [sign("M10 3v9.5M6 9l4 4 4-4M3.5 16.5h13")]);
    this.download.setAttribute("aria-label", "Download");
    this.buttons = new Map(BUTTONS.map(({ act, label, path }) => [act, button(act, label, path)]));
    const close = button("close", "Close", "M5 5l10 10M15 5 5 15");
    const words = element("div", { className: "file-words" }, [this.name, this.place]);
    this.head = element("div", { className: "viewer-head" }, [words, ...this.buttons.values(), this.download, close]);
    this.stage = element("div", { className: "viewer-stage", tabIndex: -1, autofocus: true });
    this.caption = element("p", { className: "viewer-caption", dir: "auto" });
    this.dialog = element("dialog", { className: "viewer" }, [this.head, this.stage, this.caption]);
    this.dialog.setAttribute("aria-label", "Picture");
    this.zoom = 1;
    /** @type {Element} what it is among: the transcript, or the list of files */
    this.shelf = document.body;
    /** @type {HTMLAnchorElement | undefined} the one that is shown */
    this.picture = undefined;
    // What is deleted while somebody looks at it is gone here, too.
    this.changes = new MutationObserver(() => this.follow());
    document.body.append(this.dialog);
    this.dialog.addEventListener("click", (event) => this.clicked(/** @type {HTMLElement} */ (event.target)));
    this.dialog.addEventListener("keydown", (event) => this.keyed(event));
    this.dialog.addEventListener("close", () => this.closed());
  }

  /** @param {HTMLAnchorElement} picture */
  open(picture) {
    this.shelf = picture.closest("#items, .file-list") ?? document.body;
    this.changes.observe(this.shelf, { childList: true, subtree: true });
    this.show(picture);
    openDialog(this.dialog, picture);
  }

  closed() {
    this.changes.disconnect();
    this.stage.replaceChildren();
  }

  pictures() {
    return /** @type {HTMLAnchorElement[]} */ ([...this.shelf.querySelectorAll("a.picture")]);
  }

  /** @param {HTMLAnchorElement} picture */
  show(picture) {
    this.picture = picture;
    this.zoom = 1;
    const name = picture.querySelector("img")?.alt ?? "";
    this.showPicture(picture, name);
    this.name.textContent = name;
    const words = picture.closest(".message, .file-list > li")?.querySelector(".message-text:not([hidden]), .file-from");
    this.caption.textContent = /** @type {HTMLElement | undefined} */ (words)?.innerText ?? "";
    this.showPlace();
  }

  /**
   * What is encrypted may have to be opened first.
   * @param {HTMLAnchorElement} picture
   * @param {string} name
   */
  async showPicture(picture, name) {
    this.stage.replaceChildren();
    this.download.hidden = true;
    // Until all of it is there, what stands on the page.
    const { src = "" } = picture.querySelector("img") ?? {};
    if (!picture.href && src) this.stage.append(element("img", { src, alt: name }));
    if (!picture.href) await between.files?.open(picture);
    if (this.picture !== picture || !picture.href) return;
    this.stage.replaceChildren(element("img", { src: picture.href, alt: name }));
    Object.assign(this.download, { href: picture.href, download: name, hidden: false });
  }

  showPlace() {
    const pictures = this.pictures();
    const at = pictures.findIndex((each) => each === this.picture);
    this.place.textContent = at < 0 ? "" : `${at + 1} of ${pictures.length}`;
    for (const [act, step] of /** @type {[string, number][]} */ ([["previous", -1], ["next", 1]])) {
      const pressed = this.buttons.get(act);
      if (!pressed) continue;
      pressed.disabled = !pictures[at + step];
      if (pressed.disabled && document.activeElement === pressed) this.stage.focus(); // keys go where the focus is
    }
  }

  follow() {
    if (!this.picture) return;
    const shown = placeOf(this.picture);
    const now = this.picture.isConnected ? this.picture : this.pictures().find((each) => placeOf(each) === shown);
    if (!now) return this.lose();
    this.picture = now;
    this.showPlace();
  }

  lose() {
    this.picture = undefined;
    this.stage.replaceChildren(element("p", { textContent: "This picture was deleted." }));
    this.name.textContent = this.caption.textContent = "";
    this.download.hidden = true;
    this.showPlace();
  }

  /** @param {HTMLElement} clicked */
  clicked(clicked) {
    const act = /** @type {HTMLElement | null} */ (clicked.closest("[data-act]"))?.dataset.act;
    if (act) this.act(act);
    else if (clicked instanceof HTMLImageElement) this.act(this.zoom > 1 ? "whole" : "closer");
    else if (clicked === this.stage) this.dialog.close();
  }

  /** @param {KeyboardEvent} event */
  keyed(event) {
    const act = KEYS[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    if (this.zoom > 1 && WAYS.includes(act)) return;
    event.preventDefault();
    this.act(act);
  }

  /** @param {string} act */
  act(act) {
    if (act === "close") this.dialog.close();
    else if (act === "previous") this.step(-1);
    else if (act === "next") this.step(1);
    else if (act === "first") this.jump(0);
    else if (act === "last") this.jump(-1);
    else if (act === "closer") this.scale(2);
    else this.scale(act === "larger" ? this.zoom * STEP : act === "smaller" ? this.zoom / STEP : 1);
  }

  /** @param {number} by */
  step(by) {
    const pictures = this.pictures();
    const next = this.picture && pictures[pictures.indexOf(this.picture) + by];
    if (next) this.show(next);
  }

  /** @param {number} place counted from the end where it is negative */
  jump(place) {
    const there = this.picture && this.pictures().at(place);
    if (there && there !== this.picture) this.show(there);
  }

  /** @param {number} zoom against the whole picture on the screen */
  scale(zoom) {
    const image = this.stage.querySelector("img");
    if (!image) return;
    const before = image.getBoundingClientRect().width / this.zoom;
    this.zoom = Math.min(LARGEST, Math.max(1, zoom));
    image.classList.toggle("zoomed", this.zoom > 1);
    image.style.width = this.zoom > 1 ? `${before * this.zoom}px` : "";
    this.stage.scrollLeft = (this.stage.scrollWidth - this.stage.clientWidth) / 2;
    this.stage.scrollTop = (this.stage.scrollHeight - this.stage.clientHeight) / 2;
  }
}

/** @param {HTMLAnchorElement} picture */
function placeOf({ dataset, href }) {
  return dataset.sealed ?? href;
}

/**
 * @param {string} act
 * @param {string} label
 * @param {string} path
 */
function button(act, label, path) {
  const made = element("button", { className: "button", type: "button", title: label }, [sign(path)]);
  made.dataset.act = act;
  made.setAttribute("aria-label", label);
  return made;
}
