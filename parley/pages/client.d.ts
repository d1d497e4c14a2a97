// The types of /client.js, for TypeScript. Save it beside that: as client.d.ts, or as client.d.mts beside client.mjs.
// docs/client-js.md says what everything does, docs/protocol.md what the fields mean.

export interface Message {
  id: string;
  seq: number;
  changed_seq?: number;
  user_id: string;
  username: string;
  message: string;
  timestamp: string;
  type?: string;
  client_id?: string;
  edited_at?: string;
  pinned?: boolean;
  deleted?: boolean;
  role?: "owner" | "bot";
  alike?: boolean;
  unproven?: boolean;
  /** The text with its Markdown read, where it has any. */
  parts?: PartNode[];
  reply_to?: Answered;
  mentions?: string[];
  reactions?: Reaction[];
  attachments?: Attachment[];
  call?: PastCall;
  buttons?: Button[];
}

export type PartNode = string | [string, ...any[]];

export interface Answered {
  id: string;
  seq: number;
  user_id: string;
  username: string;
  excerpt: string;
  deleted?: boolean;
}

export interface Reaction {
  emoji: string;
  count: number;
  user_ids: string[];
}

/** A file of a message. */
export interface Attachment {
  id: string;
  name: string;
  type: string;
  size: number;
  url: string;
  width?: number;
  height?: number;
  duration_s?: number;
  thumbnail_url?: string;
}

export interface PastCall {
  started_at: string;
  seconds: number;
  people: { user_id: string; username: string }[];
}

export interface Button {
  id: string;
  label: string;
}

export interface Participant {
  user_id: string;
  username: string;
  role: "owner" | "member" | "bot";
  online: boolean;
  alike?: boolean;
  unproven?: boolean;
}

export interface Conversation {
  room_id: string;
  title: string;
  description: string;
  messages: Message[];
  has_more: boolean;
  participants: Participant[];
  participant_count: number;
  is_active: boolean;
  seq: number;
  read_only?: boolean;
  accounts_only?: boolean;
  door?: string;
  keep_days?: number;
  erased_through?: number;
}

/** What came of sending a message. */
export interface Sent {
  id: string;
  seq: number;
  timestamp: string;
  duplicate: boolean;
}

/** A message, what came of sending it, or its id. */
export type Said = Message | { id: string } | string;

/** An event: docs/protocol.md says what the data of each is. */
export interface Happened {
  name: string;
  data: any;
  seq?: number;
}

export interface Wishes {
  /** For somebody new. */
  name?: string;
  /** Of who it was before, or of a bot. */
  token?: string;
  userId?: string;
  passphrase?: string;
  /** What changed after that seq is told first. */
  since?: number;
}

export interface Aim {
  replyTo?: Said;
  /** user_ids, where several have one name. */
  mentions?: string[];
  files?: (Attachment | string)[];
  /** A bot's: what stands on each, by the id that it is told. */
  buttons?: Record<string, string>;
  /** For programs that may send the same again after they were started anew. */
  clientId?: string;
  type?: string;
}

/** Throws `BadLink`, `Unreachable` where there is no server, and `Refused` where nobody is let in. */
export function join(link: string | URL, wishes?: Wishes): Promise<Talk>;

/** Throws `Refused` and `Unreachable`. Share the link; keep the token, which proves whose it is. */
export function start(
  server: string,
  about?: { title?: string; description?: string; listed?: boolean; token?: string },
): Promise<{ link: string; token: string | undefined }>;

/** By `join`. */
export class Talk implements AsyncIterable<Message> {
  private constructor();
  /** Who it is. */
  me: { user_id: string; username: string; role: string };
  /** As it was when it was joined last, with the newest messages. */
  conversation: Conversation | undefined;
  /** To share. */
  get link(): string;
  /** What proves who it is, the next time; nothing on a page of the server's own, whose cookie does. */
  get token(): string | undefined;
  /** All changes up to this one were told. */
  get seq(): number;
  get isConnected(): boolean;
  /** How many messages are to be sent that the server hasn't said it has. */
  get unsent(): number;

  /** What others say, from when it joined. */
  [Symbol.asyncIterator](): AsyncGenerator<Message, void>;
  /** All that is said after the seq `since`, each once; by default, from when it joined. */
  messages(which?: { since?: number; own?: boolean }): AsyncGenerator<Message, void>;
  /**
   * All that happens from now on, or only what has one of these names. Beside what the server tells: `disconnected` when the
   * connection is lost, and `connected` when it is there again; what was missed follows.
   */
  events(...names: string[]): AsyncGenerator<Happened, void>;

  /** Says it, once, however often the connection is lost. It is on the server's disk when this returns. */
  send(text: string, aim?: Aim): Promise<Sent>;
  edit(message: Said, text: string): Promise<void>;
  delete(message: Said): Promise<void>;
  /** Adds a reaction, or takes it back. */
  react(message: Said, emoji: string, wish?: { on?: boolean }): Promise<void>;
  /** For owners. */
  pin(message: Said, wish?: { on?: boolean }): Promise<void>;
  /** Says that all up to that seq was read. */
  read(seq: number): Promise<void>;
  /** Shows the others that you are typing. */
  typing(wish?: { on?: boolean }): void;

  /** As a bot: commands, by what each does. They come as the event `asked`. */
  offer(commands: Record<string, string>): Promise<void>;
  /** As a bot, within three seconds. */
  answer(asked: { ask: { id: string } }, text?: string): Promise<void>;

  /** Send it within an hour. */
  upload(file: Blob | ArrayBuffer | Uint8Array | string, as?: { name?: string }): Promise<Attachment>;
  download(file: Attachment): Promise<Blob>;
  /** The latest first; those before that seq. */
  files(which?: { before?: number }): Promise<any[]>;

  /** A page of what was said, oldest first: the newest, or that before or after a seq. */
  history(which?: { before?: number; after?: number; limit?: number }): Promise<Message[]>;
  /** The newest first; by "relevance", the best first. */
  search(
    query: string,
    order?: { by?: "relevance" },
  ): AsyncGenerator<{ message: Message; snippet: { text: string; hit: boolean }[] }, void>;
  /** Everybody who takes part, in the order of joining. */
  people(): AsyncGenerator<Participant, void>;

  /** Leaves on all devices, and closes. */
  leave(): Promise<void>;
  /** Goes. Others see it leave a little later; `leave` says so at once. */
  close(): void;
}

/** Any of them. `code` is for programs: docs/protocol.md lists those of the server. */
export class ClientError extends Error {
  constructor(code: string, text: string);
  code: string;
}

/** The server can't be reached, or does not answer. */
export class Unreachable extends ClientError {
  constructor(text?: string);
}

/** The server said no. */
export class Refused extends ClientError {
  constructor(refusal: { code?: string; error?: string; message?: string; retry_after?: number });
  /** In how many seconds the same may be taken. */
  retryAfter: number | undefined;
}

/** You take part no more. */
export class Over extends ClientError {
  constructor(reason: string, text: string);
  /** `ended`, `deleted`, `closed` by this client, or as that of the event `removed`. */
  reason: string;
}

/** What was given is no link to a conversation, or to one that this client can't read. */
export class BadLink extends ClientError {
  constructor(text: string, code?: string);
}
