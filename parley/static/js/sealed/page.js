// @ts-check
// Makes the page of an encrypted conversation like any other: puts what opens and seals between it and the server.
import { byId } from "../browser/dom.js";
import { later } from "../browser/later.js";
import { pathOf, ROOT } from "../browser/root.js";
import { between } from "../connection/between.js";
import { request } from "../connection/wire.js";
import { Opener, Sealer } from "../encryption/envelope.js";
import { Epoch, parseFragment } from "../encryption/keys.js";
import { equal, toBase64url } from "../encryption/octets.js";
import { Person } from "../encryption/people.js";
import { REDUCERS } from "../state/store.js";
import { openAtRest, sealedAtRest } from "./at-rest.js";
import { SealedDrafts } from "./drafts.js";
import { SealedFiles } from "./files.js";
import { keep, keptOf } from "./kept.js";
import { Line } from "./line.js";
import { startLinks } from "./links.js";
import { Log } from "./log.js";
import { SEALED } from "./reducing.js";

/** Tells of what is wrong, once there is a page that can. @type {(words: string) => void} */
let warn = () => {};

/** Before the page's own script. Never goes on where the key is missing: then another page asks for it. */
export async function prepare() {
  const page = byId("conversation");
  const { roomId = "", userId = "", title = "", oldRoomIds = "" } = page.dataset;
  const kept = await keyOf(roomId, oldRoomIds.split(" ").filter(Boolean));
  const epoch = await Epoch.derive(kept.key, { stretched: kept.stretched });
  const room = await epoch.room();
  const person = await Person.of(kept.signing, kept.exchange);
  const files = new SealedFiles();
  const log = new Log({
    files, opener: new Opener(room, epoch), known: kept.known, found: (faults) => tellFaults(faults),
    met: (who, username, point, isAnother) => {
      keep(kept).catch(() => {});
      if (isAnother) warn(`${username} is using a new key. Ask them if they changed devices.`);
    },
  });
  if (kept.called) log.about = kept.called;
  else if (kept.about) log.about = { ...kept.about, seq: 0 }; // to be said yet
  const line = new Line({ log, files, userId, sealer: (id) => new Sealer(epoch, room, person, id) });
  const envelopes = JSON.parse(page.dataset.envelopes ?? "[]");
  delete page.dataset.envelopes;
  between.messages = await line.shownOf(envelopes, false);
  between.socket = (socket) => line.socket(socket);
  between.files = files;
  between.reply = (reply, path, again) => line.reply(reply, path, again);
  between.saved = await new SealedDrafts(kept.seals, page.dataset.key ?? roomId).open();
  between.lock = (entry) => sealedAtRest(line, entry);
  between.unlock = (entries) => openAtRest(line, entries);
  Object.assign(REDUCERS, SEALED);
  startLinks(kept);
  const numbers = /** @type {HTMLDetailsElement} */ (byId("safety"));
  numbers.addEventListener("toggle", async () => {
    if (!numbers.open) return;
    const { showNumbers } = await import("./comparing.js");
    const own = { name: "", point: toBase64url(person.public.signing), isYou: true };
    await showNumbers(byId("safety-numbers"), room, [own, ...peopleOf(log, line.userId)]);
  });
  byId("forget-key").addEventListener("click", async () => {
    const { over } = await import("../kept/over.js");
    await over(roomId, page.dataset.key); // with what was written here, which nobody could open any more
    location.assign(`${ROOT}/`);
  });
  showTitle(log.about.title || title);
  return { kept, line, log };
}

/**
 * Once the page is there.
 * @param {Awaited<ReturnType<typeof prepare>>} parts
 * @param {typeof import("../conversation.js")} page
 */
export function follow({ kept, line, log }, { store, connection }) {
  line.follow((seq) => store.dispatch({ type: "passed", seq }));
  warn = (words) => store.dispatch({ type: "warned", words, at: new Date().toISOString() });
  store.watch(["people"], ({ people }) => log.marking.learn(people));
  log.marking.follow((found) => {
    log.marked(found);
    store.dispatch({ type: "marked", found });
  });
  startSearching(line, connection);
  let through = -1;
  let turn = Promise.resolve();
  store.watch(["seq", "hasOlder", "messages"], ({ seq, hasOlder, messages, keepDays }) => {
    // Of one's own message the acknowledgement may come first: only what was opened can be followed.
    const unopened = messages.find((message) => message.seq > through && !log.messages.has(message.seq));
    const known = unopened ? unopened.seq - 1 : seq;
    if (known <= through) return;
    through = known;
    turn = turn.then(() => log.follow(known, !hasOlder && !keepDays)); // or what stood before may be erased
    if (log.about.seq > (kept.called?.seq ?? 0)) {
      kept.called = log.about;
      keep(kept).catch(() => {});
    }
  });
  addEventListener("hashchange", () => keyOf(kept.roomId)); // the link was opened once more in this tab
  // What was written where it was started is said once there is somebody to say it: it may take more than one try.
  let isSaying = false;
  store.watch(["me", "connection"], async ({ me, connection: { status } }) => {
    if (!kept.about || !me || status !== "connected" || isSaying) return;
    isSaying = true;
    if (await say(kept.about, line, connection)) {
      delete kept.about;
      await keep(kept).catch(() => {});
    }
    isSaying = false;
  });
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
  };
  later(() => loaded().catch(() => {}));
}

/**
 * @param {import("./log.js").About} about
 * @param {Line} line
 * @param {import("../connection/connection.js").Connection} connection
 */
async function say(about, line, connection) {
  const sealed = await line.retitling(about);
  const ack = await request(connection.socket, "send_message", { room_id: connection.roomId, ...sealed });
  return ack.ok;
}

/**
 * The link's, or the one this browser has. What the address holds goes from it, and from the history.
 * @param {string} roomId
 * @param {string[]} [oldRoomIds] its links until now: replacing one doesn't change the key
 * @returns {Promise<import("./kept.js").Kept>}
 */
async function keyOf(roomId, oldRoomIds = []) {
  const given = fromAddress();
  const kept = await keptOf(roomId, oldRoomIds).catch(() => undefined);
  if (kept && (!given || equal(given.link.key, kept.key))) {
    if (given) history.replaceState(history.state, "", location.pathname + location.search);
    return kept;
  }
  // Another page shows the server that it is this one's before it is kept.
  location.replace(`${pathOf(roomId)}/key${given?.fragment ?? ""}`);
  return new Promise(() => {});
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
  return others.flatMap(([id, points]) => points.map((point, at) => ({ name: names.get(id) ?? id, point, isNew: at > 0 })));
}

/** @param {import("../encryption/chain.js").Fault[]} faults */
function tellFaults(faults) {
  const words = {
    repeated: "The server showed a message twice.",
    disordered: "The server showed messages in a different order than before.",
    disagrees: "Someone here was shown different messages from you. The server may be leaving some out.",
    from_the_future: "A message claims to follow one that came after it.",
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
