// @ts-check
// Which microphone, camera and speaker are used: before a call, and in it.
import { make } from "../browser/elements.js";
import { choose, chosen } from "./media.js";

/** @typedef {import("./media.js").Sort} Sort */

/** @type {[Sort, string][]} */
const SORTS = [["audioinput", "Microphone"], ["videoinput", "Camera"], ["audiooutput", "Speaker"]];

export class Devices {
  /**
   * @param {object} parts
   * @param {import("./media.js").Media} parts.media
   * @param {(id: string) => void} parts.speaker another is to be heard from
   */
  constructor({ media, speaker }) {
    this.media = media;
    this.speaker = speaker;
    this.selects = new Map(SORTS.map(([sort, name]) => [sort, make("select", { "aria-label": name })]));
    this.labels = new Map(SORTS.map(([sort, name]) =>
      [sort, make("label", { class: "call-device", hidden: "" }, [make("span", {}, [name]), /** @type {HTMLElement} */ (this.selects.get(sort))])]));
    this.root = make("div", { class: "call-devices" }, [...this.labels.values()]);
    for (const [sort, select] of this.selects) select.addEventListener("change", () => this.choose(sort, select.value));
    this.stops = new AbortController();
    navigator.mediaDevices?.addEventListener("devicechange", () => this.list(), { signal: this.stops.signal });
  }

  end() {
    this.stops.abort();
  }

  /** Names are told to pages that may use them. */
  async list() {
    const devices = await navigator.mediaDevices.enumerateDevices().catch(() => []);
    for (const [sort] of SORTS) {
      const found = devices.filter(({ kind, label, deviceId }) => kind === sort && label && deviceId);
      const isUsable = sort !== "audiooutput" || "setSinkId" in HTMLMediaElement.prototype;
      /** @type {HTMLElement} */ (this.labels.get(sort)).hidden = found.length < 2 || !isUsable;
      const select = /** @type {HTMLSelectElement} */ (this.selects.get(sort));
      const names = found.map(({ deviceId, label }) => `${deviceId} ${label}`).join("\n");
      if (select.dataset.names === names) continue;
      select.dataset.names = names;
      const used = chosen()[sort] ?? this.usedOf(sort);
      select.replaceChildren(...found.map(({ deviceId, label }) => new Option(label, deviceId, false, deviceId === used)));
    }
  }

  /** @param {Sort} sort */
  usedOf(sort) {
    const kind = sort === "audioinput" ? "audio" : "video";
    return sort === "audiooutput" ? "" : this.media.tracks.get(kind)?.getSettings().deviceId ?? "";
  }

  /** @param {Sort} sort @param {string} id */
  choose(sort, id) {
    choose(sort, id);
    if (sort === "audiooutput") return this.speaker(id);
    const kind = sort === "audioinput" ? "audio" : "video";
    if (this.media.has(kind)) this.media.start(kind);
  }
}
