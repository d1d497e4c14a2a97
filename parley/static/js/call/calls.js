// @ts-check
// Calls on the page of a conversation. Loaded with the first one that runs, or where somebody presses the button; what one
// needs to be in a call comes when one joins.
import { orTell } from "../browser/loading.js";
import { byId } from "../browser/dom.js";
import { recall } from "../browser/saved.js";
import { announce } from "../transcript/announcer.js";
import { Bar } from "./bar.js";
import { isFresh, namesOf, newsOf } from "./words.js";

/** @typedef {{id: string, started_at: string, people: import("./words.js").InCall[]}} Running */

export class Calls {
  /**
   * @param {object} page
   * @param {import("../state/store.js").Store} page.store
   * @param {import("../connection/connection.js").Connection} page.connection
   * @param {import("../people/faces.js").Faces} page.faces
   */
  constructor({ store, connection, faces }) {
    this.store = store;
    this.connection = connection;
    this.faces = faces;
    /** @type {Running | null} */
    this.running = null;
    /** @type {import("./call.js").Call | undefined} */
    this.call = undefined;
    /** @type {import("./stage.js").Stage | undefined} */
    this.stage = undefined;
    this.button = /** @type {HTMLButtonElement} */ (byId("call"));
    /** The call that an owner removed one from. */
    this.barred = "";
    /** @type {import("./ring.js").Ring | undefined} while somebody calls */
    this.ring = undefined;
    this.bar = new Bar({
      press: () => this.press(), leave: () => this.call?.leave(), hush: () => this.hush(),
      mute: () => this.call && this.call.mute(!this.call.media.isMuted),
    });
    // A notification of the call was tapped.
    navigator.serviceWorker?.addEventListener("message", ({ data }) => data?.type === "call" && this.answer());
    /** Whether this connection has told of a call. */
    this.isTold = true;
    store.watch(["connection"], ({ connection: { status } }) => this.moved(status));
    store.watch(["me", "active", "readOnly", "gone"], (state) => this.mayStill(state));
  }

  /** @param {import("../state/store.js").Connection["status"]} status */
  moved(status) {
    if (status !== "connected") this.isTold = false;
    else if (this.call?.peer) this.call.comeBack(0);
    // A call that ended meanwhile is not told of: a new connection hears of one only where there is one.
    else setTimeout(() => this.isTold || this.call?.peer || this.state(null));
  }

  /** @param {string} name of an event @param {any} fields */
  told(name, fields) {
    if (name === "call_state") {
      this.isTold = true;
      this.state(fields.call);
    } else if (name === "call_signal") this.call?.signalled(fields);
    else {
      if (fields.what === "put_out") this.barred = this.running?.id ?? "";
      this.call?.told(fields);
    }
  }

  /** @param {Running | null} running */
  state(running) {
    const before = this.running;
    this.running = running;
    if (running?.id !== this.barred) this.barred = "";
    if (running?.id !== before?.id) this.wasHere = undefined;
    this.call?.state(running);
    if (this.call?.peer) this.say(this.newsSince(before).join(" "));
    else if (running && before?.id !== running.id) this.tellOf(running);
    const isAnswered = running?.people.some(({ user_id: id }) => id === this.store.state.me?.userId);
    if (!running || isAnswered) this.hush();
    this.show();
    if (!running) return;
    if (!this.wasHere) this.comeBack();
    if (location.hash !== "#call") return;
    history.replaceState(history.state, "", location.pathname + location.search);
    this.answer();
  }

  /** @param {Running | null} before */
  newsSince(before) {
    const { call, running } = this;
    // Whom one removed oneself, one was told of.
    const people = (before?.people ?? []).filter(({ user_id: id }) => !call?.removed.has(id) || running?.people.some((each) => each.user_id === id));
    return newsOf(people, running?.people ?? [], call?.peer ?? "");
  }

  /** To whoever isn't in it. @param {Running} running */
  tellOf(running) {
    const name = namesOf(running.people.slice(0, 1), this.store.state.me?.userId);
    const ids = new Set(running.people.map(({ user_id: id }) => id));
    announce(`${name} started a call.`);
    // Two who talk already call nobody.
    const isCalled = ids.size === 1 && !ids.has(this.store.state.me?.userId ?? "") && isFresh(running.started_at);
    if (isCalled && !this.was() && !this.isLooking) this.ringFor();
  }

  async ringFor() {
    this.hush();
    const { running } = this;
    const { Ring } = await import("./ring.js").catch(() => ({ Ring: undefined }));
    if (!Ring || running?.id !== this.running?.id || this.call || this.isLooking || this.ring) return;
    const ring = new Ring({ roomId: this.connection.roomId, over: () => {
      if (this.ring === ring) this.ring = undefined;
      this.show();
    } });
    this.ring = ring;
    this.bar.hush();
    ring.start();
    this.show();
  }

  hush() {
    this.ring?.stop();
  }

  /** By a notification. */
  answer() {
    if (this.running && !this.call && !this.button.hidden) this.press();
  }

  /** Where this page was in a call when it was loaded again. */
  async comeBack() {
    this.wasHere = this.was();
    if (!this.wasHere || this.call) return;
    const allowed = await navigator.permissions?.query({ name: /** @type {PermissionName} */ ("microphone") }).catch(() => undefined);
    // A browser that would ask is not to ask somebody who pressed nothing.
    if (allowed?.state === "granted" && this.running && !this.call) this.join(this.wasHere);
    else this.show();
  }

  /** What this page sent in the call that goes on, if it was in that one. @returns {{id: string, audio: boolean, video: boolean} | undefined} */
  was() {
    try {
      const was = JSON.parse(recall("call", "sessionStorage") || "null");
      return was && was.roomId === this.connection.roomId && was.id === this.running?.id ? was : undefined;
    } catch {
      return undefined;
    }
  }

  /** Into the call, or back to it. */
  press() {
    if (this.call) return this.stage?.open(this.button);
    return this.wasHere && this.running && this.was() ? this.join(this.wasHere) : this.look();
  }

  /** First at oneself. */
  async look() {
    if (this.isLooking) return;
    this.isLooking = true;
    this.hush();
    const loaded = await orTell(Promise.all([import("./before.js"), import("./call.js")]));
    if (!loaded || this.call) return void (this.isLooking = false);
    const [{ Before }] = loaded;
    const call = this.made(loaded[1].Call, this.running?.id);
    import("./stage.js").catch(() => {}); // soon wanted
    new Before({ call, isRunning: this.running !== null, opener: this.button, join: () => this.enter(call), closed: () => (this.isLooking = false) }).open();
  }

  /** Back, without a look at oneself. @param {{id: string, audio: boolean, video: boolean}} was */
  async join({ id, audio, video }) {
    const loaded = await orTell(import("./call.js"));
    if (!loaded || this.call) return;
    const call = this.made(loaded.Call, id);
    await Promise.all([call.media.start("audio"), video && call.media.start("video")]);
    if (!audio) call.media.mute(true);
    const why = await this.enter(call);
    if (why) this.say(why);
  }

  /** @param {typeof import("./call.js").Call} Call @param {string} [wanted] */
  made(Call, wanted) {
    const call = new Call({
      connection: this.connection, store: this.store, wanted,
      changed: () => this.call === call && this.show(), say: (words) => this.say(words, call),
      over: (why) => this.over(call, why),
    });
    return call;
  }

  /** @param {import("./call.js").Call} call @returns {Promise<string>} why not, or nothing */
  async enter(call) {
    if (this.call) return "";
    this.call = call;
    this.hush();
    call.changed = () => this.call === call && this.show(); // what one looked at oneself by is over
    const [why, loaded] = await Promise.all([call.join(), import("./stage.js").catch(() => undefined)]);
    if (why || !loaded || call.isOver) {
      this.call = undefined;
      if (!why) call.leave();
      this.show();
      return why || "The call's window didn't load. Check your connection.";
    }
    byId("conversation").dataset.inCall = "yes";
    this.stage = new loaded.Stage({ call, faces: this.faces, store: this.store });
    this.show();
    this.stage.open(this.button);
    return "";
  }

  /** @param {string} words @param {import("./call.js").Call} [call] who says so */
  say(words, call = this.call) {
    if (!words) return;
    if (call && call !== this.call) return void call.before?.(words); // one doesn't take part yet
    if (this.stage?.isOpen) this.stage.say(words);
    else {
      announce(words);
      this.bar.say(words);
    }
  }

  /** To call again, which nobody's page does by itself. @param {string} words */
  offer(words) {
    announce(words);
    this.bar.say(words, true);
    this.show();
  }

  /** @param {import("./call.js").Call} call @param {string} why */
  over(call, why) {
    if (call !== this.call) return;
    this.call = undefined;
    this.wasHere = undefined;
    if (call.isGone && this.running?.id === call.id) this.running = null;
    delete byId("conversation").dataset.inCall;
    this.stage?.end();
    this.stage = undefined;
    this.show();
    if (why && call.isGone) return this.offer(why);
    if (why) return this.say(why);
    this.bar.hush();
    announce("You left the call.");
  }

  /** @param {import("../state/store.js").State} state */
  mayStill({ me, active, readOnly, gone }) {
    const may = me && active && !gone && (!readOnly || me.role === "owner");
    if (!may && this.call) this.call.end(gone ? "" : "You can't be in calls here any more.");
    if (!may) {
      this.running = null;
      this.hush();
    }
    this.show();
  }

  /** With the next frame: levels, states and tracks come in bursts. */
  show() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.showNow();
    });
  }

  showNow() {
    const { call, running } = this;
    const name = call ? "Open call" : running ? "Join call" : "Call";
    const words = this.button.querySelector("span");
    if (words && words.textContent !== name) words.textContent = name;
    this.button.setAttribute("aria-label", name);
    this.button.title = name;
    this.button.classList.toggle("call-runs", running !== null || call !== undefined);
    this.stage?.show();
    this.bar.show({
      isIn: call !== undefined && call.peer !== "", isMuted: call?.media.isMuted ?? false, wasHere: !call && this.wasHere !== undefined,
      people: call?.peer ? call.people : running?.people ?? [], startedAt: running ? Date.parse(running.started_at) : undefined,
      ownId: this.store.state.me?.userId ?? "", rings: this.ring !== undefined,
      isBarred: this.barred !== "" && !this.store.state.owner,
    });
  }
}
