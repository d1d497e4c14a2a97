// @ts-check
// A program with the client for JavaScript: from its source, or as a server sends it. Asked by test_client_js.py.
import { writeFile } from "node:fs/promises";

import { answer } from "../answering.mjs";

/** @type {any} */
let client = await import("../../parley/static/js/client.js");
/** @type {Record<string, any>} */
const talks = {};
/** @type {Record<string, AsyncGenerator<any, void>>} */
const hearing = {};
/** @type {Promise<any>[]} */
const sending = [];

await answer({
  async use({ url, as }) {
    await writeFile(as, await (await fetch(url)).text());
    client = await import(as);
    return Object.keys(client);
  },
  start: ({ server, ...about }) => client.start(server, about),
  join: named(async ({ who, link, ...wishes }) => {
    talks[who]?.close();
    talks[who] = await client.join(link, wishes);
    hearing[who] = talks[who][Symbol.asyncIterator]();
    const { me, token, seq } = talks[who];
    return { me, token, seq };
  }),
  do: named(async ({ who, what, given = [] }) => (await talks[who][what](...given)) ?? null),
  all: named(async ({ who, what, given = [] }) => {
    const found = [];
    for await (const each of talks[who][what](...given)) found.push(each);
    return found;
  }),
  upload: ({ who, text, name }) => talks[who].upload(new Blob([text]), { name }),
  download: async ({ who, file }) => (await talks[who].download(file)).text(),
  hear: named(async ({ who, count = 1 }) => {
    const said = [];
    while (said.length < count) {
      const { value, done } = await hearing[who].next();
      if (done) return { said, over: true };
      said.push(value.message);
    }
    return { said };
  }),
  listen: ({ who, names }) => {
    hearing[`${who} ${names}`] = talks[who].events(...names);
    return null;
  },
  greet({ who, text }) {
    const newcomers = talks[who].events("user_joined");
    newcomers.next().then(() => talks[who].send(text));
    return null;
  },
  happens: async ({ who, names }) => (await hearing[`${who} ${names}`].next()).value,
  begin({ who, texts }) {
    sending.push(...texts.map((/** @type {string} */ text) => talks[who].send(text)));
    return null;
  },
  finish: async () => (await Promise.all(sending)).map(({ seq }) => seq),
  get: ({ who, what }) => talks[who][what],
  token: ({ who }) => talks[who].token,
  close: ({ who }) => talks[who].close() ?? null,
});
Object.values(talks).forEach((talk) => talk.close()); // or it would stay

/** With its class and code, where it is refused. @param {(asked: any) => Promise<any>} act @returns {(asked: any) => Promise<any>} */
function named(act) {
  return (asked) => act(asked).catch((error) => ({ error: error.name, code: error.code, text: error.message, reason: error.reason }));
}
