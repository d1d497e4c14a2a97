// @ts-check
/*
The round marks beside what people say: their initials, in a colour of their own. `parley/pages/faces.py` does the same
on the server, and `tests/faces_cases.json` holds both to it.
*/
import { EMOJI } from "../transcript/text.js";

/** The colours in faces.css. */
export const HUES = 12;
/** Each is there in two tones: `hue` and `hue + 6`. */
const FAMILIES = 6;
/** To the next colour when one is taken: it has no divisor in common with HUES, so all are tried. */
const STEP = 5;
const PICTURE = new RegExp(`^${EMOJI}`, "u");
const LETTER = /[\p{L}\p{N}]/u;
/** Letters by their category that draw nothing. */
const BLANK = /[\u115f\u1160\u3164\uffa0]/g;

/** Which colour is whose, for as long as the page is open: what the server chose stays. */
export class Faces {
  /** @param {import("../state/store.js").Store} store */
  constructor(store) {
    this.store = store;
    /** @type {((face: HTMLElement, userId: string) => void) | undefined} puts people's pictures on, where there are any */
    this.dress = undefined;
    /** @type {Map<string, number>} */
    this.hues = new Map();
    for (const face of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".face[data-hue]"))) {
      const userId = /** @type {HTMLElement | null} */ (face.closest("[data-user-id]"))?.dataset.userId;
      if (userId) this.hues.set(userId, Number(face.dataset.hue));
    }
  }

  /**
   * @param {HTMLElement} face
   * @param {{user_id: string, username: string}} person
   */
  show(face, { user_id: userId, username }) {
    face.dataset.hue = String(this.hueOf(userId));
    face.dataset.initials = initials(username);
    this.dress?.(face, userId);
  }

  /** @param {string} userId */
  hueOf(userId) {
    const known = this.hues.get(userId);
    if (known !== undefined) return known;
    const hue = choose(userId, this.hues.values(), this.present());
    this.hues.set(userId, hue);
    return hue;
  }

  /** @returns {number[]} the colours of who is here */
  present() {
    return this.store.state.people.flatMap(({ user_id: userId }) => this.hues.get(userId) ?? []);
  }
}

/**
 * The colour that an id asks for, or the next unlike all others: two tones of one family are told apart, but not as
 * easily as two families. When all are taken, one that nobody has who is here.
 * @param {string} userId
 * @param {Iterable<number>} shown
 * @param {Iterable<number>} present
 */
export function choose(userId, shown, present) {
  const asked = askedFor(userId);
  const tried = Array.from({ length: HUES }, (_, number) => (asked + number * STEP) % HUES);
  const [all, here] = [new Set(shown), new Set(present)];
  const families = new Set([...all].map((hue) => hue % FAMILIES));
  return tried.find((hue) => !families.has(hue % FAMILIES)) ?? tried.find((hue) => !all.has(hue)) ??
    tried.find((hue) => !here.has(hue)) ?? asked;
}

/**
 * FNV-1a over the code points.
 * @param {string} userId
 */
export function askedFor(userId) {
  let number = 0x811c9dc5;
  for (const letter of userId) number = Math.imul(number ^ /** @type {number} */ (letter.codePointAt(0)), 0x01000193);
  return ((number ^ (number >>> 16)) >>> 0) % HUES;
}

/**
 * An emoji the name begins with, or one or two letters.
 * @param {string} name
 */
export function initials(name) {
  const composed = name.replace(BLANK, "").normalize("NFC").trim();
  const picture = PICTURE.exec(composed);
  if (picture) return picture[0];
  const letters = composed.split(/\s+/).flatMap((word) => LETTER.exec(word)?.[0] ?? []);
  if (!letters.length) return [...composed][0] ?? "";
  const [first] = letters;
  const isCased = first.toUpperCase() !== first.toLowerCase();
  return capital(first) + (isCased && letters.length > 1 ? capital(letters[letters.length - 1]) : "");
}

/**
 * One character, where the capital of some is two.
 * @param {string} letter
 */
function capital(letter) {
  const large = letter.toUpperCase();
  return [...large].length === 1 ? large : letter;
}
