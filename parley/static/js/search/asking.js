// @ts-check
// Asks the server for what somebody looks for, as they type: now and then, and what was asked before counts no more.
// Where the server can't read, the page itself is asked, and nothing that is typed leaves it.
import { ROOT } from "../browser/root.js";
import { between } from "../connection/between.js";

/**
 * @typedef {{message: import("../connection/wire.js").Message, snippet: {text: string, hit: boolean}[], room_id?: string,
 *   title?: string}} Result
 *
 * @typedef {object} State
 * @property {"empty" | "asking" | "further" | "found" | "none" | "offline" | "waiting" | "refused"} kind
 *   `further`: nothing yet, and older messages are being looked through; `waiting`: as the server wishes
 * @property {string} typed what was asked for
 * @property {string} by `time` or `relevance`
 * @property {Result[]} results
 * @property {string} [cursor] where it goes on, if there may be more
 * @property {string} [error] why it was refused
 * @property {number} [seconds] to wait
 * @property {boolean} [reading] older messages are still being read: there may be more by itself
 */

/** Who types one letter, or pastes, waits no longer; */
const WAIT_MS = 60;
/** and who types fast asks no more often than the server lets anybody search: 30 times in ten seconds. */
const APART_MS = 400;
/** A server that names no time, or does not answer, wants some. */
const BACK_OFF_S = 5;

/** So many results are waited for where they come by themselves. */
const PAGE = 20;
const NO_ANSWER = { success: false, code: "no_answer" };

/** @type {State} */
const EMPTY = { kind: "empty", typed: "", by: "time", results: [] };

export class Asking {
  /**
   * @param {string} path of the call
   * @param {(state: State) => void} changed
   */
  constructor(path, changed) {
    this.path = path;
    this.changed = changed;
    this.state = EMPTY;
    /** Counts what was asked for: answers to anything but the last are dropped. */
    this.turn = 0;
    /** When it was asked last, in ms. */
    this.askedAt = -APART_MS;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** @type {AbortController | undefined} */
    this.under = undefined;
  }

  /**
   * Soon, unless something else is typed meanwhile.
   * @param {string} typed
   * @param {string} by
   */
  soon(typed, by) {
    clearTimeout(this.timer);
    if (!typed.trim()) this.now("", by);
    else if (!this.isFor(typed, by)) {
      const wait = Math.max(WAIT_MS, this.askedAt + APART_MS - performance.now());
      this.timer = setTimeout(() => this.now(typed, by), wait);
    }
  }

  /**
   * @param {string} typed
   * @param {string} [by]
   */
  async now(typed, by = "time") {
    clearTimeout(this.timer);
    const asked = typed.trim();
    this.begin();
    if (!asked) return this.show({ ...EMPTY, by });
    // What was found before stays in sight until the next is there.
    this.show({ kind: "asking", typed: asked, by, results: this.state.results });
    await this.read({ kind: "asking", typed: asked, by, results: [] }, undefined, this.turn);
  }

  /** What comes after what is there. */
  async more() {
    const { state } = this;
    if (state.kind !== "found" || !state.cursor) return;
    this.begin();
    this.show({ ...state, kind: "asking" });
    await this.read(state, state.cursor, this.turn);
  }

  /**
   * @param {string} typed
   * @param {string} by
   */
  isFor(typed, by) {
    return this.state.typed === typed.trim() && this.state.by === by && this.state.kind !== "offline";
  }

  begin() {
    this.turn += 1;
    this.under?.abort();
    this.under = new AbortController();
  }

  /**
   * Until something is found, or the end.
   * @param {State} before
   * @param {string | undefined} cursor
   * @param {number} turn
   */
  async read(before, cursor, turn) {
    for (;;) {
      const reply = await this.ask(before, cursor);
      if (turn !== this.turn) return;
      if (reply.code === "rate_limited") {
        const seconds = Math.ceil(reply.retry_after ?? BACK_OFF_S);
        this.show({ ...before, kind: "waiting", seconds });
        await new Promise((done) => setTimeout(done, seconds * 1000));
        if (turn !== this.turn) return;
        continue;
      }
      if (reply.code === "no_answer") {
        this.show({ ...before, kind: "offline" });
        await untilOnline();
        if (turn !== this.turn) return;
        continue;
      }
      if (!reply.success) return this.show({ ...before, kind: "refused", results: [], error: reply.error });
      const results = [...before.results, ...reply.results];
      cursor = reply.next_cursor;
      const { reading } = reply;
      if (reply.results.length || !cursor) {
        this.show({ ...before, kind: results.length ? "found" : "none", results, cursor, reading });
        if (reading && results.length < PAGE) this.goOn(turn);
        return;
      }
      this.show({ ...before, kind: "further", results, reading });
    }
  }

  /**
   * By itself, as more is read. What was found stays meanwhile.
   * @param {number} turn
   */
  async goOn(turn) {
    while (turn === this.turn && this.state.reading && this.state.results.length < PAGE) {
      const before = this.state;
      const reply = await this.ask(before, before.cursor);
      if (turn !== this.turn) return;
      if (!reply.success) return this.show({ ...before, reading: false });
      this.show({ ...before, results: [...before.results, ...reply.results], cursor: reply.next_cursor, reading: reply.reading });
    }
  }

  /**
   * @param {State} state
   * @param {string | undefined} cursor
   * @returns {Promise<any>}
   */
  async ask({ typed, by }, cursor) {
    const { signal } = this.under ?? {};
    if (between.search) return between.search.ask({ typed, by, cursor, zone: zone(), signal }).catch(() => NO_ANSWER);
    const query = new URLSearchParams({ q: typed, zone: zone() });
    if (by !== "time") query.set("by", by);
    if (cursor) query.set("cursor", cursor);
    this.askedAt = performance.now();
    try {
      const reply = await fetch(`${ROOT}${this.path}?${query}`, { headers: { Accept: "application/json" }, signal });
      return await reply.json();
    } catch {
      return NO_ANSWER;
    }
  }

  /** @param {State} state */
  show(state) {
    this.state = state;
    this.changed(state);
  }
}

/** Or for a while: the first to be asked for then may fail still, and it may be the server that was away. */
function untilOnline() {
  return new Promise((resolve) => {
    const timer = setTimeout(goOn, BACK_OFF_S * 1000);
    addEventListener("online", goOn);
    function goOn() {
      clearTimeout(timer);
      removeEventListener("online", goOn);
      resolve(undefined);
    }
  });
}

/** Where the reader's days begin. */
export function zone() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}
