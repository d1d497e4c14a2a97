// @ts-check
// What somebody pressed needs a script, which may not come.
import { announce } from "../transcript/announcer.js";
import { say } from "./toast.js";

const SHOWN_FOR_MS = 6000;
const NOT_THERE = "That didn't load. Check your connection, or reload the page.";

/**
 * They are told where it doesn't come. Resolves to nothing then.
 * @template T
 * @param {Promise<T>} loading
 * @returns {Promise<T | undefined>}
 */
export function orTell(loading) {
  return loading.catch(() => {
    say(NOT_THERE, SHOWN_FOR_MS);
    announce(NOT_THERE);
    return undefined;
  });
}
