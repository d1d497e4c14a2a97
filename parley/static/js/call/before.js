// @ts-check
// What one sees before one joins: one's own picture, how loud one is, and with which devices.
import { openDialog } from "../browser/dialogs.js";
import { make } from "../browser/elements.js";
import { recall, remember } from "../browser/saved.js";
import { Devices } from "./devices.js";
import { whyNoCalls } from "./trouble.js";

const LOOK_MS = 100;
/** What a voice close by comes to. */
const LOUD = 0.25;
const KNOWN = "call-known";
const ADDRESSES = "Others in the call can see your network (IP) address, as your devices talk to each other directly. ";

export class Before {
  /**
   * @param {object} parts
   * @param {import("./call.js").Call} parts.call
   * @param {boolean} parts.isRunning
   * @param {HTMLElement} parts.opener
   * @param {() => Promise<string>} parts.join resolves to why not
   * @param {() => void} parts.closed
   */
  constructor({ call, isRunning, opener, join, closed }) {
    this.call = call;
    this.opener = opener;
    this.enter = join;
    this.isClosed = closed;
    this.title = make("h2");
    this.picture = make("video", { class: "call-own", autoplay: "", playsinline: "", "aria-label": "Your camera", hidden: "" });
    this.picture.muted = true;
    this.noPicture = make("p", { class: "call-no-picture" }, ["Your camera is off"]);
    this.meter = make("meter", { class: "call-meter", min: "0", max: "1", "aria-label": "Microphone level" });
    this.audio = make("input", { type: "checkbox", name: "audio" });
    this.video = make("input", { type: "checkbox", name: "video" });
    this.problem = make("p", { class: "problem-line", role: "alert" });
    this.devices = new Devices({ media: call.media, speaker: () => {} });
    this.notice = make("p", { class: "call-notice" });
    this.join = make("button", { class: "button primary", type: "submit" });
    this.cancel = make("button", { class: "button quiet", type: "button" }, ["Cancel"]);
    this.form = make("form", { class: "call-before-form" }, [
      this.title,
      make("div", { class: "call-preview" }, [this.picture, this.noPicture]),
      make("div", { class: "call-choices" }, [
        make("label", { class: "check" }, [this.audio, make("span", {}, ["Microphone"])]), this.meter,
        make("label", { class: "check" }, [this.video, make("span", {}, ["Camera"])]),
      ]),
      this.problem, this.devices.root, this.notice,
      make("p", { class: "actions" }, [this.cancel, this.join]),
    ]);
    this.dialog = make("dialog", { class: "ask call-before" }, [this.form]);
    this.offer(isRunning);
  }

  /** @param {boolean} isRunning */
  offer(isRunning) {
    const title = isRunning ? "Join the call" : "Start a call";
    this.names = isRunning ? ["Join", "Join without microphone"] : ["Start call", "Start without microphone"];
    this.title.textContent = title;
    this.dialog.setAttribute("aria-label", title);
    this.label();
  }

  label() {
    this.join.textContent = this.names[this.audio.checked ? 0 : 1];
  }

  open() {
    document.body.append(this.dialog);
    const why = whyNoCalls();
    if (why) this.refuse(why);
    else this.begin();
    openDialog(this.dialog, this.opener);
    this.join.focus();
    this.dialog.addEventListener("close", () => this.closed(), { once: true });
    this.cancel.addEventListener("click", () => this.dialog.close());
  }

  /** Nobody can call from here. @param {string} why */
  refuse(why) {
    this.problem.textContent = why;
    this.form.replaceChildren(make("h2", {}, ["Calls aren't possible here"]), this.problem, make("p", { class: "actions" }, [this.cancel]));
    this.cancel.textContent = "Close";
    this.join = this.cancel;
    this.form.addEventListener("submit", (event) => event.preventDefault());
  }

  begin() {
    const { call } = this;
    call.changed = () => this.show();
    call.before = (words) => (this.problem.textContent = words);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.go();
    });
    this.audio.addEventListener("change", () => this.wish("audio", this.audio.checked));
    this.video.addEventListener("change", () => this.wish("video", this.video.checked));
    this.timer = setInterval(() => (this.meter.value = Math.min(1, call.media.level / LOUD)), LOOK_MS);
    this.wish("audio", true);
    if (recall("call-video")) this.wish("video", true);
    this.tellOfAddresses();
    this.show();
  }

  /** Until somebody was in a call here once. */
  async tellOfAddresses() {
    const recorded = "Calls are not recorded or transcribed.";
    this.notice.textContent = recorded;
    const { relay_only: isRelayOnly } = await this.call.prepare();
    if (!isRelayOnly && !recall(KNOWN)) this.notice.textContent = ADDRESSES + recorded;
  }

  /** @param {"audio" | "video"} kind @param {boolean} isOn */
  async wish(kind, isOn) {
    this.problem.textContent = "";
    this[kind].checked = isOn;
    if (isOn) {
      this.waits = Promise.all([this.waits, this.call.media.start(kind)]);
      await this.waits;
      this[kind].checked = this.call.media.has(kind);
      this.devices.list();
    } else this.call.media.stop(kind);
    this.label();
  }

  show() {
    const track = this.call.media.tracks.get("video");
    const isShown = /** @type {MediaStream | null} */ (this.picture.srcObject)?.getTracks()[0] === track;
    if (!isShown || !track) this.picture.srcObject = track ? new MediaStream([track]) : null;
    this.picture.hidden = !track;
    this.noPicture.hidden = track !== undefined;
  }

  async go() {
    if (this.join.disabled) return;
    this.join.disabled = true;
    this.problem.textContent = "";
    await this.waits; // what the browser still asks about
    const { call } = this;
    remember("call-video", call.media.has("video") ? "yes" : "");
    const why = this.dialog.open ? await this.enter() : "";
    this.join.disabled = false;
    this.problem.textContent = why;
    if (call.isGone) {
      // It rings at everybody to begin another: that is for whoever presses the button once more.
      call.wanted = "";
      this.offer(false);
    }
    if (why || !call.peer) return;
    remember(KNOWN, "yes");
    this.dialog.close();
  }

  closed() {
    clearInterval(this.timer);
    this.devices.end();
    if (!this.call.peer) this.call.end("");
    this.dialog.remove();
    this.isClosed();
  }
}
