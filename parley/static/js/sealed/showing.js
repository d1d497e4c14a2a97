// @ts-check
// Files of an encrypted conversation on the screen: pictures and voices are opened as they come into sight, all else
// when somebody wants it. What they are shown from lasts as long as they stand there.
import { byId } from "../browser/dom.js";
import { ROOT } from "../browser/root.js";
import { fromBase64url, Unreadable } from "../encryption/octets.js";
import { aboutOf, oneFile } from "../files/show.js";
import { about, inWords } from "../files/sizes.js";
import { announce } from "../transcript/announcer.js";
import { UNKNOWN } from "./files.js";
import { openStream } from "./opening.js";

/** @typedef {import("./files.js").Named} Named */

const AT_ONCE = 3;
const SWEPT_AFTER_MS = 2000;
/** The browser has begun to save it by then. */
const SAVED_WITHIN_MS = 60_000;
const GONE = 404;
const WORDS = {
  changed: "This file can't be opened. It was changed on its way, or isn't all there.",
  gone: "This file isn't there any more.",
  away: "This file couldn't be loaded. Select it to try again.",
  unknown: "Your browser can't show this file. Select it to save it.",
};

class Gone extends Error {}

export class Showing {
  /**
   * @param {Map<string, Named>} known by their ids
   * @param {Map<string, import("./files.js").Small>} small the same
   */
  constructor(known, small) {
    this.known = known;
    this.small = small;
    /** @type {Map<string, Promise<Blob>>} what is open, or about to be */
    this.opened = new Map();
    /** @type {Map<string, string>} where the page has it from */
    this.addresses = new Map();
    /** @type {(() => void)[]} who waits for a turn */
    this.waiting = [];
    this.going = 0;
    this.isSweeping = false;
    this.sight = new IntersectionObserver((entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        this.sight.unobserve(target);
        const seen = /** @type {HTMLElement} */ (target);
        if (seen.matches(".picture")) this.picture(seen);
        else if (seen.matches(".sound")) this.sound(seen);
        else this.still(seen);
      }
    });
    new MutationObserver(() => this.sweepSoon()).observe(byId("items"), { childList: true, subtree: true });
  }

  /** @param {HTMLElement} root */
  watch(root) {
    for (const each of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-sealed]"))) {
      if (each.matches(".picture, .sound")) this.sight.observe(each);
      else each.addEventListener("click", () => this.wanted(each));
      if (each.matches(".document") && this.known.get(each.dataset.sealed ?? "")?.preview) this.sight.observe(each);
    }
  }

  /**
   * Once all of it was checked. Rejects where it can't be opened.
   * @param {string} id
   * @param {(opened: number) => void} [progress]
   * @returns {Promise<Blob>}
   */
  blob(id, progress) {
    let opened = this.opened.get(id);
    if (!opened) {
      opened = this.inTurn(() => this.fetched(id, progress));
      this.opened.set(id, opened);
      opened.catch(() => this.opened.delete(id)); // it may be asked for again
    }
    return opened;
  }

  /** @template T @param {() => Promise<T>} work @returns {Promise<T>} */
  async inTurn(work) {
    if (this.going >= AT_ONCE) await new Promise((resolve) => this.waiting.push(() => resolve(undefined)));
    this.going += 1;
    try {
      return await work();
    } finally {
      this.going -= 1;
      this.waiting.shift()?.();
    }
  }

  /** @param {string} id @param {(opened: number) => void} [progress] */
  async fetched(id, progress) {
    const file = this.known.get(id) ?? this.small.get(id);
    if (!file) throw new Gone();
    const answer = await fetch(`${ROOT}/files/${encodeURIComponent(id)}/file`);
    if (answer.status === GONE) throw new Gone();
    if (!answer.ok || !answer.body) throw new Error(`Answered ${answer.status}.`);
    return openStream(answer.body, fromBase64url(file.key), file.size, { type: file.type, progress });
  }

  /** Whether another try would come to the same. @param {unknown} trouble of `fetched` */
  isForGood(trouble) {
    return trouble instanceof Unreadable || trouble instanceof Gone;
  }

  /** @param {string} id */
  async address(id) {
    const blob = await this.blob(id);
    const known = this.addresses.get(id) ?? URL.createObjectURL(blob);
    this.addresses.set(id, known);
    return known;
  }

  /**
   * Never rejects.
   * @param {HTMLElement} picture
   * @param {boolean} [isWhole] else a small one is enough, where there is one
   */
  async picture(picture, isWhole = false) {
    const id = picture.dataset.sealed ?? "";
    const image = /** @type {HTMLImageElement} */ (picture.querySelector("img"));
    if (!isWhole && await this.preview(picture, image)) return;
    try {
      const address = await this.address(id);
      image.src = address;
      await image.decode();
      picture.setAttribute("href", address);
    } catch (trouble) {
      if (!picture.isConnected) return;
      // What was shown under it was one's own, of before it was sent.
      picture.replaceWith(this.row(id, trouble instanceof DOMException ? WORDS.unknown : wordsOf(trouble)));
    }
  }

  /**
   * The small one, until somebody wants more.
   * @param {HTMLElement} picture
   * @param {HTMLImageElement} image
   * @returns {Promise<boolean>} whether it can be shown
   */
  async preview(picture, image) {
    const small = this.known.get(picture.dataset.sealed ?? "")?.preview;
    if (!small) return false;
    try {
      picture.dataset.preview = small.id; // as long as it is there, so is what it is shown from
      image.src = await this.address(small.id);
      await image.decode();
      return true;
    } catch {
      delete picture.dataset.preview;
      return false;
    }
  }

  /** Of a film, over its name, until it is opened. Never rejects. @param {HTMLElement} row */
  async still(row) {
    const small = this.known.get(row.dataset.sealed ?? "")?.preview;
    if (!small) return;
    const image = Object.assign(document.createElement("img"), { className: "film-still", alt: "" });
    try {
      row.dataset.preview = small.id; // as long as it is there, so is what it is shown from
      image.src = await this.address(small.id);
      await image.decode();
      row.prepend(image);
    } catch {
      delete row.dataset.preview;
    }
  }

  /** @param {HTMLElement} sound */
  async sound(sound) {
    const id = sound.dataset.sealed ?? "";
    try {
      /** @type {HTMLAudioElement} */ (sound.querySelector("audio")).src = await this.address(id);
    } catch (trouble) {
      sound.replaceWith(this.row(id, wordsOf(trouble)));
    }
  }

  /**
   * A document is saved, and what plays takes its place.
   * @param {HTMLElement} row
   */
  async wanted(row) {
    const { sealed: id = "", opening } = row.dataset;
    const file = this.known.get(id);
    if (!file || opening) return;
    const said = /** @type {HTMLElement} */ (row.querySelector('[data-part="about"]'));
    const plays = /^(audio|video)\//.test(file.type);
    row.dataset.opening = "yes";
    said.textContent = `${inWords(file.size)} · opening`;
    try {
      const progress = (/** @type {number} */ opened) => (said.textContent = `${inWords(opened)} of ${inWords(file.size)}`);
      if (plays) this.play(row, file, await this.blob(id, progress).then(() => this.address(id)));
      else await this.save(id, progress);
      said.textContent = about(file);
    } catch (trouble) {
      said.textContent = wordsOf(trouble);
      announce(wordsOf(trouble));
    } finally {
      delete row.dataset.opening;
    }
  }

  /** @param {HTMLElement} row @param {Named} file @param {string} url */
  play(row, file, url) {
    const { key: _, preview, ...shown } = file;
    const poster = preview && this.addresses.get(preview.id);
    const username = row.closest(".message")?.querySelector('[data-part="author"]')?.textContent ?? "";
    const made = oneFile({ ...shown, url, ...(poster && { thumbnail_url: poster }) }, username);
    made.dataset.sealed = file.id; // as long as it is there, so is what it is shown from
    if (preview && poster) made.dataset.preview = preview.id;
    row.replaceWith(made);
    const player = /** @type {HTMLMediaElement} */ (made.querySelector("video, audio"));
    player.addEventListener("error", () => made.replaceWith(this.row(file.id, WORDS.unknown, true)), { once: true });
    player.play().catch(() => {}); // it has controls
    player.focus();
    if (made.querySelector(".sound, audio")) import("../files/wave.js").then(({ watch }) => watch(made), () => {});
  }

  /**
   * Rejects where it can't be opened.
   * @param {string} id
   * @param {(opened: number) => void} [progress]
   */
  async save(id, progress) {
    const blob = await this.blob(id, progress);
    const { name } = /** @type {Named} */ (this.known.get(id));
    if (!this.addresses.has(id)) this.opened.delete(id); // it is on the disk now, and need not be kept here
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), SAVED_WITHIN_MS);
  }

  /**
   * In place of what can't be shown.
   * @param {string} id
   * @param {string} words
   * @param {boolean} [isSaved] whether to save it is all that can be done
   */
  row(id, words, isSaved) {
    const file = /** @type {Named} */ (this.known.get(id));
    const { key: _, ...shown } = { ...file, type: UNKNOWN };
    const row = oneFile({ ...shown, url: "", sealed: true }, "");
    /** @type {HTMLElement} */ (row.querySelector('[data-part="about"]') ?? row.appendChild(aboutOf())).textContent = words;
    row.addEventListener("click", () => (isSaved || words === WORDS.unknown ? this.save(id).catch(() => {}) : this.again(row, file)));
    return row;
  }

  /** @param {HTMLElement} row @param {Named} file */
  async again(row, file) {
    const said = /** @type {HTMLElement} */ (row.querySelector('[data-part="about"]'));
    said.textContent = `${inWords(file.size)} · opening`;
    try {
      await this.save(file.id);
      said.textContent = about(file);
    } catch (trouble) {
      said.textContent = wordsOf(trouble);
      announce(wordsOf(trouble));
    }
  }

  /** What isn't shown any more isn't kept any more. */
  sweepSoon() {
    if (this.isSweeping || !this.addresses.size) return;
    this.isSweeping = true;
    setTimeout(() => {
      this.isSweeping = false;
      for (const [id, address] of this.addresses) {
        if (document.querySelector(`:is([data-sealed="${CSS.escape(id)}"], [data-preview="${CSS.escape(id)}"])`)) continue;
        URL.revokeObjectURL(address);
        this.addresses.delete(id);
        this.opened.delete(id);
      }
    }, SWEPT_AFTER_MS);
  }
}

/** @param {unknown} trouble */
function wordsOf(trouble) {
  if (trouble instanceof Unreadable) return WORDS.changed;
  return trouble instanceof Gone ? WORDS.gone : WORDS.away;
}
