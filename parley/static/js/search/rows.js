// @ts-check
// A message that was found, with the words around. `templates/parts/found.html` makes the same on the server.
import { pathOf } from "../browser/root.js";
import { showTime } from "../browser/time.js";
import { between } from "../connection/between.js";
import { titleOf } from "../room/title.js";
import { make } from "../browser/elements.js";

/**
 * @param {import("./asking.js").Result} result
 * @param {{roomId: string, typed: string, by: string}} asked
 */
export function rowOf({ message, snippet, room_id: roomId, title }, asked) {
  const { seq } = message;
  const time = make("time", { "data-format": "date" });
  showTime(time, message.timestamp);
  const head = make("span", { class: "found-head" }, [make("bdi", { class: "found-author" }, [message.username]), " ", time]);
  const href = `${pathOf(roomId ?? asked.roomId)}?at=${seq}${between.search ? "" : `&${wayBack(asked)}`}#m-${seq}`;
  const link = make("a", { href, "data-seq": String(seq) });
  if (roomId && title) link.append(make("span", { class: "found-title", dir: "auto" }, [titleOf({ title, room_id: roomId })]));
  link.append(head);
  const words = snippet.map(({ text, hit }) => (hit ? make("mark", {}, [text]) : text));
  if (words.length) link.append(make("span", { class: "found-words", dir: "auto" }, words));
  return make("li", { class: "found-row" }, [link]);
}

/** What leads from a result back into the search; the server is told. @param {{typed: string, by: string}} asked */
function wayBack({ typed, by }) {
  return String(new URLSearchParams({ find: typed, ...(by === "relevance" && { by }) }));
}
