// @ts-check
// A call on the whole screen: who is in it, and what one can do. Closing it goes on reading and writing; the call goes on.
import { openDialog } from "../browser/dialogs.js";
import { make } from "../browser/elements.js";
import { icon, redraw } from "./icons.js";
import { largeOf } from "./order.js";
import { Panel } from "./panel.js";
import { Sounds } from "./sounds.js";
import { Tile } from "./tile.js";
import { clockOf } from "./words.js";

const SAID_FOR_MS = 10_000;
/** As long as it rings. */
const CALLS_FOR_MS = 30_000;
/** Where a space means itself. */
const TAKES_SPACE = "input, textarea, select, button, a, summary, [contenteditable]";

export class Stage {
  /**
   * @param {object} parts
   * @param {import("./call.js").Call} parts.call
   * @param {import("../people/faces.js").Faces} parts.faces
   * @param {import("../state/store.js").Store} parts.store
   */
  constructor({ call, faces, store }) {
    this.call = call;
    this.faces = faces;
    this.chosen = "";
    /** @type {Map<string, Tile>} by what is in it */
    this.tiles = new Map();
    this.clock = make("span", { class: "call-clock", role: "timer", "aria-label": "Duration" });
    this.back = button("messages", "Back to messages", () => this.dialog.close());
    this.line = make("p", { class: "call-line", role: "status" });
    this.unblock = make("button", { class: "button primary", type: "button", hidden: "" }, ["Turn on sound"]);
    this.list = make("ul", { class: "call-tiles", tabindex: "-1", "aria-label": "People in the call" });
    this.alone = make("p", { class: "call-alone" });
    this.hint = make("p", { class: "call-hint" }, ["Hold Space to talk"]);
    const { media } = call;
    this.buttons = {
      mute: button("microphone", "Mute", (event) => {
        this.toggleMute();
        if (event.detail) this.list.focus(); // by mouse: space is to talk then, not to press it again
      }),
      camera: button("camera", "Turn camera on", () => (media.has("video") ? media.stop("video") : media.start("video"))),
      screen: button("screen", "Share screen", () => (media.has("screen") ? media.unshare() : media.share())),
      hand: button("hand", "Raise hand", () => call.raise(!call.hand)),
      picture: button("picture", "Picture in picture", () => this.float()),
      more: button("more", "People and devices", () => this.toggleMore()),
      leave: button("leave", "Leave call", () => call.leave()),
    };
    this.buttons.leave.root.classList.add("danger", "call-leave");
    this.buttons.screen.root.hidden = !navigator.mediaDevices.getDisplayMedia;
    this.buttons.picture.root.hidden = !document.pictureInPictureEnabled;
    this.controls = make("div", { class: "call-controls", role: "toolbar", "aria-label": "Call" }, Object.values(this.buttons).map(({ root }) => root));
    /** What one does oneself, for screen readers: the others see it. */
    this.told = make("p", { class: "visually-hidden", role: "status" });
    this.sounds = new Sounds(() => (this.unblock.hidden = false));
    this.panel = new Panel({ call, store, speaker: (id) => this.sounds.through(id), say: (words) => this.say(words), close: () => {
      this.toggleMore();
      this.buttons.more.root.focus();
    } });
    this.dialog = make("dialog", { class: "call-stage", "aria-label": "Call" }, [
      make("header", { class: "call-head" }, [make("h2", {}, ["Call"]), this.clock, this.line, this.back.root]),
      make("div", { class: "call-middle" }, [this.list, this.panel.root]),
      this.alone, this.unblock, this.hint, this.controls, this.told,
    ]);
    document.body.append(this.dialog);
    this.unblock.addEventListener("click", () => {
      this.unblock.hidden = true;
      this.sounds.resume();
    });
    this.stops = new AbortController();
    const { signal } = this.stops;
    this.controls.addEventListener("keydown", (event) => this.step(event));
    addEventListener("keydown", (event) => this.pressed(event), { signal });
    addEventListener("keyup", (event) => event.key === " " && this.talks && this.talk(false), { signal });
    addEventListener("blur", () => this.talks && this.talk(false), { signal });
    this.timer = setInterval(() => this.tick(), 1000);
    this.talks = false;
  }

  get isOpen() {
    return this.dialog.open;
  }

  /** @param {HTMLElement} opener */
  open(opener) {
    if (this.isOpen) return;
    openDialog(this.dialog, opener);
    this.list.focus();
    this.tick();
    this.show();
  }

  /** Push to talk. @param {KeyboardEvent} event */
  pressed(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.key !== " " || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
    if (!this.call.media.isMuted || this.talks || target.closest?.(TAKES_SPACE)) return;
    event.preventDefault();
    this.talk(true);
  }

  /** @param {boolean} talks */
  talk(talks) {
    this.talks = talks;
    this.call.mute(!talks);
  }

  async toggleMute() {
    const { call } = this;
    if (!call.media.has("audio")) {
      call.media.mute(false);
      return call.media.start("audio");
    }
    call.mute(!call.media.isMuted);
    this.told.textContent = call.media.isMuted ? "Muted" : "Unmuted";
  }

  /** Along the buttons. @param {KeyboardEvent} event */
  step({ key }) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[key];
    const buttons = Object.values(this.buttons).map(({ root }) => root).filter((root) => !root.hidden);
    const at = buttons.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    if (by && at >= 0) buttons[(at + by + buttons.length) % buttons.length].focus();
  }

  toggleMore() {
    this.panel.toggle();
    this.buttons.more.root.setAttribute("aria-expanded", String(!this.panel.root.hidden));
    this.dialog.classList.toggle("has-panel", !this.panel.root.hidden);
  }

  async float() {
    const { picture } = this.sounds;
    try {
      if (document.pictureInPictureElement === picture) return await document.exitPictureInPicture();
      if (!picture.srcObject) return this.say("Nobody's camera is on.");
      await picture.requestPictureInPicture();
    } catch {
      this.say("The picture couldn't be moved to a window of its own.");
    }
  }

  /** @param {string} words */
  say(words) {
    this.line.textContent = words;
    clearTimeout(this.quiet);
    this.quiet = setTimeout(() => (this.line.textContent = ""), SAID_FOR_MS);
  }

  show() {
    const { call } = this;
    const people = call.shown();
    const large = largeOf(people, call.speaking.first, this.chosen);
    const shown = people.flatMap((person) => [
      { key: person.peer, person, isScreen: false }, ...(person.screen ? [{ key: `${person.peer}/screen`, person, isScreen: true }] : []),
    ]);
    for (const [key, tile] of this.tiles) {
      if (shown.some((each) => each.key === key)) continue;
      tile.end();
      this.tiles.delete(key);
    }
    for (const { key, person, isScreen } of shown) this.tileOf(key, person.peer).show({ person, isScreen, isLarge: key === large });
    this.list.classList.toggle("has-large", large !== "");
    this.list.dataset.count = String(shown.length);
    this.alone.hidden = people.length > 1;
    this.sounds.show(people);
    const floating = people.find(({ peer }) => large.split("/")[0] === peer) ?? people.find(({ video, isYou }) => video && !isYou);
    this.sounds.float(large.endsWith("/screen") ? floating?.tracks.screen : floating?.video ? floating.tracks.video : undefined);
    this.panel.show(people);
    this.showButtons();
  }

  /** @param {string} key @param {string} peer */
  tileOf(key, peer) {
    let tile = this.tiles.get(key);
    if (!tile) {
      tile = new Tile({
        faces: this.faces, again: () => this.call.transport?.again(peer),
        enlarge: () => {
          this.chosen = this.chosen === key ? "" : key;
          this.show();
        },
      });
      this.tiles.set(key, tile);
      this.list.append(tile.root);
    }
    return tile;
  }

  showButtons() {
    const { call: { media, hand }, buttons } = this;
    const isQuiet = media.isMuted || !media.has("audio");
    buttons.mute.show(isQuiet ? "muted" : "microphone", isQuiet ? "Unmute" : "Mute", isQuiet);
    buttons.camera.show(media.has("video") ? "camera" : "noCamera", media.has("video") ? "Turn camera off" : "Turn camera on", !media.has("video"));
    buttons.screen.show("screen", media.has("screen") ? "Stop sharing" : "Share screen", false, media.has("screen"));
    buttons.hand.show("hand", hand ? "Lower hand" : "Raise hand", false, hand);
    this.hint.hidden = !media.isMuted || matchMedia("(hover: none)").matches;
  }

  tick() {
    const isCalling = !this.call.wasMet && Date.now() - this.call.startedAt < CALLS_FOR_MS;
    const alone = isCalling ? "Calling the others…" : "You're the only one here. The others see that a call is on.";
    if (this.alone.textContent !== alone) this.alone.textContent = alone;
    const words = clockOf(Date.now() - this.call.startedAt);
    if (this.clock.textContent !== words) this.clock.textContent = words;
  }

  end() {
    clearInterval(this.timer);
    clearTimeout(this.quiet);
    this.stops.abort();
    this.sounds.end();
    this.panel.devices.end();
    for (const tile of this.tiles.values()) tile.end();
    this.dialog.close();
    this.dialog.remove();
  }
}

/**
 * @param {import("./icons.js").Icon} name
 * @param {string} label
 * @param {(event: MouseEvent) => unknown} press
 */
function button(name, label, press) {
  const drawn = icon(name);
  const words = make("span", { class: "call-label" }, [label]);
  const root = make("button", { class: "button call-button", type: "button", title: label }, [drawn, words]);
  root.addEventListener("click", press);
  /** @param {import("./icons.js").Icon} shownAs @param {string} called @param {boolean} isOff @param {boolean} [isOn] */
  const show = (shownAs, called, isOff, isOn = false) => {
    redraw(drawn, shownAs);
    if (words.textContent !== called) words.textContent = root.title = called;
    root.classList.toggle("call-off", isOff);
    root.classList.toggle("call-on", isOn);
  };
  return { root, show };
}
