// @ts-check
// Beside the pictures of a call: who is in it, what owners can do, and one's devices.
import { make } from "../browser/elements.js";
import { Devices } from "./devices.js";

export class Panel {
  /**
   * @param {object} parts
   * @param {import("./call.js").Call} parts.call
   * @param {import("../state/store.js").Store} parts.store
   * @param {(id: string) => void} parts.speaker another is to be heard from
   * @param {(words: string) => void} parts.say
   * @param {() => void} parts.close
   */
  constructor({ call, store, speaker, say, close }) {
    this.call = call;
    this.store = store;
    this.say = say;
    this.devices = new Devices({ media: call.media, speaker });
    this.list = make("ul", { class: "call-people" });
    this.muteAll = make("button", { class: "button small", type: "button" }, ["Mute everyone"]);
    this.endAll = make("button", { class: "button small danger", type: "button" }, ["End call for everyone"]);
    this.owners = make("p", { class: "call-owners" }, [this.muteAll, this.endAll]);
    this.muteAll.addEventListener("click", () => this.moderate({ act: "mute_all" }, "Everyone else is muted."));
    this.endAll.addEventListener("click", () => this.moderate({ act: "end" }, ""));
    const closing = make("button", { class: "button small quiet", type: "button", "aria-label": "Close people and devices" }, ["Close"]);
    closing.addEventListener("click", close);
    this.root = make("section", { class: "call-panel", "aria-label": "People and devices", hidden: "", tabindex: "-1" }, [
      make("header", { class: "call-panel-head" }, [make("h3", {}, ["In the call"]), closing]), this.list, this.owners, this.devices.root,
      make("p", { class: "call-notice" }, ["Audio and video are encrypted from device to device. Calls are not recorded or transcribed."]),
    ]);
    this.shown = "";
  }

  toggle() {
    this.root.hidden = !this.root.hidden;
    if (this.root.hidden) return;
    this.devices.list();
    this.root.focus();
  }

  /** @param {import("./call.js").Person[]} people */
  show(people) {
    const isOwner = this.store.state.owner || this.store.state.me?.role === "owner";
    this.owners.hidden = !isOwner;
    const rows = people.map(({ peer, user_id: id, username, isYou, audio, video, screen, hand, isWeak, reached }) => {
      const facts = [reached?.words, hand && "hand raised", !audio && "muted", video && "camera on", screen && "sharing a screen", isWeak && "weak connection"].filter(Boolean);
      return { peer, name: isYou ? `${username} (you)` : username, facts: facts.join(", "), mayRemove: isOwner && !isYou, id };
    });
    const shown = JSON.stringify(rows);
    if (shown === this.shown) return;
    this.shown = shown;
    this.list.replaceChildren(...rows.map(({ peer, name, facts, mayRemove, id }) => {
      const remove = make("button", { class: "button small", type: "button", "aria-label": `Remove ${name} from the call` }, ["Remove"]);
      remove.addEventListener("click", () => this.call.removed.add(id) && this.moderate({ act: "put_out", peer }, `${name} was removed from the call.`));
      return make("li", {}, [make("span", {}, [make("bdi", {}, [name]), make("small", {}, [facts])]), ...(mayRemove ? [remove] : [])]);
    }));
  }

  /** @param {{act: string, peer?: string}} fields @param {string} done */
  async moderate(fields, done) {
    const ack = await this.call.connection.ask("call_moderate", fields);
    this.say(ack.ok ? done : ack.error);
  }
}
