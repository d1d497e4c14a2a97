// @ts-check
// What is heard of a call, wherever on the page one is, and the picture that stays when one goes elsewhere.
import { make } from "../browser/elements.js";
import { chosen } from "./media.js";

export class Sounds {
  /** @param {() => void} blocked the browser wants a tap first */
  constructor(blocked) {
    this.blocked = blocked;
    /** @type {Map<string, HTMLAudioElement>} by peer and kind */
    this.playing = new Map();
    this.root = make("div", { class: "call-sounds", "aria-hidden": "true" });
    this.picture = make("video", { class: "call-pip", autoplay: "", playsinline: "", tabindex: "-1" });
    this.picture.muted = true;
    this.root.append(this.picture);
    document.body.append(this.root);
  }

  /** @param {import("./call.js").Person[]} people */
  show(people) {
    const wanted = new Map(people.filter(({ isYou }) => !isYou).flatMap(({ peer, tracks }) =>
      (/** @type {const} */ (["audio", "sound"])).flatMap((kind) => (tracks[kind] ? [[`${peer}/${kind}`, tracks[kind]]] : []))));
    for (const [key, audio] of this.playing) if (!wanted.has(key)) this.drop(key, audio);
    for (const [key, track] of wanted) this.play(/** @type {string} */ (key), /** @type {MediaStreamTrack} */ (track));
  }

  /** @param {string} key @param {MediaStreamTrack} track */
  play(key, track) {
    let audio = this.playing.get(key);
    if (/** @type {MediaStream | null} */ (audio?.srcObject)?.getTracks()[0] === track) return;
    if (!audio) {
      audio = make("audio", { autoplay: "" });
      this.playing.set(key, audio);
      this.root.append(audio);
      const { audiooutput } = chosen();
      if (audiooutput) /** @type {any} */ (audio).setSinkId?.(audiooutput).catch(() => {});
    }
    audio.srcObject = new MediaStream([track]);
    audio.play().catch((error) => error.name === "NotAllowedError" && this.blocked());
  }

  /** By somebody's tap. */
  resume() {
    for (const audio of this.playing.values()) audio.play().catch(() => {});
  }

  /** @param {string} id of the speaker to be heard from */
  through(id) {
    for (const audio of this.playing.values()) /** @type {any} */ (audio).setSinkId?.(id).catch(() => {});
  }

  /** @param {string} key @param {HTMLAudioElement} audio */
  drop(key, audio) {
    audio.srcObject = null;
    audio.remove();
    this.playing.delete(key);
  }

  /** Who is large is in the picture, too. @param {MediaStreamTrack | undefined} track */
  float(track) {
    const shown = /** @type {MediaStream | null} */ (this.picture.srcObject)?.getTracks()[0];
    if (track && shown !== track) this.picture.srcObject = new MediaStream([track]);
  }

  end() {
    if (document.pictureInPictureElement === this.picture) document.exitPictureInPicture().catch(() => {});
    this.picture.srcObject = null;
    for (const [key, audio] of this.playing) this.drop(key, audio);
    this.root.remove();
  }
}
