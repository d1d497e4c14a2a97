// @ts-check
// The log of one conversation as the server keeps it, answering as `docs/protocol.md` says; its pages are smaller.

const STATE_MESSAGES = 20;
const DELTA_MAX_CHANGES = 30;
const PAGE_MESSAGES = 100;
const PEOPLE = ["ada", "ben"].map((id) => ({ user_id: id, username: id, role: "member", online: true }));

export class FakeServer {
  constructor() {
    this.seq = 0;
    this.active = true;
    /** @type {any[]} in their present form, oldest first */
    this.messages = [];
  }

  /** @returns {object[]} the events that tell of it */
  say(userId, clientId = undefined, text = "") {
    if (!this.active) return [];
    const seq = (this.seq += 1);
    const message = {
      id: `id-${seq}`, seq, changed_seq: seq, user_id: userId, username: userId, message: text || `said ${seq}`,
      timestamp: "2026-11-23T12:00:00Z", ...(clientId && { client_id: clientId }),
    };
    this.messages.push(message);
    return [{ type: "new_message", message }];
  }

  /** Once for each client id. */
  store(userId, clientId, text) {
    const stored = this.messages.find((message) => message.client_id === clientId && message.user_id === userId);
    const told = stored ? [] : this.say(userId, clientId, text);
    const message = stored ?? this.messages.at(-1);
    if (message?.client_id !== clientId) return { told, ack: undefined };
    return { told, ack: { type: "sent", clientId, id: message.id, seq: message.seq, timestamp: message.timestamp } };
  }

  /** A change that no event of today tells of. */
  edit(seq) {
    const index = this.messages.findIndex((message) => message.seq === seq);
    if (index < 0 || !this.active) return;
    this.seq += 1;
    const text = `${this.messages[index].message}, changed at ${this.seq}`;
    this.messages[index] = { ...this.messages[index], message: text, changed_seq: this.seq };
  }

  end() {
    if (!this.active) return [];
    this.active = false;
    this.seq += 1;
    return [{ type: "conversation_ended", seq: this.seq }];
  }

  fullState() {
    const messages = this.messages.slice(-STATE_MESSAGES);
    return this.state({ messages, has_more: this.messages.length > messages.length });
  }

  stateSince(since) {
    if (this.seq - since > DELTA_MAX_CHANGES) return this.fullState();
    const messages = this.changed(since);
    return this.state({ messages, has_more: this.messages.length > messages.length, delta: true });
  }

  state(fields) {
    const present = { participants: PEOPLE, participant_count: PEOPLE.length };
    const conversation = { seq: this.seq, is_active: this.active, ...present, ...fields };
    return { type: "conversation_state", conversation };
  }

  changed(since) {
    return this.messages.filter((message) => message.changed_seq > since)
      .sort((one, other) => one.changed_seq - other.changed_seq);
  }

  changesSince(since, limit) {
    const found = this.changed(since);
    const messages = found.slice(0, limit);
    const more = found.length > limit;
    const seq = more ? messages[limit - 1].changed_seq : this.seq;
    return { type: "synced", since, seq, messages, more, isActive: this.active };
  }

  older(before) {
    const found = this.messages.filter(({ seq }) => seq < before);
    return { type: "older_loaded", messages: found.slice(-PAGE_MESSAGES), hasMore: found.length > PAGE_MESSAGES };
  }

  newer(after, known) {
    const found = this.messages.filter(({ seq }) => seq > after);
    return {
      type: "newer_loaded", messages: found.slice(0, PAGE_MESSAGES), hasMore: found.length > PAGE_MESSAGES, seq: known,
    };
  }

  newest(known) {
    const messages = this.messages.slice(-PAGE_MESSAGES);
    const hasOlder = this.messages.length > PAGE_MESSAGES;
    return { type: "window_loaded", messages, hasOlder, hasNewer: false, seq: known };
  }

  around(place, known) {
    const found = this.messages.filter(({ seq }) => seq < place + PAGE_MESSAGES / 2);
    const messages = found.slice(-PAGE_MESSAGES);
    const hasNewer = (messages.at(-1)?.seq ?? 0) < known;
    return { type: "window_loaded", messages, hasOlder: found.length > PAGE_MESSAGES, hasNewer, seq: known };
  }
}
