// What of calls needs no browser: who is large, what is said, how much is sent, and what is wrong.
import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.navigator ??= /** @type {any} */ ({}); // older versions of Node.js have none
Object.assign(globalThis, { document: { addEventListener: () => {} } });

const { Budget } = await import("../../parley/static/js/call/budget.js");
const { Call } = await import("../../parley/static/js/call/call.js");
const { Speaking, Unheard, largeOf } = await import("../../parley/static/js/call/order.js");
const { Line } = await import("../../parley/static/js/connection/line.js");
const { Quality, WORST, limitsFor } = await import("../../parley/static/js/call/quality.js");
const { whyNoCalls, whyNoDevice, whyNoRoute, whyNotIn } = await import("../../parley/static/js/call/trouble.js");
const { clockOf, isFresh, isQuiet, namesOf, newsOf, whoIsIn } = await import("../../parley/static/js/call/words.js");
const { wordsOfCall } = await import("../../parley/static/js/sealed/calling.js");

const GOOD = { loss: 0, roundTripMs: 20, availableBps: 0 };
const BAD = { loss: 0.2, roundTripMs: 20, availableBps: 0 };

/** @param {string} username @param {object} [more] */
function person(username, more = {}) {
  return { user_id: `u-${username}`, username, peer: `p-${username}`, audio: true, video: false, screen: false, hand: false, ...more };
}

/** Speaks from `from` to `to`, told every 100 ms. @param {InstanceType<typeof Speaking>} speaking @param {string} peer @param {number} from @param {number} to */
function speaks(speaking, peer, from, to) {
  for (let now = from; now <= to; now += 100) speaking.hear(peer, 0.1, now);
}

test("whoever speaks for a moment is large, and stays so until another speaks", () => {
  const speaking = new Speaking();
  speaks(speaking, "ben", 0, 1000);
  assert.equal(speaking.take(["ben", "cleo"], 1000), "ben");
  speaks(speaking, "cleo", 1100, 1300);
  assert.equal(speaking.take(["ben", "cleo"], 1300), "ben"); // a cough
  speaks(speaking, "cleo", 1400, 2400);
  assert.equal(speaking.take(["ben", "cleo"], 2400), "cleo");
  assert.equal(speaking.take(["ben", "cleo"], 60_000), "cleo"); // nobody says anything
  assert.equal(speaking.take(["ben"], 60_000), "");
});

test("what is as loud as a quiet room isn't speech", () => {
  const speaking = new Speaking();
  speaking.hear("ben", 0.004, 0);
  assert.equal(speaking.speaks("ben", 1), false);
});

test("a screen is larger than who speaks, and what was chosen by hand than both", () => {
  const [ada, ben, cleo] = [person("Ada", { isYou: true }), person("Ben"), person("Cleo")];
  assert.equal(largeOf([ben, ada], ""), "p-Ben");
  assert.equal(largeOf([ben, cleo, ada], ""), "");
  assert.equal(largeOf([ben, cleo, ada], "p-Cleo"), "p-Cleo");
  assert.equal(largeOf([{ ...ben, screen: true }, cleo, ada], "p-Cleo"), "p-Ben/screen");
  assert.equal(largeOf([{ ...ben, screen: true }, cleo, ada], "p-Cleo", "p-Ada"), "p-Ada");
  assert.equal(largeOf([ben, cleo, { ...ada, screen: true }], ""), ""); // one's own screen is known
});

test("the more people, and the worse the line, the less is sent to each", () => {
  const sent = [1, 2, 3, 4, 5].map((others) => limitsFor(others, 0).video.maxBitrate);
  assert.deepEqual(sent, [...sent].sort((one, other) => other - one));
  assert.ok(sent[4] * 5 <= 1_500_000);
  for (let level = 1; level <= WORST; level += 1) {
    const [before, after] = [limitsFor(3, level - 1).video, limitsFor(3, level).video];
    assert.ok(after.maxBitrate < before.maxBitrate);
    assert.ok(Number(after.scaleResolutionDownBy) > Number(before.scaleResolutionDownBy));
  }
  assert.ok(limitsFor(9, WORST).audio.maxBitrate >= 16_000); // voice goes last
});

test("quality falls at once with a bad line, and rises slowly with a good one", () => {
  const quality = new Quality();
  assert.equal(quality.look([GOOD, BAD]), true);
  assert.equal(quality.level, 1);
  for (let look = 0; look < 10; look += 1) quality.look([BAD]);
  assert.equal(quality.level, WORST);
  for (let look = 0; look < 4; look += 1) assert.equal(quality.look([GOOD]), false);
  assert.equal(quality.look([GOOD]), true);
  assert.equal(quality.level, WORST - 1);
});

test("who talks while muted is told once, and who coughs is not", () => {
  const unheard = new Unheard();
  const told = (/** @type {number} */ from, /** @type {number} */ looks) =>
    Array.from({ length: looks }, (_, look) => unheard.hear(0.1, from + look * 120)).filter(Boolean).length;
  assert.equal(told(0, 3), 0);
  assert.equal(told(10_000, 20), 1);
  assert.equal(told(20_000, 20), 0); // they know by now
  assert.equal(told(60_000, 20), 1);
  assert.equal(unheard.hear(0, 200_000), false);
});

test("a budget has so many at once, then one more at a time, and never more than at first", () => {
  const budget = new Budget({ atOnce: 3, everyMs: 1000 });
  const taken = (/** @type {number} */ now) => Array.from({ length: 5 }, () => budget.takes(now)).filter(Boolean).length;
  assert.equal(taken(10_000), 3);
  assert.equal(taken(10_900), 0);
  assert.equal(taken(11_000), 1);
  assert.equal(taken(13_500), 2);
  assert.equal(taken(14_000), 1);
  assert.equal(taken(900_000), 3);
});

test("a line that is in a hurry tries again soon, however often it was in vain", () => {
  const waits = /** @type {number[]} */ ([]);
  const line = new (class extends Line {
    /** @param {number} until */
    waits(until) {
      waits.push(until - Date.now());
      clearTimeout(this.timer);
    }
  })("room", /** @type {any} */ ({}));
  line.attempt = 10;
  line.retryLater();
  line.lastDelayMs = 4000;
  line.retryLater();
  assert.ok(waits[0] > 20_000 && waits[1] <= 5000 && waits[1] > 2900, String(waits));
});

/** Ada in a call, whose server answers so, one after the other. @param {object[]} answers */
function inCall(answers) {
  const asked = /** @type {object[]} */ ([]);
  const over = /** @type {string[]} */ ([]);
  const connection = { live: true, roomId: "room", ask: async (/** @type {string} */ _, /** @type {object} */ fields) => (asked.push(fields), answers.shift()) };
  const call = new Call({
    connection: /** @type {any} */ (connection), store: /** @type {any} */ ({}), changed: () => {}, say: () => {}, over: (why) => over.push(why),
  });
  [call.peer, call.id] = ["p-Ada", "call"];
  [call.certified, call.servers] = [Promise.resolve(undefined), Promise.resolve({})];
  return { call, asked, over };
}

/** @param {string} code */
function refused(code) {
  return { ok: false, code, error: code, retry_after: 0.01 };
}

test("who comes back stays in the call while the server can't answer for a moment, and is out once it is over", async () => {
  const { call, asked, over } = inCall([refused("unavailable"), refused("rate_limited"), refused("call_over")]);
  await call.comeBack(0);
  assert.equal(asked.length, 3);
  assert.deepEqual(over, ["The call ended while you were away."]);
});

test("what one sends is told again where the server couldn't take it", async () => {
  const { call, asked, over } = inCall([refused("rate_limited"), refused("call_over")]);
  const ended = new Promise((done) => (call.over = (why) => done(over.push(why))));
  call.raise(true);
  await ended;
  assert.deepEqual(asked.map((fields) => Reflect.get(fields, "hand")), [true, true]);
});

test("what began a while ago calls nobody", () => {
  const now = Date.parse("2026-05-01T12:00:00Z");
  assert.equal(isFresh("2026-05-01T11:59:50Z", now), true);
  assert.equal(isFresh("2026-05-01T11:58:00Z", now), false);
});

test("nobody is called in the quiet hours of their device", () => {
  const night = { start: "22:00", end: "07:00", time_zone: "Europe/Berlin" };
  const at = (/** @type {string} */ time) => isQuiet(night, new Date(`2026-01-10T${time}Z`));
  assert.deepEqual([at("21:30:00"), at("02:00:00"), at("06:30:00"), at("12:00:00")], [true, true, false, false]);
  assert.equal(isQuiet({ ...night, start: "12:00", end: "13:00" }, new Date("2026-01-10T11:30:00Z")), true);
  assert.equal(isQuiet(null), false);
});

test("a page over plain HTTP says why it can't call", () => {
  assert.match(whyNoCalls({ isSecureContext: false }), /HTTPS/);
  assert.match(whyNoCalls({ isSecureContext: true, navigator: {} }), /browser/);
  assert.equal(whyNoCalls({ isSecureContext: true, navigator: { mediaDevices: {} }, RTCPeerConnection: class {} }), "");
});

test("a call that doesn't connect says which part failed", () => {
  const seen = { name: "Ben", wasAnswered: true, hasTurn: false, found: new Set(["host", "srflx"]) };
  assert.match(whyNoRoute(seen), /A TURN server is needed/);
  assert.match(whyNoRoute({ ...seen, wasAnswered: false }), /Ben's page doesn't answer/);
  assert.match(whyNoRoute({ ...seen, found: new Set() }), /this network lets no call out/);
  assert.match(whyNoRoute({ ...seen, hasTurn: true }), /the TURN server can't be reached/);
  assert.match(whyNoRoute({ ...seen, hasTurn: true, found: new Set(["relay"]) }), /their network/);
});

test("a device that isn't to be had is named, with what helps", () => {
  const failed = (/** @type {string} */ name) => Object.assign(new Error(""), { name });
  assert.match(whyNoDevice(failed("NotAllowedError"), "camera"), /may not use your camera/);
  assert.match(whyNoDevice(failed("NotFoundError"), "microphone"), /No microphone was found/);
  assert.match(whyNoDevice(failed("NotReadableError"), "camera"), /in use by another program/);
  assert.match(whyNoDevice(failed("NotAllowedError"), "screen"), /wasn't shared/);
});

test("a server's refusal is told, in its own words where we have none", () => {
  assert.match(whyNotIn({ code: "call_video_full", error: "x" }), /voice alone/);
  assert.equal(whyNotIn({ code: "muted", error: "You are muted." }), "You are muted.");
});

test("who is in a call is named once each, oneself last", () => {
  const people = [person("Ada"), person("Ben"), person("Ben"), person("Cleo"), person("Dan")];
  assert.equal(namesOf(people.slice(0, 3), "u-Ada"), "Ben and you");
  assert.equal(namesOf(people), "Ada, Ben and 2 more");
  assert.equal(namesOf(people.slice(0, 1), "u-Ada"), "You");
});

test("who isn't in a call is told who is, as a sentence", () => {
  const [ada, ben] = [person("Ada"), person("Ben")];
  assert.equal(whoIsIn([ada, ada], "u-Cleo", false), "Ada is in a call");
  assert.equal(whoIsIn([ada, ben], "u-Cleo", false), "Ada and Ben are in a call");
  assert.equal(whoIsIn([ada, ben], "u-Ben", true), "Ada and you");
  assert.equal(whoIsIn([ben], "u-Ben", true), "You're in a call");
  assert.equal(whoIsIn([ben], "u-Ben", false), "You're in a call on another device");
});

test("how long it has been is told as by a clock", () => {
  assert.deepEqual([0, 59_999, 247_000, 3_847_000].map(clockOf), ["0:00", "0:59", "4:07", "1:04:07"]);
});

test("of a change only what matters is said aloud", () => {
  const before = [person("Ada"), person("Ben"), person("Cleo", { audio: false })];
  const after = [person("Ada", { hand: true }), person("Ben", { hand: true }), person("Cleo"), person("Dan")];
  assert.deepEqual(newsOf(before, after, "p-Ada"), ["Ben raised their hand.", "Dan joined the call."]);
  assert.deepEqual(newsOf(after, before, "p-Ada"), ["Dan left the call."]);
});

test("what an encrypted conversation says of a call has nothing of the server's words", () => {
  const people = [{ user_id: "1", username: "Ada" }, { user_id: "2", username: "Ben" }];
  assert.equal(wordsOfCall({ seconds: 724, people }), "Call: 12 minutes, Ada, Ben");
  assert.equal(wordsOfCall({ seconds: 3660, people }), "Call: 1 hour 1 minute, Ada, Ben");
  assert.equal(wordsOfCall({ seconds: 4, people: people.slice(0, 1) }), "Missed call from Ada");
  assert.equal(wordsOfCall(undefined), "Call: 0 seconds");
});
