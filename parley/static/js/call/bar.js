// @ts-check
// The line under the title while a call runs: who is in it and for how long, and the way in, back or out.
import { make } from "../browser/elements.js";
import { icon, redraw } from "./icons.js";
import { clockOf, whoIsIn } from "./words.js";

const SAID_FOR_MS = 8000;

/**
 * @typedef {{isIn: boolean, isMuted: boolean, wasHere: boolean, people: import("./words.js").InCall[], startedAt: number | undefined,
 *   ownId: string, rings: boolean, isBarred: boolean}} Shown
 */

export class Bar {
  /** @param {{press: () => void, leave: () => void, mute: () => void, hush: () => void}} acts */
  constructor({ press, leave, mute, hush }) {
    this.who = make("bdi", { class: "call-who" });
    this.clock = make("span", { class: "call-clock", role: "timer" });
    this.said = make("span", { class: "call-said", hidden: "" });
    this.muteIcon = icon("microphone");
    this.mute = make("button", { class: "button quiet call-square", type: "button" }, [this.muteIcon]);
    this.enter = make("button", { class: "button primary small", type: "button" });
    this.notNow = make("button", { class: "button small quiet", type: "button", hidden: "" }, ["Not now"]);
    this.leave = make("button", { class: "button quiet call-square call-leave", type: "button", "aria-label": "Leave call", title: "Leave call" }, [icon("leave")]);
    this.root = make("section", { class: "call-bar", "aria-label": "Call", hidden: "" }, [
      icon("phone"), make("p", { class: "call-facts" }, [this.who, " ", this.clock, this.said]), this.mute, this.notNow, this.enter, this.leave,
    ]);
    this.notNow.addEventListener("click", () => {
      if (this.offers) {
        this.hush();
        return document.getElementById("call")?.focus();
      }
      hush();
      this.enter.focus();
    });
    this.enter.addEventListener("click", () => {
      if (this.offers) this.hush();
      press();
    });
    this.leave.addEventListener("click", leave);
    this.mute.addEventListener("click", mute);
    document.getElementById("conversation")?.prepend(this.root);
    /** @type {number | undefined} */
    this.startedAt = undefined;
    this.isThere = false;
    /** Whether it offers to call again, as after a call that ended while this page was away. */
    this.offers = false;
    setInterval(() => this.tick(), 1000);
  }

  /** @param {Shown} shown */
  show({ isIn, isMuted, wasHere, people, startedAt, ownId, rings, isBarred }) {
    this.startedAt = startedAt;
    this.root.hidden = !people.length && this.said.hidden;
    this.isThere = people.length > 0;
    this.who.textContent = !people.length ? "" : rings ? `${people[0].username} is calling` : whoIsIn(people, ownId, isIn);
    this.root.classList.toggle("call-rings", rings);
    if (this.isThere && this.offers) this.hush();
    this.notNow.hidden = !(rings || this.offers);
    const [words, name] = this.offers ? ["Call again", "Call again"] : isIn ? ["Open", "Open call"] : wasHere ? ["Come back", "Come back to the call"] : ["Join", "Join call"];
    this.enter.textContent = words;
    this.enter.setAttribute("aria-label", name);
    const mayCall = !document.getElementById("call")?.hidden;
    this.enter.hidden = !(this.isThere || this.offers) || !(isIn || (mayCall && !isBarred));
    this.mute.hidden = this.leave.hidden = !isIn;
    this.mute.setAttribute("aria-label", isMuted ? "Unmute" : "Mute");
    this.mute.title = isMuted ? "Unmute" : "Mute";
    this.mute.classList.toggle("call-off", isMuted);
    redraw(this.muteIcon, isMuted ? "muted" : "microphone");
    this.tick();
  }

  tick() {
    const words = this.startedAt === undefined || this.root.hidden ? "" : clockOf(Date.now() - this.startedAt);
    if (this.clock.textContent !== words) this.clock.textContent = words;
  }

  /** In place of the names, for a while; with the offer to call again, until that is answered. @param {string} words @param {boolean} [offers] */
  say(words, offers = false) {
    clearTimeout(this.timer);
    this.offers = offers;
    this.said.textContent = words;
    this.said.hidden = false;
    this.root.classList.add("call-says");
    this.root.hidden = false;
    if (!offers) this.timer = setTimeout(() => this.hush(), SAID_FOR_MS);
  }

  hush() {
    clearTimeout(this.timer);
    this.offers = false;
    this.said.textContent = "";
    this.said.hidden = true;
    this.root.classList.remove("call-says");
    this.root.hidden = !this.isThere;
  }
}
