// @ts-check
// Sends what was written, in order and one at a time, until the server has it. What it is sent under never changes, so
// the server stores it once however often it comes, from whichever tab.
import { isPassing } from "../connection/line.js";

const FIRST_DELAY_MS = 1000;
const LAST_DELAY_MS = 30_000;
/** Most trouble is over before anybody needs to know of it. */
const TELL_AFTER_MS = 3000;
/** The usual answer is there in a tenth of it. A network that changed may have left a line that looks alive. */
const UNANSWERED_MS = 2000;

/** @typedef {import("../state/store.js").Outgoing} Outgoing */

export class Outbox {
  /**
   * @param {object} parts
   * @param {import("../state/store.js").Store} parts.store
   * @param {import("../connection/connection.js").Connection} parts.connection
   * @param {import("./saved-outbox.js").SavedOutbox} parts.saved
   * @param {import("./other-tabs.js").OtherTabs} parts.tabs
   * @param {() => Promise<import("../files/uploads.js").Uploads>} parts.uploads loaded where files are sent
   */
  constructor({ store, connection, saved, tabs, uploads }) {
    this.store = store;
    this.connection = connection;
    this.saved = saved;
    this.tabs = tabs;
    this.uploads = uploads;
    this.busy = false;
    /** @type {Set<string>} by their ids, what is in the outbox and what left it */
    this.here = new Set();
    /** @type {Set<string>} */
    this.gone = new Set();
    /** @type {Map<string, import("../state/store.js").OutgoingFile[]>} what is to go with them */
    this.files = new Map();
    this.restored = Promise.resolve();
    this.attempt = 0;
    /** Whether slow answers are waited for: a new line did not make them any faster. */
    this.patient = false;
    /** When the server wants to hear from us again, in `Date.now()`. */
    this.wantedAt = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.retryTimer = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.tellTimer = undefined;
  }

  start() {
    let userId = "";
    this.store.watch(["me"], ({ me }) => {
      if (me && me.userId !== userId) this.restored = this.restore(me.userId).then(() => this.wait(0));
      userId = me?.userId ?? userId;
    });
    this.store.watch(["outbox"], ({ outbox }) => {
      this.notice(outbox);
      this.saved.save(outbox);
    });
  }

  /**
   * What was sent or discarded is gone, also for a reading of the saved ones that began before.
   * @param {Outgoing[]} outbox
   */
  notice(outbox) {
    const here = new Set(outbox.map(({ clientId }) => clientId));
    for (const clientId of this.here) {
      if (here.has(clientId)) continue;
      this.gone.add(clientId);
      this.letGo(clientId);
    }
    for (const { clientId, files } of outbox) if (files) this.files.set(clientId, files);
    this.here = here;
  }

  /** @param {string} clientId of what left the outbox */
  letGo(clientId) {
    const files = this.files.get(clientId);
    this.files.delete(clientId);
    if (files) this.uploads().then((uploads) => uploads.letGo(files), () => {});
  }

  /** @param {string} userId */
  async restore(userId) {
    const found = await this.saved.entries(userId);
    const entries = found.filter(({ clientId }) => !this.gone.has(clientId));
    this.saved.takeOver(entries);
    this.store.dispatch({ type: "restored", entries });
  }

  /**
   * @param {string} text
   * @param {Pick<Outgoing, "replyTo" | "mentions" | "files">} [aim] what it answers, whom it means, what goes with it
   */
  send(text, aim) {
    const now = Date.now();
    const order = Math.max(now, 1 + (this.store.state.outbox.at(-1)?.order ?? 0));
    const at = new Date(now).toISOString();
    this.store.dispatch({ ...aim, type: "queued", clientId: newClientId(), text, at, order });
    this.flush();
  }

  /** @param {string} clientId */
  retry(clientId) {
    const files = this.files.get(clientId);
    if (files) this.uploads().then((uploads) => uploads.retry(files), () => {});
    this.store.dispatch({ type: "retried", clientId });
    this.flush();
  }

  /** @param {string} clientId */
  discard(clientId) {
    this.store.dispatch({ type: "discarded", clientId });
    this.tabs.tell({ type: "discarded", clientId });
  }

  /**
   * The connection is there again: no reason to wait any longer, but for the server's own wish. What a tab that was
   * closed meanwhile could not send goes out from here.
   */
  resume() {
    this.attempt = 0;
    const { me } = this.store.state;
    if (me) this.restored = this.restore(me.userId);
    this.wait(Math.max(0, this.wantedAt - Date.now()));
  }

  async flush() {
    await this.restored; // what was written before goes first
    if (this.busy || this.retryTimer) return;
    this.busy = true;
    for (let next = this.next(); next; next = this.next()) await this.deliver(next);
    this.busy = false;
  }

  next() {
    const { outbox, me } = this.store.state;
    if (!me || !this.connection.live || this.retryTimer) return undefined;
    return outbox.find((outgoing) => outgoing.status === "pending");
  }

  /** @param {Outgoing} outgoing */
  async deliver({ clientId, text, replyTo, mentions, files }) {
    // What was written after it waits, too: it goes out in order.
    const arrived = files && await this.uploads().then((uploads) => uploads.arrival(files)).catch(notLoaded);
    if (arrived && "error" in arrived) return this.refused(clientId, arrived.error, arrived.isForGood);
    if (files && (!arrived || this.gone.has(clientId) || !this.connection.live)) return;
    const sentAt = Date.now();
    const renewing = this.patient ? undefined : setTimeout(() => this.tryNewLine(), UNANSWERED_MS);
    const ack = await this.connection.ask("send_message", {
      message: text, client_id: clientId, ...(replyTo && { reply_to: replyTo.id }), ...(mentions && { mentions }),
      ...(arrived && { attachments: arrived.ids }),
    });
    clearTimeout(renewing);
    if (ack.ok && Date.now() - sentAt < UNANSWERED_MS) this.patient = false;
    if (ack.ok) this.stored({ clientId, id: ack.id, seq: ack.seq, timestamp: ack.timestamp });
    // Lost with the connection: it goes out again with the next one.
    else if (!this.connection.live) return;
    else if (ack.code === "not_joined") this.connection.rejoin();
    else if (isPassing(ack.code)) this.tryLater(clientId, ack);
    else this.refused(clientId, ack.error);
  }

  /** It goes out again on the new one, under the same client id. */
  tryNewLine() {
    this.patient = true;
    this.connection.rejoin();
  }

  /** @param {{clientId: string, id: string, seq: number, timestamp: string}} message */
  stored(message) {
    this.calm();
    this.store.dispatch({ type: "sent", ...message });
    this.tabs.tell({ type: "sent", ...message });
  }

  /**
   * @param {string} clientId
   * @param {string} error
   * @param {boolean} [isForGood] it would be refused again
   */
  refused(clientId, error, isForGood) {
    this.calm();
    this.store.dispatch({ type: "refused", clientId, error, isForGood });
  }

  /**
   * @param {string} clientId
   * @param {import("../connection/wire.js").ErrorAck} ack
   */
  tryLater(clientId, { error, retry_after: afterS = 0 }) {
    const tell = () => this.store.dispatch({ type: "delayed", clientId, error });
    if (this.attempt === 0) this.tellTimer = setTimeout(tell, TELL_AFTER_MS);
    // Full jitter: those who were refused together do not come back together.
    const delay = Math.random() * Math.min(LAST_DELAY_MS, FIRST_DELAY_MS * 2 ** this.attempt);
    this.attempt += 1;
    this.wantedAt = Date.now() + afterS * 1000;
    this.wait(afterS * 1000 + delay);
  }

  /** @param {number} ms */
  wait(ms) {
    clearTimeout(this.retryTimer);
    this.retryTimer = setTimeout(() => {
      this.retryTimer = undefined;
      this.flush();
    }, ms);
  }

  calm() {
    clearTimeout(this.tellTimer);
    this.attempt = 0;
  }
}

function notLoaded() {
  return { error: "The page couldn't load what sends files. Check your connection." };
}

// crypto.randomUUID is missing over plain HTTP.
function newClientId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
