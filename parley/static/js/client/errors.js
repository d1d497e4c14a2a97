// @ts-check
// What can go wrong for a program that takes part.

/** Any of them. `code` is for programs: docs/protocol.md lists those of the server. */
export class ClientError extends Error {
  /**
   * @param {string} code
   * @param {string} text
   */
  constructor(code, text) {
    super(text);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The server can't be reached, or does not answer. */
export class Unreachable extends ClientError {
  /** @param {string} [text] */
  constructor(text = "The server can't be reached.") {
    super("no_answer", text);
  }
}

/**
 * Why nothing answers, for people. Node.js says what went wrong; browsers keep it to themselves.
 * @param {any} error that of `fetch`
 * @param {URL} url
 */
export function unreachable(error, { host, hostname, port, protocol }) {
  const at = port ? host : `${host}:${protocol === "https:" ? 443 : 80}`;
  const code = String(error?.cause?.code ?? "");
  if (code === "ECONNREFUSED") return new Unreachable(`Nothing answers at ${at}. Is the server running?`);
  if (code === "ENOTFOUND") return new Unreachable(`${hostname} isn't known: is the name spelled right?`);
  if (code === "EAI_AGAIN") return new Unreachable(`${hostname} can't be looked up now. Are you online, and is the name spelled right?`);
  if (code.includes("CERT") || code === "UNABLE_TO_VERIFY_LEAF_SIGNATURE") {
    return new Unreachable(`The certificate of ${at} isn't trusted here (${error.cause.message}). If it is your own, name its file in NODE_EXTRA_CA_CERTS.`);
  }
  if (code.includes("TIMEOUT") || code === "ETIMEDOUT") return new Unreachable(`${at} didn't answer in time.`);
  return new Unreachable(`The server at ${at} can't be reached. Is it running?`);
}

/** The server said no. */
export class Refused extends ClientError {
  /** @param {{code?: string, error?: string, message?: string, retry_after?: number}} refusal */
  constructor({ code = "internal", error, message, retry_after: retryAfter }) {
    super(code, error ?? message ?? "The server refused it.");
    /** In how many seconds the same may be taken. */
    this.retryAfter = retryAfter;
  }
}

/** You take part no more. `reason` is `ended`, `deleted`, `closed` by this client, or as that of the event `removed`. */
export class Over extends ClientError {
  /**
   * @param {string} reason
   * @param {string} text
   */
  constructor(reason, text) {
    super(reason, text);
    this.reason = reason;
  }
}

/** What was given is no link to a conversation, or to one that this client can't read. */
export class BadLink extends ClientError {
  /**
   * @param {string} text
   * @param {string} [code]
   */
  constructor(text, code = "bad_link") {
    super(code, text);
  }
}
