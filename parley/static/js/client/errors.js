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
