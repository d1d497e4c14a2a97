// @ts-check
// One file on its way, by tus 1.0.0 (https://tus.io/protocols/resumable-upload): whatever breaks off goes on where the
// server says it is, after a reload, too.
import { OWN_PAGE } from "../connection/line.js";
import { note } from "./kept.js";

const FIRST_DELAY_MS = 500;
const LAST_DELAY_MS = 30_000;
/** What is sent at once: proxies refuse what is longer than they were told to take. */
const PIECE_BYTES = 32 * 1024 * 1024;
/** A server that fails at a file again and again will go on failing. */
const FAILURES_MAX = 8;
const STILL_WITHIN_MS = 15_000;
const [CONFLICT, GONE, FORBIDDEN, TOO_MANY, UNAVAILABLE] = [409, 404, 403, 429, 503];
/** It is damaged, too large for what there is room for, or there is no conversation to which it could go. */
const FOR_GOOD = [400, 404, 410, 413];

/** What a file is called whose name the server can't read. */
const SEALED_NAME = "file";

/** @typedef {"sealing" | "waiting" | "going" | "done" | "failed"} Status */

/** Not now: it is worth another try. */
class Passing extends Error {
  /** @param {{afterS?: number, counts?: boolean, words?: string}} [why] */
  constructor({ afterS = 0, counts = false, words = "" } = {}) {
    super(words);
    this.afterS = afterS;
    this.counts = counts;
  }
}

class Refused extends Error {
  /**
   * @param {string} words
   * @param {boolean} isForGood the same file will be refused again
   */
  constructor(words, isForGood) {
    super(words || "The server couldn't take this file.");
    this.isForGood = isForGood;
  }
}

export class Upload {
  /**
   * @param {object} parts
   * @param {string} parts.key
   * @param {string} parts.name
   * @param {Blob} parts.blob
   * @param {() => string} parts.address where uploads to the conversation begin
   * @param {import("./kept.js").Noted} [parts.noted] what was known of it before
   * @param {(upload: Upload) => void} parts.changed
   * @param {Status} [parts.status]
   * @param {{size: number}} [parts.sealed] how large the file in it is, where the server can't read it
   */
  constructor({ key, name, blob, address, noted = {}, changed, status = "waiting", sealed }) {
    this.key = key;
    this.name = name;
    this.blob = blob;
    this.size = blob.size;
    /** What one is told of it. */
    this.saidSize = sealed?.size ?? blob.size;
    this.calledAs = sealed ? SEALED_NAME : name;
    this.address = address;
    this.changed = changed;
    this.url = noted.url ?? "";
    this.id = noted.id ?? "";
    /** @type {Status} */
    this.status = this.id ? "done" : status;
    this.error = "";
    /** It failed, and would fail again. */
    this.isRefusedForGood = false;
    this.sent = this.id ? this.size : 0;
    /** How many are known to have arrived; undefined where the server is to be asked. @type {number | undefined} */
    this.offset = this.url ? undefined : 0;
    /** When it went on last, and from where: for how long it will take. */
    this.began = { at: 0, sent: 0 };
    this.attempt = 0;
    this.failures = 0;
    this.isCancelled = false;
    /** All of it came: there is no upload any more that could be called off. */
    this.isThere = Boolean(this.id);
    /** @type {XMLHttpRequest | undefined} */
    this.request = undefined;
    /** Told that there is more to send, or never will be. */
    this.grown = () => {};
    /** @type {(() => void) | undefined} ends a wait */
    this.wake = undefined;
  }

  /**
   * From now on as much can be sent.
   * @param {Blob} begun
   * @param {number} length of all of it
   */
  grow(begun, length) {
    this.blob = begun;
    this.size = length;
    if (this.status === "sealing") this.show("waiting");
    this.grown();
  }

  /** Rejects where nothing more will come. @param {number} offset */
  async moreThan(offset) {
    while (this.blob.size <= offset) {
      if (this.isCancelled || this.status !== "going") throw new Refused(this.error, true);
      await new Promise((resolve) => (this.grown = () => resolve(undefined)));
    }
  }

  /** Until it is there, or cannot be. Never rejects. */
  async run() {
    this.show("going");
    while (!this.isCancelled && this.status === "going") {
      try {
        await this.goOn();
      } catch (trouble) {
        if (this.isCancelled) return;
        if (trouble instanceof Passing) await this.pause(trouble);
        else this.fail(String(/** @type {Error} */ (trouble).message), trouble instanceof Refused && trouble.isForGood);
      }
    }
  }

  async goOn() {
    if (!this.url) await this.create();
    else if (this.offset === undefined) await this.look();
    while (this.offset !== undefined && this.offset < this.size) await this.add(this.offset);
    if (this.offset !== this.size) return;
    this.isThere = true;
    await this.addStill();
    if (!this.isCancelled) this.arrived();
  }

  async create() {
    const answer = await this.ask("POST", this.address(), {
      "Upload-Length": String(this.size), "Upload-Metadata": `filename ${base64(this.calledAs)}`,
    });
    this.url = answer.getResponseHeader("Location") ?? "";
    this.offset = 0;
    note(this.key, { url: this.url });
  }

  async look() {
    const answer = await this.ask("HEAD", this.url, {});
    this.offset = Number(answer.getResponseHeader("Upload-Offset"));
    this.sent = this.offset;
    this.changed(this);
  }

  /** @param {number} offset */
  async add(offset) {
    await this.moreThan(offset);
    this.began = { at: performance.now(), sent: offset };
    const headers = { "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" };
    const answer = await this.ask("PATCH", this.url, headers, this.blob.slice(offset, offset + PIECE_BYTES), (sent) => {
      this.sent = offset + sent;
      this.attempt = 0;
      this.changed(this);
    });
    this.offset = Number(answer.getResponseHeader("Upload-Offset"));
    this.sent = this.offset;
  }

  /** Of a film. Without one it plays all the same, so that nothing is tried twice. */
  async addStill() {
    if (!this.blob.type.startsWith("video/")) return;
    try {
      const { stillOf } = await import("./still.js");
      const still = await stillOf(this.blob);
      const address = this.url.replace(/\/uploads\/([^/]+)$/, "/files/$1/still");
      if (!still || this.isCancelled) return;
      const headers = { ...OWN_PAGE, "Content-Type": still.type };
      await fetch(address, { method: "PUT", headers, body: still, signal: AbortSignal.timeout(STILL_WITHIN_MS) });
    } catch {
      // The connection broke.
    }
  }

  arrived() {
    this.id = this.url.split("/").at(-1) ?? "";
    this.sent = this.size;
    note(this.key, { id: this.id });
    this.show("done");
  }

  /**
   * @param {string} words
   * @param {boolean} [isForGood]
   */
  fail(words, isForGood = false) {
    this.error = words;
    this.isRefusedForGood = isForGood;
    this.show("failed");
    this.grown();
  }

  cancel() {
    this.isCancelled = true;
    this.grown();
    this.request?.abort();
    this.wake?.();
    // What came of it is swept by the server within an hour, whether or not it hears of this.
    if (this.url && !this.isThere) this.ask("DELETE", this.url, {}).catch(() => {});
  }

  /** It goes on at once: the connection is back. */
  hurry() {
    this.attempt = 0;
    this.wake?.();
  }

  /** @param {Passing} trouble */
  async pause({ afterS, counts }) {
    this.offset = undefined;
    if (counts) this.failures += 1;
    if (this.failures > FAILURES_MAX) return this.fail("The server couldn't take this file.");
    const delay = Math.min(LAST_DELAY_MS, FIRST_DELAY_MS * 2 ** this.attempt) * (0.5 + Math.random() / 2);
    this.attempt += 1;
    this.began = { at: 0, sent: this.sent };
    this.changed(this);
    await new Promise((resolve) => {
      this.wake = () => resolve(undefined);
      setTimeout(this.wake, afterS * 1000 + delay);
    });
    this.wake = undefined;
  }

  /** @param {Status} status */
  show(status) {
    this.status = status;
    this.changed(this);
  }

  /**
   * @param {string} method
   * @param {string} address
   * @param {Record<string, string>} headers
   * @param {Blob} [body]
   * @param {(sent: number) => void} [progress]
   * @returns {Promise<XMLHttpRequest>} what was answered. Rejects with `Passing`, or with an error in words.
   */
  async ask(method, address, headers, body, progress) {
    const request = new XMLHttpRequest(); // `fetch` tells nothing of what has gone out
    if (method !== "DELETE") this.request = request;
    request.open(method, address);
    for (const [name, value] of Object.entries({ ...OWN_PAGE, "Tus-Resumable": "1.0.0", ...headers })) {
      request.setRequestHeader(name, value);
    }
    if (progress) request.upload.addEventListener("progress", ({ loaded }) => progress(loaded));
    await new Promise((resolve, reject) => {
      request.addEventListener("load", resolve);
      for (const end of ["error", "abort"]) request.addEventListener(end, () => reject(new Passing()));
      request.send(body);
    });
    if (request.status < 300) return request;
    throw this.refusal(method, request);
  }

  /**
   * @param {string} method
   * @param {XMLHttpRequest} request
   * @returns {Error}
   */
  refusal(method, request) {
    const { status } = request;
    const { error: words, code } = errorIn(request.responseText);
    const afterS = Number(request.getResponseHeader("Retry-After") ?? 0);
    if (status === CONFLICT || status === TOO_MANY || status === UNAVAILABLE) return new Passing({ afterS, words });
    // It may have come while nobody was there, and was swept: it begins anew, as long as that helps.
    if (status === GONE && method !== "POST") {
      this.url = "";
      return new Passing({ counts: true, words });
    }
    // The connection that broke may not have been noticed yet at the other end.
    if (status >= 500 || (status === FORBIDDEN && method !== "POST")) return new Passing({ counts: true, words });
    if (code === "bad_file") this.forgetAddress(); // the server looked at it, and kept nothing
    return new Refused(words, FOR_GOOD.includes(status));
  }

  forgetAddress() {
    this.url = "";
    note(this.key, {}); // a reload begins anew, too
  }
}

/** @param {string} text */
function errorIn(text) {
  try {
    const { error = "", code = "" } = JSON.parse(text);
    return { error: String(error), code: String(code) };
  } catch {
    return { error: "", code: "" }; // from a proxy
  }
}

/** @param {string} text */
function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
