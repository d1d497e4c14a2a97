// @ts-check
// Keeps the transcript's elements equal to the items of the state, touching only what changed.
import { byId, cloneTemplate, part } from "../browser/dom.js";
import { itemsOf } from "../state/items.js";
import { makeMessage, updateMessage } from "./message.js";
import { isOwn, showReactions } from "./reactions.js";
import { nameIn } from "../people/names.js";
import { dayName, showTime } from "../browser/time.js";

/** @typedef {import("../state/items.js").Item} Item */

export class Transcript {
  /**
   * @param {object} parts
   * @param {string} parts.roomId
   * @param {{keepPlace: (change: () => void) => void}} parts.reading
   * @param {import("../people/faces.js").Faces} parts.faces
   */
  constructor({ roomId, reading, faces }) {
    this.roomId = roomId;
    this.faces = faces;
    this.reading = reading;
    this.root = byId("items");
    /** @type {Map<string, HTMLElement>} */
    this.elements = new Map();
    /** @type {Map<string, string>} what each element showed last */
    this.shown = new Map();
    this.isShown = false;
    this.adopt();
  }

  // The server's own elements stay: nothing flickers when the scripts arrive.
  adopt() {
    for (const element of this.root.children) {
      const { seq, key } = /** @type {HTMLElement} */ (element).dataset;
      const known = seq ? `m-${seq}` : key;
      if (known) this.elements.set(known, /** @type {HTMLElement} */ (element));
    }
  }

  /** @param {import("../state/store.js").State} state */
  show(state) {
    const change = () => {
      this.reconcile(itemsOf(state));
      showEdges(state);
    };
    // A page that was just opened has no place to keep, and asking for one would lay it out once more.
    if (this.isShown) this.reading.keepPlace(change);
    else change();
    this.isShown = true;
  }

  /** @param {Item[]} items */
  reconcile(items) {
    const wanted = new Map(items.map((item) => [item.key, this.elementFor(item)]));
    const kept = new Set(wanted.values());
    for (const child of [...this.root.children]) {
      if (!kept.has(/** @type {HTMLElement} */ (child))) child.remove();
    }
    let next = this.root.firstElementChild;
    for (const element of wanted.values()) {
      if (element === next) next = next.nextElementSibling;
      else {
        // What others say comes in at the end; one's own is there at once, and history was there before.
        const isNew = !next && !element.isConnected && this.root.childElementCount > 0;
        element.classList.toggle("arriving", isNew && !element.classList.contains("mine"));
        this.root.insertBefore(element, next);
      }
    }
    this.elements = wanted;
    for (const key of this.shown.keys()) if (!wanted.has(key)) this.shown.delete(key);
  }

  /** @param {Item} item */
  elementFor(item) {
    const element = this.elements.get(item.key) ?? this.confirmed(item) ?? make(item);
    const looks = looksOf(item);
    if (!this.isShown && isRenderedSo(element, item)) this.shown.set(item.key, looks);
    if (this.shown.get(item.key) !== looks) {
      update(element, item, this);
      this.shown.set(item.key, looks);
    }
    return element;
  }

  // A message that was on its way keeps its element when it gets its place.
  /** @param {Item} item */
  confirmed(item) {
    if (item.kind !== "message" || !item.message.client_id || !item.mine) return undefined;
    return this.elements.get(`c-${item.message.client_id}`);
  }
}

/**
 * What stands above and below the messages.
 * @param {import("../state/store.js").State} state
 */
function showEdges({ active, messages, outbox, hasOlder, hasNewer }) {
  byId("opening").hidden = hasOlder;
  byId("older").hidden = !hasOlder;
  byId("newer").hidden = !hasNewer;
  byId("empty").hidden = !active || hasOlder || hasNewer || messages.length + outbox.length > 0;
}

/**
 * Whether the server has rendered it as it is to be: grouped alike in the reader's time zone, too.
 * @param {HTMLElement} element
 * @param {Item} item
 */
function isRenderedSo({ classList, dataset }, item) {
  if (item.kind !== "message" || !dataset.seq || item.outgoing) return false;
  if (classList.contains("for-you") !== item.forYou) return false;
  return classList.contains("mine") === item.mine && classList.contains("continued") === item.continued;
}

/** @param {Item} item */
function make(item) {
  return item.kind === "message" ? makeMessage(item) : cloneTemplate(`${item.kind}-template`);
}

/**
 * @param {HTMLElement} element
 * @param {Item} item
 * @param {Transcript} transcript
 */
function update(element, item, { roomId, faces }) {
  if (item.kind === "message") {
    updateMessage(element, item, roomId, faces);
    showReactions(element, item.reactions, item.ownId, nameIn(faces.store.state));
  }
  if (item.kind === "notice" || item.kind === "seen") element.textContent = item.text;
  if (item.kind === "day") showTime(/** @type {HTMLTimeElement} */ (part(element, "time")), item.timestamp);
}

/** @param {Item} item */
function looksOf(item) {
  if (item.kind === "message") {
    const { mine, continued, forYou, message, outgoing, deleting, reactions, ownId } = item;
    const quote = message.reply_to && [item.quotesMe, message.reply_to.deleted, message.reply_to.excerpt];
    const fate = [deleting?.canUndo, outgoing?.status, outgoing?.error];
    const reacted = reactions.map((each) => [each.emoji, each.count, isOwn(each, ownId)]);
    return [mine, continued, forYou, message.seq, message.changed_seq, message.late, ...fate, quote, reacted].join("|");
  }
  if (item.kind === "day") return dayName(item.timestamp); // not for good: today is yesterday tomorrow
  return item.kind === "notice" || item.kind === "seen" ? item.text : item.key;
}
