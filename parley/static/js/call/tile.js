// @ts-check
// One person in a call, or the screen they share.
import { make } from "../browser/elements.js";
import { icon } from "./icons.js";

/**
 * @typedef {import("./call.js").Person} Person
 * @typedef {{person: Person, isScreen: boolean, isLarge: boolean}} Shown
 */

export class Tile {
  /**
   * @param {object} parts
   * @param {import("../people/faces.js").Faces} parts.faces
   * @param {() => void} parts.enlarge
   * @param {() => void} parts.again
   */
  constructor({ faces, enlarge, again }) {
    this.faces = faces;
    this.picture = make("video", { class: "call-picture", autoplay: "", playsinline: "", hidden: "" });
    this.picture.muted = true; // what is heard comes from elsewhere, and once
    this.face = make("span", { class: "face call-face", "aria-hidden": "true" });
    this.name = make("bdi", {});
    this.muted = make("span", { class: "call-sign" }, [icon("muted"), make("span", { class: "visually-hidden" }, ["Muted"])]);
    this.hand = make("span", { class: "call-sign call-hand" }, [icon("hand"), make("span", { class: "visually-hidden" }, ["Hand raised"])]);
    this.weak = make("span", { class: "call-sign", title: "Weak connection" }, [icon("weak"), make("span", { class: "visually-hidden" }, ["Weak connection"])]);
    this.state = make("p", { class: "call-reached" });
    this.again = make("button", { class: "button small", type: "button" }, ["Try again"]);
    this.enlarge = make("button", { class: "button quiet call-square call-enlarge", type: "button" }, [icon("large")]);
    this.root = make("li", { class: "call-tile" }, [
      this.picture, this.face, make("div", { class: "call-between" }, [this.state, this.again]),
      make("p", { class: "call-name" }, [this.hand, this.muted, this.weak, this.name]), this.enlarge,
    ]);
    this.enlarge.addEventListener("click", enlarge);
    this.again.addEventListener("click", again);
  }

  /** @param {Shown} shown */
  show({ person, isScreen, isLarge }) {
    const { isYou, username, reached } = person;
    const name = isYou ? "You" : username;
    const whole = isScreen ? `${isYou ? "Your" : `${username}'s`} screen` : name;
    if (this.name.textContent !== whole) this.name.textContent = whole;
    this.root.dataset.userId = person.user_id;
    this.faces.show(this.face, person);
    this.draw(isScreen ? person.tracks.screen : person.video ? person.tracks.video : undefined, whole);
    const state = reached?.words ?? "";
    if (this.state.textContent !== state) this.state.textContent = this.state.title = state;
    this.again.hidden = reached?.what !== "no_route";
    this.muted.hidden = isScreen || person.audio;
    this.hand.hidden = isScreen || !person.hand;
    this.weak.hidden = !person.isWeak || state !== "";
    const { classList } = this.root;
    classList.toggle("is-large", isLarge);
    classList.toggle("is-you", isYou);
    classList.toggle("is-screen", isScreen);
    classList.toggle("speaks", person.speaks && !isScreen);
    this.enlarge.setAttribute("aria-label", isLarge ? `Make ${whole} smaller` : `Make ${whole} larger`);
    this.enlarge.setAttribute("aria-pressed", String(isLarge));
  }

  /** @param {MediaStreamTrack | undefined} track @param {string} name */
  draw(track, name) {
    const { picture } = this;
    const shown = /** @type {MediaStream | null} */ (picture.srcObject)?.getTracks()[0];
    if (shown !== track) picture.srcObject = track ? new MediaStream([track]) : null;
    picture.hidden = !track;
    this.face.hidden = track !== undefined;
    picture.setAttribute("aria-label", name);
  }

  end() {
    this.picture.srcObject = null;
    this.root.remove();
  }
}
