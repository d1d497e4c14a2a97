// @ts-check
// A reporter: a line for each test, with how it ended and the name of its file.
import { basename } from "node:path";

/** @param {AsyncIterable<{type: string, data: {file?: string, todo?: unknown, skip?: unknown}}>} events */
export default async function* eachFile(events) {
  for await (const { type, data } of events) {
    const how = { "test:pass": "pass", "test:fail": "fail" }[type];
    if (how && data.skip === undefined) yield `${how} ${basename(data.file ?? "")}\n`;
  }
}
