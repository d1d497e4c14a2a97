// @ts-check
// What a file is, by how it begins, and the same file without what it tells of its maker: where a picture was taken, by
// which camera, with which words. The server does so where it can read, in parley/media; pictures stay as they are here,
// but for that.
import { UNKNOWN } from "./files.js";

export const HEAD_BYTES = 1024;
/** What holds where a film was made is no longer than that; what is, is left. */
const BOX_MAX_BYTES = 256 * 1024 * 1024;
const BROKEN = "This picture can't be opened, so what it tells of you can't be taken out. Send it in a ZIP file.";
const SOUND_BRANDS = ["M4A ", "M4B ", "M4P "];
const PNG_KEPT = [
  "IHDR", "PLTE", "IDAT", "IEND", "tRNS", "gAMA", "cHRM", "sRGB", "iCCP", "cICP", "sBIT", "bKGD", "pHYs", "acTL", "fcTL", "fdAT",
];
const GIF_KEPT = ["NETSCAPE2.0", "ANIMEXTS1.0", "ICCRGBG1012"];
/** In film: tables of what was said about it. */
const TELLING = ["udta", "meta", "uuid", "XMP_"];

/** @typedef {{clean: Blob, type: string}} Clean */

/**
 * @param {Uint8Array} head of the file
 * @param {string} declared what the browser takes it for; it says whether it is sound or film
 * @returns {string} one that browsers show, or `UNKNOWN`
 */
export function claimOf(head, declared) {
  const at = (/** @type {number} */ from, /** @type {number} */ to) => textOf(head, from, to);
  if (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) return "image/jpeg";
  if (at(0, 8) === "\x89PNG\r\n\x1a\n") return "image/png";
  if (at(0, 6) === "GIF87a" || at(0, 6) === "GIF89a") return "image/gif";
  if (at(0, 4) === "RIFF" && at(8, 12) === "WEBP") return "image/webp";
  if (at(0, 4) === "RIFF" && at(8, 12) === "WAVE") return "audio/wav";
  if (at(4, 8) === "ftyp") return ofBrands(head, declared);
  if (["moov", "mdat", "wide"].includes(at(4, 8))) return "video/quicktime";
  if (at(0, 4) === "fLaC") return "audio/flac";
  if (at(0, 4) === "OggS") return "audio/ogg";
  if (at(0, 4) === "\x1a\x45\xdf\xa3") return declared.startsWith("audio/") ? "audio/webm" : "video/webm";
  if (at(0, 3) === "ID3" || (head[0] === 0xff && head[1] >= 0xe0)) return "audio/mpeg";
  return UNKNOWN;
}

/** @param {Uint8Array} head @param {string} declared */
function ofBrands(head, declared) {
  const end = Math.min(number(head, 0, 4), head.length);
  const brands = [textOf(head, 8, 12)];
  for (let place = 16; place + 4 <= end; place += 4) brands.push(textOf(head, place, place + 4));
  if (brands.some((brand) => ["avif", "avis"].includes(brand))) return "image/avif";
  if (brands.some((brand) => /^(he(ic|ix|im|is|vc|vx)|mif1|msf1)$/.test(brand))) return UNKNOWN;
  if (SOUND_BRANDS.includes(brands[0]) || declared.startsWith("audio/")) return "audio/mp4";
  return brands[0] === "qt  " ? "video/quicktime" : "video/mp4";
}

/**
 * Rejects with an error in words where a picture is damaged.
 * @param {Blob} blob
 * @param {string} type as `claimOf` says
 * @returns {Promise<Clean>}
 */
export async function cleaned(blob, type) {
  const clean = { "image/jpeg": jpeg, "image/png": png, "image/webp": webp, "image/gif": gif }[type];
  if (clean) {
    try {
      return { clean: new Blob(clean(new Uint8Array(await blob.arrayBuffer())), { type }), type };
    } catch {
      return drawn(blob, type); // it isn't as it should be, and browsers may show it all the same
    }
  }
  if (type === "image/avif") return drawn(blob, type);
  if (type.endsWith("/mp4") || type === "video/quicktime") return { clean: await film(blob).catch(() => blob), type };
  return { clean: blob, type };
}

/**
 * The picture alone, as this browser shows it.
 * @param {Blob} blob
 * @param {string} type
 * @returns {Promise<Clean>}
 */
async function drawn(blob, type) {
  try {
    const picture = await createImageBitmap(new Blob([blob], { type }));
    const canvas = Object.assign(document.createElement("canvas"), { width: picture.width, height: picture.height });
    canvas.getContext("2d")?.drawImage(picture, 0, 0);
    picture.close();
    const wanted = type === "image/jpeg" ? "image/jpeg" : "image/webp";
    /** @type {Blob | null} */
    const clean = await new Promise((resolve) => canvas.toBlob(resolve, wanted, 0.92));
    if (clean) return { clean, type: clean.type };
  } catch {
    // See below.
  }
  throw new Error(BROKEN);
}

/** @param {Uint8Array<ArrayBuffer>} octets */
function jpeg(octets) {
  /** @type {Uint8Array<ArrayBuffer>[]} */
  const kept = [];
  let [at, turned] = [2, 1];
  while (at < octets.length) {
    if (octets[at] !== 0xff) throw new Error("no marker");
    while (octets[at + 1] === 0xff) at += 1;
    const marker = octets[at + 1];
    if (marker === 0xd9) break; // what comes after its end is something else: a film, or another picture
    const end = at + 2 + number(octets, at + 2, 2);
    if (end > octets.length || end < at + 4) throw new Error("cut off");
    const said = textOf(octets, at + 4, Math.min(end, at + 16));
    if (marker === 0xe1 && said.startsWith("Exif\0\0")) turned = turnOf(octets.subarray(at + 10, end)) || turned;
    const next = marker === 0xda ? endOfScan(octets, end) : end;
    if (isOfPicture(marker, said)) kept.push(octets.subarray(at, next));
    at = next;
  }
  if (!kept.length) throw new Error("empty");
  const [first, ...others] = kept;
  const isHead = first[1] === 0xe0; // JFIF's comes first
  const upright = turned > 1 ? [new Uint8Array([0xff, 0xe1, 0, 34, ...codes("Exif\0\0"), ...exifOf(turned)])] : [];
  const all = isHead ? [first, ...upright, ...others] : [...upright, first, ...others];
  return [octets.subarray(0, 2), ...all, new Uint8Array([0xff, 0xd9])];
}

/** @param {number} marker @param {string} said the beginning of what is in it */
function isOfPicture(marker, said) {
  if (marker === 0xe0) return said.startsWith("JFIF\0");
  if (marker === 0xe2) return said.startsWith("ICC_PROFILE\0");
  if (marker === 0xee) return said.startsWith("Adobe");
  return marker !== 0xfe && (marker < 0xe0 || marker > 0xef);
}

/** @param {Uint8Array} octets @param {number} from */
function endOfScan(octets, from) {
  for (let at = octets.indexOf(0xff, from); at >= 0; at = octets.indexOf(0xff, at + 1)) {
    const next = octets[at + 1];
    if (next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return at;
  }
  return octets.length;
}

/** How a picture is to be turned, from 1 to 8. @param {Uint8Array} tiff @returns {number} 0: it doesn't say */
function turnOf(tiff) {
  const isLittle = textOf(tiff, 0, 2) === "II";
  const read = (/** @type {number} */ from, /** @type {number} */ length) => number(isLittle ? tiff.slice(from, from + length).reverse() : tiff, isLittle ? 0 : from, length);
  const table = read(4, 4);
  for (let entry = table + 2; entry < table + 2 + 12 * read(table, 2) && entry + 12 <= tiff.length; entry += 12) {
    const turn = read(entry + 8, 2);
    if (read(entry, 2) === 0x0112) return turn <= 8 ? turn : 0;
  }
  return 0;
}

/** That alone. @param {number} turn */
function exifOf(turn) {
  return [...codes("MM\0*"), 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, turn, 0, 0, 0, 0, 0, 0];
}

/** @param {Uint8Array<ArrayBuffer>} octets */
function png(octets) {
  const kept = [octets.subarray(0, 8)];
  for (let at = 8; at < octets.length;) {
    const end = at + 12 + number(octets, at, 4);
    const name = textOf(octets, at + 4, at + 8);
    if (end > octets.length) throw new Error("cut off");
    if (PNG_KEPT.includes(name)) kept.push(octets.subarray(at, end));
    if (name === "IEND") return kept;
    at = end;
  }
  throw new Error("cut off");
}

/** @param {Uint8Array<ArrayBuffer>} octets */
function webp(octets) {
  /** @type {Uint8Array<ArrayBuffer>[]} */
  const kept = [];
  const whole = Math.min(octets.length, 8 + little(octets, 4));
  let turned = 1;
  for (let at = 12; at + 8 <= whole;) {
    const length = little(octets, at + 4);
    const end = at + 8 + length + length % 2;
    const name = textOf(octets, at, at + 4);
    if (at + 8 + length > octets.length) throw new Error("cut off");
    const body = octets.subarray(at + 8, at + 8 + length);
    const tiff = textOf(body, 0, 6) === "Exif\0\0" ? body.subarray(6) : body;
    if (name === "EXIF") turned = turnOf(tiff) || turned;
    else if (name !== "XMP ") kept.push(octets.slice(at, end));
    at = end;
  }
  const head = kept.find((chunk) => textOf(chunk, 0, 4) === "VP8X");
  if (head) head[8] = head[8] & ~0x0c | (turned > 1 ? 0x08 : 0);
  if (head && turned > 1) kept.push(new Uint8Array([...codes("EXIF"), 26, 0, 0, 0, ...exifOf(turned)]));
  const size = 4 + kept.reduce((sum, chunk) => sum + chunk.length, 0);
  const start = new Uint8Array([...codes("RIFF"), size & 255, size >> 8 & 255, size >> 16 & 255, size >>> 24, ...codes("WEBP")]);
  return [start, ...kept];
}

/** @param {Uint8Array<ArrayBuffer>} octets */
function gif(octets) {
  const table = (/** @type {number} */ flags) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  let at = 13 + table(octets[10]);
  const kept = [octets.subarray(0, at)];
  const blocks = (/** @type {number} */ from) => {
    while (octets[from]) from += octets[from] + 1;
    if (from >= octets.length) throw new Error("cut off");
    return from + 1;
  };
  while (octets[at] === 0x21 || octets[at] === 0x2c) {
    const isImage = octets[at] === 0x2c;
    const end = blocks(isImage ? at + 11 + table(octets[at + 9]) : at + 2);
    const label = octets[at + 1];
    const isKept = label === 0xff ? GIF_KEPT.includes(textOf(octets, at + 3, at + 14)) : label === 0xf9;
    if (isImage || isKept) kept.push(octets.subarray(at, end));
    at = end;
  }
  if (octets[at] !== 0x3b) throw new Error("cut off");
  return [...kept, octets.subarray(at, at + 1)];
}

/**
 * MP4 and QuickTime: the tables of what is said about it become free room, so that all else stays where it is.
 * @param {Blob} blob
 */
async function film(blob) {
  /** @type {BlobPart[]} */
  const parts = [];
  let done = 0;
  for (let at = 0; at + 8 <= blob.size;) {
    const head = new Uint8Array(await blob.slice(at, at + 16).arrayBuffer());
    const name = textOf(head, 4, 8);
    const said = number(head, 0, 4);
    const length = said === 1 ? number(head, 8, 8) : said || blob.size - at;
    if (length < 8) break;
    if ((name === "moov" || TELLING.includes(name)) && length <= BOX_MAX_BYTES) {
      const box = new Uint8Array(await blob.slice(at, at + length).arrayBuffer());
      if (name === "moov") freeIn(box, said === 1 ? 16 : 8, box.length);
      else free(box, 0, said === 1 ? 16 : 8, box.length);
      parts.push(blob.slice(done, at), box);
      done = at + box.length;
    }
    at += length;
  }
  return new Blob([...parts, blob.slice(done)], { type: blob.type });
}

/** @param {Uint8Array} octets @param {number} from @param {number} to */
function freeIn(octets, from, to) {
  for (let at = from; at + 8 <= to;) {
    const said = number(octets, at, 4);
    const body = said === 1 ? 16 : 8;
    const length = said === 1 ? number(octets, at + 8, 8) : said || to - at;
    if (length < body) return;
    const end = Math.min(to, at + length);
    const name = textOf(octets, at + 4, at + 8);
    if (name === "trak") freeIn(octets, at + body, end);
    else if (TELLING.includes(name)) free(octets, at, at + body, end);
    at = end;
  }
}

/** @param {Uint8Array} octets @param {number} at @param {number} body @param {number} end */
function free(octets, at, body, end) {
  octets.set(codes("free"), at + 4);
  octets.fill(0, body, end);
}

/** @param {Uint8Array} octets @param {number} from @param {number} to */
function textOf(octets, from, to) {
  return String.fromCharCode(...octets.subarray(from, to));
}

/** @param {string} text */
function codes(text) {
  return [...text].map((letter) => letter.charCodeAt(0));
}

/** The most significant byte first. @param {Uint8Array} octets @param {number} from @param {number} length */
function number(octets, from, length) {
  if (from + length > octets.length) throw new Error("cut off");
  return octets.subarray(from, from + length).reduce((sum, octet) => sum * 256 + octet, 0);
}

/** @param {Uint8Array} octets @param {number} from */
function little(octets, from) {
  return number(octets.slice(from, from + 4).reverse(), 0, 4);
}
