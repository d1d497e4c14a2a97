// @ts-check
// What waits to be sent, as it is kept on this device: sealed as it will go out.

/** @typedef {import("../state/store.js").Outgoing} Outgoing */

/**
 * @param {import("./line.js").Line} line
 * @param {Outgoing} entry
 */
export async function sealedAtRest(line, { text, replyTo, mentions, files, ...others }) {
  const said = { text, mentions, replyTo: replyTo?.id };
  const kept = { ...others, type: "encrypted", answers: replyTo?.seq };
  if (!files) return { ...kept, text: await line.envelope(others.clientId, said) };
  // What goes out tells what the server calls them, which nobody knows before they are there: this isn't it.
  const envelope = await line.sealAnew(others.clientId, { ...said, files });
  return { ...kept, text: envelope, files: files.map(({ key }) => ({ key })) };
}

/**
 * Those that this key opens.
 * @param {import("./line.js").Line} line
 * @param {(Outgoing & {type?: string, answers?: number})[]} entries
 * @returns {Promise<Outgoing[]>}
 */
export async function openAtRest(line, entries) {
  const opened = await Promise.all(entries.map((entry) => openOne(line, entry)));
  return opened.flatMap((entry) => entry ?? []);
}

/**
 * @param {import("./line.js").Line} line
 * @param {Outgoing & {type?: string, answers?: number}} entry
 * @returns {Promise<Outgoing | undefined>}
 */
async function openOne(line, { type, answers, files: keys, ...entry }) {
  if (type !== "encrypted") return { ...entry, files: keys };
  const { clientId, userId, text: envelope, at } = entry;
  const message = { id: "", seq: 0, user_id: userId, username: "", client_id: clientId, timestamp: at, message: envelope, type };
  const { opened } = await line.log.open(message);
  if (!opened) return undefined;
  // It goes out as it is: sealed again it would be another one.
  if (!keys) line.sealed.set(`${userId} ${clientId}`, Promise.resolve(envelope));
  const { text, mentions, files } = JSON.parse(new TextDecoder().decode(opened.body));
  const answered = answers ? line.log.messages.get(answers) : undefined;
  const { id = "", seq = 0, user_id = "", username = "" } = answered ?? {};
  const replyTo = answered && { id, seq, user_id, username, excerpt: "" };
  return { ...entry, text, ...(mentions?.length && { mentions }), ...(replyTo && { replyTo }), ...(keys && { files }) };
}
