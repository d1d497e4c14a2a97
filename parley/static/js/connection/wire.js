// @ts-check
// The protocol's shapes as the page uses them, and asking the server by HTTP; line.js asks by its socket.
import { ROOT } from "../browser/root.js";
import { between } from "./between.js";
import { OWN_PAGE } from "./line.js";

/**
 * @typedef {{id: string, seq: number, changed_seq?: number, user_id: string, username: string, message: string,
 *   timestamp: string, type?: string, client_id?: string, edited_at?: string, pinned?: boolean, deleted?: boolean, role?: "owner" | "bot", alike?: boolean,
 *   unproven?: boolean, parts?: PartNode[], reply_to?: Answered, mentions?: string[], reactions?: Reaction[],
 *   attachments?: File[], files?: import("../state/store.js").OutgoingFile[], late?: boolean, call?: PastCall, buttons?: Button[]}} Message `files`: of one's own,
 *   until the server has told of it; `late`: its `parts` came after it was shown
 * @typedef {{id: string, label: string}} Button
 * @typedef {{started_at: string, seconds: number, people: {user_id: string, username: string}[]}} PastCall
 * @typedef {{id: string, name: string, type: string, size: number, url: string, width?: number, height?: number,
 *   duration_s?: number, thumbnail_url?: string, sealed?: boolean}} File `sealed`: the server can't read it, see sealed/files.js
 * @typedef {string | [string, ...any[]]} PartNode see "Markdown" in docs/protocol.md
 * @typedef {{id: string, seq: number, user_id: string, username: string, excerpt: string, deleted?: boolean}} Answered
 * @typedef {{emoji: string, count: number, user_ids: string[], own?: boolean}} Reaction `own`: one's own is among those
 *   that are not named; the page knows it, and no server says it
 * @typedef {{user_id: string, username: string, role: "owner" | "member" | "bot", online: boolean,
 *   alike?: boolean, unproven?: boolean}} Participant
 * @typedef {{user_id: string, username: string, participant_count: number, others?: number,
 *   role?: "owner" | "bot", alike?: boolean, unproven?: boolean}} Presence
 * @typedef {{room_id: string, title: string, description: string, messages: Message[], has_more: boolean, delta?: boolean,
 *   participants: Participant[], participants_cursor?: string, participant_count: number, is_active: boolean, seq: number, read_only?: boolean, accounts_only?: boolean,
 *   calls?: string, door?: string, keep_days?: number, erased_through?: number, read?: {user_id: string, seq: number}[], epoch?: number}} Conversation
 * @typedef {{ok: true, [field: string]: any}} OkAck
 * @typedef {{ok: false, code: string, error: string, retry_after?: number, epoch?: number}} ErrorAck
 * @typedef {OkAck | ErrorAck} Ack
 * @typedef {{emitWithAck: (event: string, fields: object) => Promise<Ack>}} Emitter
 * @typedef {object} Socket what of Socket.IO's socket the page uses
 * @property {boolean} connected
 * @property {() => void} connect
 * @property {() => void} disconnect
 * @property {(event: string, act: (fields: any) => void) => void} on
 * @property {(event: string, fields: object) => void} emit
 * @property {(ms: number) => Emitter} timeout
 * @property {{engine: Engine}} io
 * @typedef {object} Engine what of the Engine.IO connection under it
 * @property {{name: string}} transport
 * @property {(event: string, act: (reason: string) => void) => void} once
 * @property {(event: string, act: (reason: string) => void) => void} off
 */

/** Where Socket.IO is, and the ways to it. */
export const SOCKETS = { path: `${ROOT}/socket.io`, transports: ["websocket", "polling"], auth: globalThis.framed?.auth };

/**
 * @param {string} code of a refusal that tells a reader to go to the door, or that there is nothing here
 */
export function isAtTheDoor(code) {
  return ["locked", "knock_required", "passphrase_required", "read_proof_required", "link_replaced", "conversation_not_found"].includes(code);
}

/**
 * Where too much is read it waits as long as the server wishes, and asks again: readers have nothing to decide.
 * @param {string} path
 * @param {object} [body] makes it a POST
 * @returns {Promise<any>} the reply, also when it tells of an error: `{success, error?, …}`
 */
export async function ask(path, body) {
  const reply = await between.reply(await askOnce(path, body), path, askOnce);
  if (body || reply.code !== "rate_limited" || !reply.retry_after) return reply;
  await new Promise((done) => setTimeout(done, reply.retry_after * 1000));
  return ask(path);
}

/**
 * What the server answers, as it is.
 * @param {string} path
 * @param {object} [body]
 * @returns {Promise<any>}
 */
export async function askOnce(path, body) {
  try {
    const reply = await fetch(ROOT + path, body ? post(body) : { headers: { Accept: "application/json" } });
    return await reply.json();
  } catch {
    return { success: false, code: "no_answer", error: "The server didn't respond. Try again." };
  }
}

/** @param {object} body */
function post(body) {
  return {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", ...OWN_PAGE },
    body: JSON.stringify(body),
  };
}
