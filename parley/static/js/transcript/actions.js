// @ts-check
// What can be done with a message, in the order in which it is shown. One more is one more line of `actions`.
import { copyLink, copyWords } from "./copying.js";
import { remove } from "./delete.js";
import { download } from "./download.js";
import { edit } from "./edit.js";
import { MessageMenu } from "./message-menu.js";
import { orTell } from "../browser/loading.js";
import { react } from "../reactions/action.js";
import { startChips } from "../reactions/chips.js";
import { pin, unpin } from "./pin.js";
import { press as pressReaction } from "../reactions/react.js";
import { reply } from "./reply.js";
import { report } from "./report.js";
import { share } from "./share.js";
import { startSwiping } from "./swipe.js";

/**
 * @typedef {import("../state/store.js").State} State
 * @typedef {import("../connection/wire.js").Message} Message
 *
 * @typedef {object} Page what an action may need of the page
 * @property {import("../state/store.js").Store} store
 * @property {import("../connection/connection.js").Connection} connection
 * @property {import("../writing/composer.js").Composer} composer
 * @property {import("./reading.js").Reading} reading
 * @property {import("../writing/replying.js").Replying} replying
 * @property {string} joinLink
 * @property {(message: Message) => void} edit in the composer
 *
 * @typedef {object} Action
 * @property {string} name for programs
 * @property {string} label for people
 * @property {string} key as in `KeyboardEvent.key`; while a message has the focus it does the same
 * @property {string} icon the path of a drawing of 20 by 20
 * @property {(message: Message, state: State) => boolean} isFor whether it is offered for a message, which is stored
 *   and not deleted
 * @property {(message: Message, element: HTMLElement, page: Page) => unknown} run
 * @property {(message: Message, element: HTMLElement, page: Page, close: () => void) => HTMLElement} [inSheet] what stands
 *   for it in a sheet, above the others; `close` closes that
 */

/** @type {Action[]} */
export const actions = [
  reply,
  react,
  edit,
  copyWords,
  copyLink,
  download,
  share,
  pin,
  unpin,
  report,
  remove,
];

// What reactions need beyond what is on the page comes with this file: each file of its own would cut the first page's
// script into more pieces.
export { tellReactions } from "../reactions/news.js";

/**
 * A reaction under a message, or a button that a bot put there.
 * @param {import("../reactions/react.js").Page & {startBots: () => Promise<import("../bots/bots.js").Bots>}} page
 * @param {HTMLElement} message
 * @param {HTMLButtonElement} pressed
 */
export function press(page, message, pressed) {
  if (!("button" in pressed.dataset)) return pressReaction(page, message, pressed);
  return orTell(page.startBots()).then((bots) => bots?.press(message, pressed));
}

/**
 * @param {Page} page
 * @param {Event} [event] that brought somebody to a message, if it is not over
 */
export function startActions(page, event) {
  new MessageMenu(page, actions).start(event);
  startSwiping(page);
  startChips(page.store, event);
}
