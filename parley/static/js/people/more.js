// @ts-check
// More people than the list begins with. Loaded when somebody asks for them.
import { ask } from "../connection/wire.js";

const PAGE_PEOPLE = 200;
let isBusy = false;

/** @param {import("./people.js").People} list */
export async function showMore(list) {
  if (isBusy) return;
  isBusy = true;
  const label = list.button.dataset.label ?? list.button.textContent ?? "";
  list.button.dataset.label = label;
  const { people, peopleCursor } = list.store.state;
  const most = list.most + PAGE_PEOPLE;
  const hasMore = people.length >= most || !peopleCursor || (await load(list, peopleCursor));
  list.button.textContent = hasMore ? label : "Couldn't load people. Try again";
  list.most = hasMore ? most : list.most;
  isBusy = false;
  list.show();
}

/**
 * @param {import("./people.js").People} list
 * @param {string} cursor
 * @returns {Promise<boolean>} whether it could be
 */
async function load(list, cursor) {
  list.button.textContent = "Loading…";
  const reply = await ask(`${list.path}?limit=${PAGE_PEOPLE}&cursor=${encodeURIComponent(cursor)}`);
  const isWanted = list.store.state.peopleCursor === cursor; // else a new state came meanwhile
  if (reply.success && isWanted) {
    list.store.dispatch({ type: "people_loaded", participants: reply.participants, cursor: reply.next_cursor });
  }
  return reply.success;
}
