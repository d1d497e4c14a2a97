// @ts-check
// What a worker has instead of a window.
import { ROOT } from "../browser/root.js";

/**
 * @typedef {object} Scope
 * @property {(type: string, listener: (event: any) => void) => void} addEventListener
 * @property {() => Promise<void>} skipWaiting
 * @property {any} clients
 * @property {any} registration
 * @property {{version: string, root: string, assets: string[]}} [PARLEY] put in front of the worker by the server
 */

export const worker = /** @type {Scope} */ (/** @type {unknown} */ (globalThis));

/** The version of what this worker serves, and the addresses of all that belongs to it. */
export const { version, assets } = worker.PARLEY ?? { version: "", root: "", assets: [] };

/** Answered by no other server but the one that all of this is of, and kept with the rest. */
export const OFFLINE = `${ROOT}/offline`;
