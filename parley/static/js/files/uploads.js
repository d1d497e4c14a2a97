// @ts-check
// All files of this page that are on their way, a few at a time, in the order in which they were chosen.
import { ROOT, apiOf } from "../browser/root.js";
import { between } from "../connection/between.js";
import { forget, keep, blobOf, notedOf, sweep } from "./kept.js";
import { live, showProgress, showProgressSoon } from "./progress.js";
import { Upload } from "./upload.js";

/** @typedef {import("../state/store.js").OutgoingFile} OutgoingFile */

const AT_ONCE = 2;

export class Uploads {
  /** @param {{connection: import("../connection/connection.js").Connection, of: string}} parts `of`: what the conversation is known by */
  constructor({ connection, of }) {
    this.of = of;
    this.address = () => `${ROOT}${apiOf(connection.roomId)}/uploads`;
    /** @type {Map<string, (() => void)[]>} who waits for which */
    this.waiting = new Map();
    /** @type {(key: string) => void} told of each that is there, or cannot be */
    this.ended = () => {};
    addEventListener("online", () => this.resume());
    sweep();
  }

  /**
   * @param {OutgoingFile} file
   * @param {Blob} blob
   */
  async add(file, blob) {
    const { key } = file;
    if (between.files) return this.seal(between.files, file, blob);
    this.take(file, blob, {});
    await this.keep(key, blob);
  }

  /**
   * Only what is sealed is kept on the device, and sent.
   * @param {import("../sealed/files.js").SealedFiles} files
   * @param {OutgoingFile} file
   * @param {Blob} blob
   */
  async seal(files, file, blob) {
    const { key } = file;
    const upload = this.take(file, new Blob(), {}, "sealing");
    try {
      const sealed = await files.seal(file, blob, () => live.has(key), (begun, length) => {
        upload.grow(begun, length); // it goes out while the rest is sealed
        this.next();
      });
      if (live.has(key)) await this.keep(key, sealed);
    } catch (trouble) {
      // Sealed again it would be under the same key.
      if (live.has(key)) upload.fail(String(/** @type {Error} */ (trouble).message), true);
    }
  }

  /**
   * @param {string} key
   * @param {Blob} blob
   */
  async keep(key, blob) {
    const isKept = await keep(key, blob, this.of);
    const known = live.get(key);
    if (!known) return forget(key); // it was let go of meanwhile
    known.isFleeting = !isKept;
    showProgress(key);
  }

  /**
   * @param {Pick<OutgoingFile, "key" | "name" | "size">} file
   * @param {Blob} blob
   * @param {import("./kept.js").Noted} noted
   * @param {import("./upload.js").Status} [status]
   */
  take({ key, name, size }, blob, noted, status) {
    const changed = (/** @type {Upload} */ upload) => this.changed(upload);
    const sealed = between.files && { size };
    const upload = new Upload({ key, name, blob, noted, address: this.address, changed, status, sealed });
    live.set(key, { upload, isFleeting: false });
    this.next();
    return upload;
  }

  next() {
    const uploads = [...live.values()].map(({ upload }) => upload);
    const going = uploads.filter(({ status }) => status === "going").length;
    for (const upload of uploads.filter(({ status }) => status === "waiting").slice(0, Math.max(0, AT_ONCE - going))) {
      upload.run();
    }
  }

  /** @param {Upload} upload */
  changed(upload) {
    const isOver = upload.status === "done" || upload.status === "failed";
    if (isOver) {
      showProgress(upload.key);
      this.ended(upload.key);
      this.settle(upload.key);
      this.next();
    } else showProgressSoon(upload.key);
  }

  /** @param {string} key */
  settle(key) {
    const told = this.waiting.get(key) ?? [];
    this.waiting.delete(key);
    told.forEach((tell) => tell());
  }

  /**
   * Once all of them are there, or one of them cannot be.
   * @param {OutgoingFile[]} files
   * @returns {Promise<{ids: string[]} | {error: string, isForGood: boolean} | undefined>} nothing where they were let go of
   */
  async arrival(files) {
    const ids = [];
    for (const file of files) {
      const known = live.get(file.key) ?? await this.recall(file);
      if (!known) return { error: `“${file.name}” isn't there any more. Choose it again.`, isForGood: true };
      while (known.upload.status !== "done" && known.upload.status !== "failed") {
        if (known.upload.isCancelled) return undefined;
        await new Promise((resolve) => this.waiting.set(file.key, [...(this.waiting.get(file.key) ?? []), () => resolve(undefined)]));
      }
      const { status, error, isRefusedForGood: isForGood } = known.upload;
      if (status === "failed") return { error: `“${file.name}”: ${error}`, isForGood };
      const { id, blob } = known.upload;
      try {
        await between.files?.arrived(id, file, blob);
      } catch {
        return { error: `“${file.name}” can't be read any more. Choose it again.`, isForGood: true };
      }
      ids.push(id);
    }
    return { ids };
  }

  /**
   * From before the page was loaded again.
   * @param {OutgoingFile} file
   */
  async recall(file) {
    const { key } = file;
    const [blob, noted] = await Promise.all([blobOf(key), notedOf(key)]);
    if (live.has(key)) return live.get(key);
    if (!blob && (!noted.id || between.files)) return undefined;
    this.take(file, blob ?? new Blob(), noted);
    showProgress(key);
    return live.get(key);
  }

  /** @param {OutgoingFile[]} files */
  retry(files) {
    for (const { key } of files) {
      const upload = live.get(key)?.upload;
      if (upload?.status !== "failed" || upload.isRefusedForGood) continue;
      Object.assign(upload, { status: "waiting", failures: 0, error: "", offset: upload.url ? undefined : 0 });
    }
    this.next();
  }

  /** @param {Pick<OutgoingFile, "key">[]} files they are sent, or nobody wants them any more */
  letGo(files) {
    for (const { key } of files) {
      const known = live.get(key);
      known?.upload.cancel();
      if (known?.preview) URL.revokeObjectURL(known.preview);
      live.delete(key);
      forget(key);
      this.settle(key);
    }
    this.next();
  }

  /** The conversation is not one's own any more. */
  end() {
    this.letGo([...live.keys()].map((key) => ({ key })));
  }

  resume() {
    for (const { upload } of live.values()) upload.hurry();
  }
}
