// @ts-check
// JSON Lines: a line that says what it is, a line a message, and one that says that all of it is there. As the server's,
// but without salts and a proof: the server, which signs those, has not read it. Pure.

/** Where the proof stands in those that have one. */
const END = '{"head":null}\n';
const AT_ONCE = 500;

/** @param {import("./entries.js").Export} told @returns {Generator<string>} */
export function* lines({ head, entries }) {
  yield `${JSON.stringify(head)}\n`;
  for (let at = 0; at < entries.length; at += AT_ONCE) {
    yield entries.slice(at, at + AT_ONCE).map((entry) => `${JSON.stringify(entry)}\n`).join("");
  }
  yield END;
}
