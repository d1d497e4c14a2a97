// @ts-check
// What an export by the page holds, in the shapes of the server's: `parley/present/exports.py`. Pure.
import { quoteOf } from "../../state/quotes.js";

/**
 * @typedef {import("../../connection/wire.js").Message} Message
 * @typedef {import("../../connection/wire.js").File} File
 * @typedef {File & {path?: string}} ExportedFile
 * @typedef {Omit<Message, "attachments" | "late" | "files"> & {attachments?: ExportedFile[]}} Entry
 * @typedef {{user_id: string, username: string, role: string, joined_at?: string}} ExportedPerson
 * @typedef {{room_id: string, title: string, description: string, created_at: string, created_by: string, seq: number,
 *   is_active: boolean, ended_at?: string, door?: string, visibility?: string, read_only?: boolean, keep_days?: number,
 *   erased_through?: number}} Told what the server tells of it
 * @typedef {{parley_export: 1, unsigned: "encrypted", exported_at: string, server: string, conversation: object & Told,
 *   people: ExportedPerson[]}} Head
 * @typedef {{head: Head, entries: Entry[]}} Export
 */

export const VERSION = 1;
/** Of a message that could not be opened. */
export const UNREADABLE = "unreadable";
const NAME_MAX_CHARS = 80;
const ENDING_MAX_CHARS = 20;
/** As they stand in the server's. */
const FIELDS = /** @type {const} */ ([
  "id", "seq", "changed_seq", "user_id", "username", "message", "type", "timestamp", "client_id", "deleted", "role", "alike",
  "unproven", "edited_at", "pinned", "reply_to", "mentions", "parts", "reactions", "attachments",
]);

/**
 * @param {Told} told
 * @param {ExportedPerson[]} people who are in it
 * @param {{exportedAt: string, server: string}} of
 * @returns {Head}
 */
export function headOf(told, people, { exportedAt, server }) {
  const { room_id, title, description, created_at, created_by, is_active, ended_at, seq, door, read_only, keep_days, erased_through } = told;
  const conversation = {
    room_id, title, description, created_at, created_by, visibility: told.visibility ?? "unlisted", is_active, ended_at, seq,
    door: door ?? "open", read_only: Boolean(read_only), keep_days: keep_days || undefined, erased_through: erased_through || undefined,
    encrypted: true,
  };
  return {
    parley_export: VERSION, unsigned: "encrypted", exported_at: exportedAt, server, conversation,
    people: people.map(({ user_id, username, role, joined_at }) => ({ user_id, username, role, joined_at })),
  };
}

/**
 * In order; what they answer as it is by now.
 * @param {Map<number, Message>} messages by seq
 * @param {(message: Message) => Message["parts"]} partsOf what their Markdown comes to
 * @param {boolean} withFiles whether they lie beside it
 * @returns {Entry[]}
 */
export function entriesOf(messages, partsOf, withFiles) {
  const ordered = [...messages.values()].sort((one, other) => one.seq - other.seq);
  return ordered.map((message) => {
    const answered = message.reply_to && messages.get(message.reply_to.seq);
    const parts = message.deleted || message.type === UNREADABLE ? undefined : message.parts ?? partsOf(message);
    const attachments = message.deleted ? undefined : message.attachments?.map((file) => fileOf(file, withFiles));
    /** @type {Record<string, unknown>} */
    const whole = {
      ...message, type: message.type ?? "text", changed_seq: message.changed_seq ?? message.seq, parts,
      reply_to: answered ? quoteOf(answered) : message.reply_to, attachments,
    };
    const told = FIELDS.flatMap((name) => (whole[name] === undefined ? [] : [[name, whole[name]]]));
    return /** @type {Entry} */ (Object.fromEntries(told));
  });
}

/** @param {File} file @param {boolean} withFiles @returns {ExportedFile} */
function fileOf({ id, name, type, size, width, height, duration_s }, withFiles) {
  const path = exportPath({ id, name });
  return {
    id, name, type, size, url: "",
    ...(width && { width }), ...(height && { height }), ...(duration_s && { duration_s }), ...(withFiles && { path }),
  };
}

/** Where it lies in a ZIP file: under a name that every system takes. @param {{id: string, name: string}} file */
export function exportPath({ id, name }) {
  const safe = [...name.normalize("NFC").replace(/[<>:"/\\|?*\u0000-\u001f\u007f]/g, "_").replace(/\p{C}/gu, "_")];
  const dot = safe.lastIndexOf(".");
  const ending = dot > 0 && dot < safe.length - 1 ? safe.slice(dot, dot + ENDING_MAX_CHARS) : [];
  const stem = safe.slice(0, ending.length ? dot : undefined).slice(0, NAME_MAX_CHARS - ending.length);
  const plain = [...stem, ...ending].join("").replace(/^[ .]+|[ .]+$/g, "");
  return `files/${id.replace(/[^\w-]/g, "_")}/${plain || "file"}`;
}

/** By the title, as every system takes it. @param {string} title */
export function fileName(title) {
  const name = [...title.replace(/[^\p{L}\p{N}_ .,()-]+/gu, "_")].slice(0, 60).join("");
  return name.replace(/^[ ._]+|[ ._]+$/g, "") || "conversation";
}
