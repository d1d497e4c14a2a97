// @ts-check
// Makes the page of an encrypted conversation like any other: puts what opens and seals between it and the server.
import { byId } from "../browser/dom.js";
import { make } from "../browser/elements.js";
import { later } from "../browser/later.js";
import { pathOf, ROOT } from "../browser/root.js";
import { between } from "../connection/between.js";
import { parseFragment } from "../encryption/keys.js";
import { equal, toBase64url } from "../encryption/octets.js";
import { idOf, Person } from "../encryption/people.js";
import { REDUCERS } from "../state/store.js";
import { openAtRest, sealedAtRest } from "./at-rest.js";
import { SealedDrafts } from "./drafts.js";
import { keysOf, openerOf } from "./epochs.js";
import { SealedFiles } from "./files.js";
import { forget, keep, keptOf } from "./kept.js";
import { Line } from "./line.js";
import { startLinks } from "./links.js";
import { Log } from "./log.js";
import { startPanel } from "./panel.js";
import { SEALED } from "./reducing.js";

const KEPT_WITHIN_MS = 200;
const NO_NUMBERS = "The numbers didn't load. Close this and open it to try again.";

/**
 * What this browser has of the conversation's keys; `told`: what is wrong with those that it was offered.
 * @typedef {{kept: import("./kept.js").Kept, opener: import("../encryption/envelope.js").Opener, person: Person,
 *   roomId: () => string, told?: string}} Keys
 */

/** @type {Record<string, string>} */
const TROUBLE = {
  forged: "The server offers a new key, but not one from the person who started this conversation. It isn't used here, and your messages wait.",
  set_back: "The server has gone back to an earlier key. Your messages wait until it uses the new one again.",
};

/** @type {string[]} what is wrong, until there is a page that can tell it */
const early = [];
/** @type {(words: string) => void} */
let warn = (words) => void early.push(words);

/** Before the page's own script. Never goes on where the key is missing: then another page asks for it. */
export async function prepare() {
  const page = byId("conversation");
  const { roomId = "", userId = "", title = "", oldRoomIds = "" } = page.dataset;
  const kept = await keyOf(roomId, oldRoomIds.split(" ").filter(Boolean));
  const opener = await openerOf(kept);
  const { room } = opener;
  const person = await Person.of(kept.signing, kept.exchange);
  /** @type {Keys} */
  const keys = { kept, opener, person, roomId: () => roomId };
  if (Number(page.dataset.epoch ?? 0) !== opener.current.number) await renewed(keys);
  const files = new SealedFiles();
  kept.seen ??= {};
  // All that is kept is written each time, and there may be many people on a page of the history.
  let isKeeping = false;
  const keepSoon = () => {
    if (!isKeeping) setTimeout(() => (isKeeping = false, keep(kept).catch(() => {})), KEPT_WITHIN_MS);
    isKeeping = true;
  };
  const log = new Log({
    files, opener, known: kept.known, seen: kept.seen, found: (faults) => tellFaults(faults),
    noted: keepSoon,
    met: (who, username, point, isAnother) => {
      keepSoon();
      if (isAnother) warn(`${username} is using a new key. Ask them if they changed devices.`);
    },
  });
  if (kept.called) log.about = kept.called;
  else if (kept.about) log.about = { ...kept.about, seq: 0 }; // to be said yet
  const line = new Line({ log, files, userId, person, renew: () => renewed(keys) });
  const envelopes = JSON.parse(page.dataset.envelopes ?? "[]");
  delete page.dataset.envelopes;
  between.messages = await line.shownOf(envelopes, false);
  between.socket = (socket) => line.socket(socket);
  between.files = files;
  between.signing = () => import("./fingerprints.js").then(({ Fingerprints }) => new Fingerprints({ opener, person, log }));
  between.reply = (reply, path, again) => line.reply(reply, path, again);
  between.saved = await new SealedDrafts(kept.seals, page.dataset.key ?? roomId).open();
  between.lock = (entry) => sealedAtRest(line, entry);
  between.unlock = (entries) => openAtRest(line, entries);
  Object.assign(REDUCERS, SEALED);
  startLinks(kept);
  const numbers = /** @type {HTMLDetailsElement} */ (byId("safety"));
  numbers.addEventListener("toggle", async () => {
    if (!numbers.open) return;
    const into = byId("safety-numbers");
    const comparing = await import("./comparing.js").catch(() => into.replaceChildren(make("li", { role: "status" }, [NO_NUMBERS])));
    const own = { name: "", point: toBase64url(person.public.signing), isYou: true };
    await comparing?.showNumbers(into, room, [own, ...peopleOf(log, line.userId)]);
  });
  byId("forget-key").addEventListener("click", async () => {
    const kept = await import("../kept/over.js").catch(() => undefined);
    byId("forget-problem").textContent = kept ? "" : "The key is still here: what forgets it didn't load. Try again.";
    if (!kept) return;
    await kept.over(roomId, page.dataset.key); // with what was written here, which nobody could open any more
    location.assign(`${ROOT}/`);
  });
  showTitle(log.about.title || title);
  return { keys, line, log };
}

/**
 * Once the page is there.
 * @param {Awaited<ReturnType<typeof prepare>>} parts
 * @param {typeof import("../conversation.js")} page
 */
export function follow({ keys, line, log }, { store, connection }) {
  const { kept } = keys;
  keys.roomId = () => connection.roomId;
  line.follow((seq) => store.dispatch({ type: "passed", seq }));
  warn = (words) => store.dispatch({ type: "warned", words, at: new Date().toISOString() });
  early.splice(0).forEach(warn);
  line.closed = () => askForLink(connection.roomId);
  line.reread = (messages) => store.dispatch({ type: "reread", messages });
  connection.socket.on("epoch_began", ({ number, seq }) => {
    if (number > log.opener.current.number) return; // there is no such key here
    store.dispatch({ type: "began", number, afterSeq: seq, at: new Date().toISOString() });
  });
  store.watch(["messages"], ({ messages }) => {
    for (const began of log.beginnings(messages)) store.dispatch({ type: "began", ...began });
  });
  store.watch(["people"], ({ people }) => log.marking.learn(people));
  log.marking.follow((found) => {
    log.marked(found);
    store.dispatch({ type: "marked", found });
  });
  startSearching(line, connection);
  later(() => import("./chest.js").then(({ keepInChest }) => keepInChest(kept), () => {}));
  startPanel({ kept, line, store, connection });
  const keepCalled = () => {
    if (log.about.seq <= (kept.called?.seq ?? 0)) return;
    kept.called = log.about;
    keep(kept).catch(() => {});
  };
  let through = -1;
  let turn = Promise.resolve();
  store.watch(["seq", "hasOlder", "messages"], ({ seq, hasOlder, messages, keepDays }) => {
    // Of one's own message the acknowledgement may come first: only what was opened can be followed.
    const unopened = messages.find((message) => message.seq > through && !log.messages.has(message.seq));
    const known = unopened ? unopened.seq - 1 : seq;
    if (known <= through) return;
    through = known;
    turn = turn.then(() => log.follow(known, !hasOlder && !keepDays)); // or what stood before may be erased
    keepCalled();
  });
  line.acts.get("conversation_changed")?.push(keepCalled);
  addEventListener("hashchange", () => keyOf(connection.roomId)); // the link was opened once more in this tab
  // Who one is and what it is about is said once there is somebody to say it: it may take more than one try.
  let isSaying = false;
  store.watch(["me", "connection", "readOnly", "accountsOnly"], async () => {
    if (isSaying) return;
    isSaying = true;
    await undefined; // whoever has just joined connects anew
    const { me, active, connection: { status } } = store.state;
    if (me && active && status === "connected") await sayOnce(kept, line, connection, me);
    isSaying = false;
  });
  startFounding(keys, { store, connection });
}

/**
 * @param {import("./kept.js").Kept} kept
 * @param {Line} line
 * @param {import("../connection/connection.js").Connection} connection
 * @param {import("../state/store.js").Me} me
 */
async function sayOnce(kept, line, connection, { userId, username }) {
  if (kept.introduced?.userId !== userId || kept.introduced.seq <= line.erasedThrough) {
    const ack = await connection.ask("introduce", { name: username });
    if (ack.ok) kept.introduced = { userId, seq: ack.seq };
    if (ack.ok) await keep(kept).catch(() => {});
  }
  // Where the owner manages it, it may have been changed since this page was loaded.
  const { about } = await keptOf(kept.roomId).catch(() => undefined) ?? kept;
  if (!about) return;
  const ack = await connection.ask("retitle", { about });
  if (!ack.ok) return;
  delete kept.about;
  await keep(kept, { saysAbout: true }).catch(() => {});
}

/**
 * Where the conversation was started, and there alone, its key can be changed.
 * @param {Keys} keys
 * @param {Pick<typeof import("../conversation.js"), "store" | "connection">} page
 */
async function startFounding(keys, { store, connection }) {
  if (!equal(await idOf(keys.person.public), keys.kept.owner)) return;
  store.first(["owner", "me"], ({ owner, me }) => owner && me !== null, () => {
    later(() => import("./founding.js").then(({ found }) => found({ keys, store, connection, warn: (words) => warn(words) }), () => {}));
  });
}

/**
 * Gets the keys that one doesn't have yet, and tells what is wrong with them. Never goes on where nobody handed them to
 * this browser: another page says so then.
 * @param {Keys} keys
 * @returns {Promise<boolean>} false where it may work another time
 */
async function renewed(keys) {
  const { kept, opener, person } = keys;
  const roomId = keys.roomId();
  await moveTo(kept, roomId);
  const outcome = await import("./renewing.js").then(({ renew }) => renew({ kept, opener, person, roomId }), () => "unreachable");
  if (outcome === "left_out") return askForLink(roomId);
  if (outcome in TROUBLE && keys.told !== outcome) warn(TROUBLE[outcome]);
  if (outcome !== "unreachable") keys.told = outcome;
  return outcome !== "unreachable";
}

/**
 * Nobody handed the key to this browser: another page says so.
 * @param {string} roomId
 * @param {string} [fragment]
 * @returns {Promise<never>}
 */
function askForLink(roomId, fragment = "") {
  location.replace(`${pathOf(roomId)}/key${fragment}`);
  return new Promise(() => {});
}

/** Its link was replaced while the page was open. @param {import("./kept.js").Kept} kept @param {string} roomId */
async function moveTo(kept, roomId) {
  const before = kept.roomId;
  if (before === roomId) return;
  kept.roomId = roomId;
  await keep(kept, { isNew: true }).then(() => forget(before)).catch(() => {});
}

/**
 * @param {Line} line
 * @param {import("../connection/connection.js").Connection} connection
 */
function startSearching(line, connection) {
  /** @type {Promise<import("./searching/start.js").Searching> | undefined} */
  let loading;
  const loaded = () => {
    loading ??= import("./searching/start.js").then(({ start }) => start({ line, connection }));
    loading.catch(() => (loading = undefined)); // the network may be there next time
    return loading;
  };
  between.search = {
    ask: async (asked) => (await loaded()).ask(asked),
    people: async (sought) => (await loaded()).people(sought),
    whole: async (signal, tell) => (await loaded()).whole(signal, tell),
  };
  later(() => loaded().catch(() => {}));
}

/**
 * The link's, or the one this browser has. What the address holds goes from it, and from the history.
 * @param {string} roomId
 * @param {string[]} [oldRoomIds] its links until now, under one of which it may be kept
 * @returns {Promise<import("./kept.js").Kept>}
 */
async function keyOf(roomId, oldRoomIds = []) {
  const given = fromAddress();
  const kept = await keptOf(roomId, oldRoomIds).catch(() => undefined);
  if (kept && (!given || keysOf(kept).some(({ key }) => equal(given.link.key, key)))) {
    if (given) history.replaceState(history.state, "", location.pathname + location.search);
    return kept;
  }
  // Another page shows the server that it is this one's before it is kept.
  return askForLink(roomId, given?.fragment);
}

function fromAddress() {
  try {
    const fragment = location.hash;
    return { link: parseFragment(fragment), fragment };
  } catch {
    return undefined; // a message's place, say
  }
}

/**
 * By each key they wrote with, under the name they have now.
 * @param {Log} log
 * @param {string} ownId
 */
function peopleOf(log, ownId) {
  const names = new Map([...log.messages.values()].map(({ user_id: id, username }) => [id, username]));
  const others = Object.entries(log.known).filter(([id]) => id !== ownId);
  const nameOf = (/** @type {string} */ id, /** @type {string} */ point) => names.get(id) ?? log.seen[point]?.name ?? id;
  return others.flatMap(([id, points]) => points.map((point, at) => ({ name: nameOf(id, point), point, isNew: at > 0 })));
}

/** @param {import("../encryption/chain.js").Fault[]} faults */
function tellFaults(faults) {
  const words = {
    repeated: "The server showed a message twice.",
    disordered: "The server showed messages in a different order than before.",
    disagrees: "Someone here was shown different messages from you. The server may be leaving some out.",
    from_the_future: "A message claims to follow one that came after it.",
    outdated: "A message was written with an old key after the key was changed. It may be from someone who was removed.",
    beginning_missing: "The beginning of this conversation isn't here. It was erased, or the server is leaving it out.",
  };
  for (const { what } of faults) warn(words[what]);
}

/** @param {string} title */
function showTitle(title) {
  byId("conversation").dataset.title = title;
  for (const shown of document.querySelectorAll(".bar-title, .opening-title")) shown.textContent = title;
  document.title = `${title} · parley`;
}
