// @ts-check
// Old state + events = fresh state: whatever is lost, late, doubled or out of order, asking brings the page to where a
// freshly loaded one is. A small server and a bad line are played through at random, from seeds that repeat.
import assert from "node:assert/strict";
import { test } from "node:test";

import { itemsOf } from "../../parley/static/js/state/items.js";
import { INITIAL, reduce } from "../../parley/static/js/state/store.js";
import { FakeServer } from "./fake-server.mjs";

const RUNS = process.env.FAULTS === "full" ? 80 : 10;
const STEPS = 150;
const ADA = { userId: "ada", username: "Ada", role: "owner" };

/** @param {number} seed @returns {() => number} mulberry32 */
function generator(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** One page on a bad line. Its steps are chosen by `random`. */
class Page {
  constructor(random, { burst, edits, history }) {
    Object.assign(this, { random, burst, edits, history });
    this.server = new FakeServer();
    this.state = { ...INITIAL, me: ADA };
    this.line = [];
    this.live = false;
    this.written = 0;
    this.connect();
  }

  below(limit) {
    return Math.floor(this.random() * limit);
  }

  reader() {
    const atEnd = !this.state.hasNewer && (!this.history || this.random() < 0.7);
    return { atEnd, seen: atEnd && this.random() < 0.8 };
  }

  apply(event) {
    this.state = reduce(this.state, { ...event, ...this.reader() });
    this.check(event.type);
  }

  check(what) {
    const { messages, seq, hasNewer } = this.state;
    for (let index = 1; index < messages.length; index += 1) assert.ok(messages[index - 1].seq < messages[index].seq);
    assert.ok(messages.length <= 420, `${what}: ${messages.length} loaded`);
    if (!hasNewer) assert.ok((messages.at(-1)?.seq ?? 0) <= seq, `${what}: loaded beyond what is known`);
    const shown = itemsOf(this.state).map((item) => item.key);
    assert.equal(new Set(shown).size, shown.length, `${what}: something stands there twice`);
  }

  connect() {
    this.line = [];
    this.live = true;
    this.apply(this.server.stateSince(this.state.seq));
  }

  step() {
    const actions = [this.theySay, this.theySay, this.say, this.deliver, this.deliver, this.deliver, this.deliver,
      this.deliverAny, this.double, this.drop, this.toggle, this.sync, this.edit, this.page, this.end];
    actions[this.below(actions.length)].call(this);
  }

  theySay() {
    for (let left = 1 + this.below(this.burst); left > 0; left -= 1) this.tell(this.server.say("ben"));
  }

  say() {
    const clientId = `c${(this.written += 1)}`;
    this.apply({ type: "queued", clientId, text: `text ${clientId}`, at: "2026-11-23T12:00:00Z", order: this.written });
    this.send();
  }

  // One at a time and in order, as the outbox does; its acknowledgement may be lost, and the echo too.
  send() {
    const next = this.state.outbox.find((outgoing) => outgoing.status === "pending");
    if (!next || !this.live || this.random() < 0.2) return;
    const { told, ack } = this.server.store("ada", next.clientId, next.text);
    const both = [...told, ...(ack ? [ack] : [])];
    this.tell(this.random() < 0.5 ? both : both.reverse());
  }

  tell(events) {
    if (this.live) this.line.push(...events);
  }

  deliver() {
    const event = this.line.shift();
    if (event) this.apply(event);
  }

  deliverAny() {
    const [event] = this.line.splice(this.below(this.line.length), 1);
    if (event) this.apply(event);
  }

  double() {
    const event = this.line[this.below(this.line.length)];
    if (event) this.apply(event);
  }

  drop() {
    this.line.splice(this.below(this.line.length), 1);
  }

  toggle() {
    this.live = !this.live;
    if (this.live) this.connect();
  }

  // The answer may come at once, or after other things.
  sync() {
    if (!this.live) return;
    const page = this.server.changesSince(this.state.seq, 7);
    if (this.random() < 0.5) this.apply(page);
    else this.line.push(page);
  }

  edit() {
    if (this.edits) this.server.edit(this.below(this.server.seq) + 1);
  }

  page() {
    if (!this.history) return;
    const { messages } = this.state;
    const kind = this.below(4);
    if (kind === 0 && messages.length) this.apply(this.server.older(messages[0].seq));
    if (kind === 1 && messages.length && this.state.hasNewer) {
      this.withDelay(this.server.newer(/** @type {any} */ (messages.at(-1)).seq, this.state.seq));
    }
    if (kind === 2) this.withDelay(this.server.newest(this.state.seq));
    if (kind === 3) this.apply(this.server.around(this.below(this.server.seq), this.state.seq));
  }

  /** Something is said while a page is on its way. */
  withDelay(page) {
    const newest = this.state.messages.at(-1)?.seq;
    for (let left = this.below(4); left > 0; left -= 1) {
      this.theySay();
      this.deliver();
    }
    if (page.type === "window_loaded" || this.state.messages.at(-1)?.seq === newest) this.apply(page);
  }

  end() {
    if (this.random() < 0.02) this.tell(this.server.end());
  }

  /** What the page does once it is connected and has time: it asks for what is missing, and sends what waits. */
  comeToRest() {
    if (!this.live) this.connect();
    this.line = [];
    this.catchUp();
    while (this.state.outbox.length && this.server.active) {
      const [{ clientId, text }] = this.state.outbox;
      this.apply(this.server.store("ada", clientId, text).ack);
      this.catchUp();
    }
  }

  catchUp() {
    let page;
    do this.apply((page = this.server.changesSince(this.state.seq, 7)));
    while (page.more);
  }
}

const WAYS = [
  { name: "events alone", burst: 3, edits: false, history: false },
  { name: "with changes to what was said", burst: 3, edits: true, history: false },
  { name: "with pages of history", burst: 3, edits: false, history: true },
  { name: "with a flood", burst: 60, edits: false, history: true },
];

for (const way of WAYS) {
  test(`old state + events = fresh state: ${way.name}`, () => {
    for (let seed = 1; seed <= RUNS; seed += 1) {
      try {
        const page = new Page(generator(seed), way);
        for (let step = 0; step < STEPS; step += 1) page.step();
        page.comeToRest();
        equalsFresh(page);
      } catch (error) {
        /** @type {Error} */ (error).message = `seed ${seed}: ${/** @type {Error} */ (error).message}`;
        throw error;
      }
    }
  });
}

/** @param {Page} page */
function equalsFresh({ state, server }) {
  const fresh = reduce({ ...INITIAL, me: ADA }, { ...server.fullState(), seen: true });
  assert.deepEqual([state.seq, state.ahead, state.active], [fresh.seq, [], fresh.active]);
  assert.deepEqual(state.people, fresh.people);
  const [first, last] = [state.messages[0]?.seq ?? 0, state.messages.at(-1)?.seq ?? 0];
  const told = server.messages.filter(({ seq }) => seq >= first && seq <= last);
  assert.deepEqual(forms(state.messages), forms(told), "not an unbroken stretch of what was said");
  if (!state.hasOlder) assert.equal(first, server.messages[0]?.seq ?? 0);
  if (!state.hasNewer) assert.equal(last, server.messages.at(-1)?.seq ?? 0);
  assert.equal(new Set(server.messages.map((message) => message.client_id ?? message.id)).size, server.messages.length);
  if (server.active) assert.deepEqual(state.outbox, []);
}

/** @param {{seq: number, message: string, user_id: string}[]} messages */
function forms(messages) {
  return messages.map(({ seq, message, user_id: userId }) => ({ seq, message, userId }));
}
