// @ts-check
// The files of an encrypted conversation: what one needs to know of each to open it, which the messages tell, and the
// server never. What seals, opens and shows them is loaded with the first.
import { HEADER_BYTES, CHUNK_BYTES, TAG_BYTES, sealedLength } from "../encryption/files.js";
import { fromBase64url, random, toBase64url } from "../encryption/octets.js";

/**
 * @typedef {import("../connection/wire.js").File} File
 * @typedef {import("../state/store.js").OutgoingFile} OutgoingFile
 * @typedef {{name: string, type: string, size: number, width?: number, height?: number, duration_s?: number}} Details
 * @typedef {Details & {id: string, key: string}} Named as a message tells of it
 */

const KEY_BYTES = 32;
const NAME_MAX = 200;
const ENDING = /\.[^.]{1,16}$/;
const SIDE_MAX_PX = 65_535;
const SIZE_MAX = 2 ** 45;
const DURATION_MAX_S = 366 * 24 * 3600;
/** Whoever reads opens them without being asked. */
const PICTURE_MAX_BYTES = 32 * 1024 * 1024;
export const UNKNOWN = "application/octet-stream";
const PICTURES = ["image/avif", "image/gif", "image/jpeg", "image/png", "image/webp"];
/** What open conversations show in their page. All else could be more than a browser should run. */
const SHOWN = [
  ...PICTURES, "audio/flac", "audio/mp4", "audio/mpeg", "audio/ogg", "audio/wav", "audio/webm",
  "video/mp4", "video/quicktime", "video/webm",
];

export class SealedFiles {
  constructor() {
    /** @type {Map<string, Named>} by their ids, those whose messages were read, or are about to go out */
    this.known = new Map();
    /** @type {Map<string, Details>} by what they are called on this device, those that were sealed here */
    this.made = new Map();
    /** @type {Promise<import("./showing.js").Showing> | undefined} */
    this.loading = undefined;
  }

  /** For one file, to be sealed once. */
  newKey() {
    return toBase64url(random(KEY_BYTES));
  }

  /**
   * Rejects with an error in words.
   * @param {OutgoingFile} file
   * @param {Blob} blob
   * @param {() => boolean} isWanted
   * @param {(begun: Blob, length: number) => void} grown told of what there is of it, and how long all will be
   * @returns {Promise<Blob>} what the server is to have
   */
  async seal(file, blob, isWanted, grown) {
    const { prepared, sealed } = await import("./sealing.js");
    const { clean, details } = await prepared(blob, file);
    this.made.set(file.key, details);
    const length = sealedLength(clean.size);
    return sealed(clean, fromBase64url(file.secret ?? ""), isWanted, (begun) => grown(begun, length));
  }

  /**
   * It is there, and its message about to go out.
   * @param {string} id
   * @param {OutgoingFile} file
   * @param {Blob} blob as it was sealed
   */
  async arrived(id, file, blob) {
    const { key, secret = "" } = file;
    let details = this.made.get(key);
    if (!details) {
      // It was sealed before the page was loaded again.
      const { reread } = await import("./sealing.js");
      details = await reread(blob, fromBase64url(secret), file);
      this.made.set(key, details);
    }
    this.known.set(id, { id, key: secret, ...details });
  }

  /** What a message tells of them. @param {string[]} ids */
  named(ids) {
    return ids.flatMap((id) => this.known.get(id) ?? []);
  }

  /**
   * What a message has, where both it and the server say so.
   * @param {File[]} attachments as the server tells
   * @param {unknown} said as the message tells
   * @returns {File[]}
   */
  joined(attachments, said) {
    const named = new Map((Array.isArray(said) ? said : []).flatMap((each) => namedOf(each) ?? []).map((each) => [each.id, each]));
    return attachments.flatMap(({ id, size }) => {
      const file = named.get(id);
      if (!file || sealedLength(file.size) !== size) return [];
      this.known.set(id, file);
      const { key: _, ...shown } = file;
      return [{ ...shown, url: "", sealed: true }];
    });
  }

  /** @param {HTMLElement} root in which some are shown */
  watch(root) {
    this.showing().then((showing) => showing.watch(root), () => {});
  }

  /** Rejects where it can't be opened. @param {string} id @returns {Promise<Blob>} */
  async blob(id) {
    return (await this.showing()).blob(id);
  }

  /** Opens a picture where it stands. Never rejects. @param {HTMLElement} picture */
  async open(picture) {
    return (await this.showing()).picture(picture);
  }

  /** Under its name, on this device. Rejects where it can't be opened. @param {string} id */
  async save(id) {
    return (await this.showing()).save(id);
  }

  showing() {
    this.loading ??= import("./showing.js").then(({ Showing }) => new Showing(this.known));
    this.loading.catch(() => (this.loading = undefined)); // the network may be there next time
    return this.loading;
  }
}

/**
 * What somebody says of a file, made fit to be shown. Nobody has looked at it before.
 * @param {any} said
 * @returns {Named | undefined}
 */
function namedOf(said) {
  const { id, key, name, size } = said ?? {};
  if (typeof id !== "string" || typeof key !== "string" || typeof name !== "string") return undefined;
  if (!isCount(size, SIZE_MAX) || !isKey(key)) return undefined;
  const [width, height] = [said.width, said.height].map((side) => (isCount(side, SIDE_MAX_PX) && side ? side : undefined));
  const isSized = width !== undefined && height !== undefined;
  const isLarge = PICTURES.includes(said.type) && size > PICTURE_MAX_BYTES;
  const { duration_s: durationS } = said;
  const isTimed = typeof durationS === "number" && durationS > 0 && durationS <= DURATION_MAX_S;
  return {
    id, key, name: fitName(name), size, type: SHOWN.includes(said.type) && !isLarge ? said.type : UNKNOWN,
    ...(isSized && { width, height }), ...(isTimed && { duration_s: durationS }),
  };
}

/** @param {unknown} number @param {number} most */
function isCount(number, most) {
  return Number.isSafeInteger(number) && Number(number) >= 0 && Number(number) <= most;
}

/** @param {string} key */
function isKey(key) {
  try {
    return fromBase64url(key).length === KEY_BYTES;
  } catch {
    return false;
  }
}

/**
 * No path, one line, and nothing that makes an ending read as another; as the server does it where it can read names.
 * @param {string} name
 */
export function fitName(name) {
  const last = name.split(/[/\\]/).at(-1) ?? "";
  const line = last.replace(/[\p{Cc}\p{Cs}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, " ").replace(/\s+/g, " ");
  const clean = [...line.replace(/^[ .]+|[ .]+$/g, "")];
  if (clean.length <= NAME_MAX) return clean.join("") || "file";
  const ending = ENDING.exec(line)?.[0] ?? "";
  return clean.slice(0, NAME_MAX - [...ending].length).join("").trimEnd() + ending;
}

/** What is in a file that is so long when it is sealed. @param {number} length in bytes */
export function plainLength(length) {
  const rest = length - HEADER_BYTES;
  return rest - Math.max(1, Math.ceil(rest / (CHUNK_BYTES + TAG_BYTES))) * TAG_BYTES;
}
