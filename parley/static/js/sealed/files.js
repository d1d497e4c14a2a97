// @ts-check
// The files of an encrypted conversation: what one needs to know of each to open it, which the messages tell, and the
// server never. What seals, opens and shows them is loaded with the first.
import { HEADER_BYTES, CHUNK_BYTES, TAG_BYTES, sealedLength } from "../encryption/files.js";
import { fromBase64url, random, toBase64url } from "../encryption/octets.js";

/**
 * @typedef {import("../connection/wire.js").File} File
 * @typedef {import("../state/store.js").OutgoingFile} OutgoingFile
 * @typedef {{name: string, type: string, size: number, width?: number, height?: number, duration_s?: number}} Details
 * @typedef {{id: string, key: string, size: number, type: string}} Small a small picture of another one
 * @typedef {Details & {id: string, key: string, preview?: Small}} Named as a message tells of it
 */

const KEY_BYTES = 32;
const NAME_MAX = 200;
const ENDING = /\.[^.]{1,16}$/;
const SIDE_MAX_PX = 65_535;
const SIZE_MAX = 2 ** 45;
const DURATION_MAX_S = 366 * 24 * 3600;
const PREVIEW_MAX_BYTES = 100 * 1024;
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
    /** @type {Map<string, Small>} by their ids, small pictures of some of those, or stills */
    this.knownSmall = new Map();
    /** @type {Map<string, Promise<Blob | undefined>>} by what their pictures are called on this device */
    this.small = new Map();
    /** @type {Map<string, Promise<Small | undefined>>} by the ids of their pictures, those on their way */
    this.previews = new Map();
    /** Where what goes out goes. @type {() => string} */
    this.roomId = () => "";
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
    this.drawSmall(file.key, clean, details);
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
      const read = await reread(blob, fromBase64url(secret), file);
      ({ details } = read);
      this.made.set(key, details);
      if (read.plain) this.drawSmall(key, read.plain, details);
    }
    this.known.set(id, { id, key: secret, ...details });
    // Once for each, however often the message is sent.
    if (!this.previews.has(id)) this.previews.set(id, this.sendSmall(key));
  }

  /** @param {string} key @param {Blob} clean @param {Details} details */
  drawSmall(key, clean, details) {
    const draw = PICTURES.includes(details.type)
      ? () => import("./previews.js").then(({ previewOf }) => previewOf(clean, details))
      : () => import("../files/still.js").then(({ stillOf }) => stillOf(new Blob([clean], { type: details.type })));
    if (mayHaveSmall(details.type)) this.small.set(key, draw().catch(() => undefined));
  }

  /** Never rejects: without it the picture is shown as it is. @param {string} key @returns {Promise<Small | undefined>} */
  async sendSmall(key) {
    const blob = await this.small.get(key);
    this.small.delete(key);
    if (!blob) return undefined;
    try {
      const { sendPreview } = await import("./previews.js");
      return await sendPreview(blob, this.newKey(), this.roomId());
    } catch {
      return undefined;
    }
  }

  /**
   * Once the small pictures of all that are there that will be.
   * @param {string[]} ids
   * @returns {Promise<string[]>} what they are called, to go with them
   */
  async previewed(ids) {
    const found = await Promise.all(ids.map(async (id) => {
      const [preview, known] = [await this.previews.get(id), this.known.get(id)];
      if (preview && known) this.known.set(id, { ...known, preview });
      return preview?.id ?? [];
    }));
    return found.flat();
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
    const sizes = new Map(attachments.map(({ id, size }) => [id, size]));
    return attachments.flatMap(({ id, size }) => {
      const file = named.get(id);
      if (!file || sealedLength(file.size) !== size) return [];
      const { key: _, preview, ...shown } = file;
      const isSmallThere = preview && !named.has(preview.id) && sizes.get(preview.id) === sealedLength(preview.size);
      this.known.set(id, isSmallThere ? file : { key: file.key, ...shown });
      if (isSmallThere) this.knownSmall.set(preview.id, preview);
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

  /** Opens all of a picture, where a small one may stand for it. Never rejects. @param {HTMLElement} picture */
  async open(picture) {
    return (await this.showing()).picture(picture, true);
  }

  /** Under its name, on this device. Rejects where it can't be opened. @param {string} id */
  async save(id) {
    return (await this.showing()).save(id);
  }

  showing() {
    this.loading ??= import("./showing.js").then(({ Showing }) => new Showing(this.known, this.knownSmall));
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
  const type = SHOWN.includes(said.type) && !isLarge ? said.type : UNKNOWN;
  const preview = mayHaveSmall(type) ? smallOf(said.preview) : undefined;
  return {
    id, key, name: fitName(name), size, type, ...(isSized && { width, height }), ...(isTimed && { duration_s: durationS }),
    ...(preview && { preview }),
  };
}

/** Pictures, and films. @param {string} type */
function mayHaveSmall(type) {
  return PICTURES.includes(type) || type.startsWith("video/");
}

/** @param {any} said @returns {Small | undefined} */
function smallOf(said) {
  const { id, key, size, type } = said ?? {};
  if (typeof id !== "string" || typeof key !== "string" || !isKey(key)) return undefined;
  if (!isCount(size, PREVIEW_MAX_BYTES) || !PICTURES.includes(type)) return undefined;
  return { id, key, size, type };
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
  const clean = [...trimmed(line)];
  if (clean.length <= NAME_MAX) return clean.join("") || "file";
  const ending = ENDING.exec(line)?.[0] ?? "";
  return clean.slice(0, NAME_MAX - [...ending].length).join("").trimEnd() + ending;
}

/** Step by step: an expression would look through a long run of them again from each. @param {string} line */
function trimmed(line) {
  let [from, to] = [0, line.length];
  while (from < to && " .".includes(line[from])) from += 1;
  while (from < to && " .".includes(line[to - 1])) to -= 1;
  return line.slice(from, to);
}

/** What is in a file that is so long when it is sealed. @param {number} length in bytes */
export function plainLength(length) {
  const rest = length - HEADER_BYTES;
  return rest - Math.max(1, Math.ceil(rest / (CHUNK_BYTES + TAG_BYTES))) * TAG_BYTES;
}
