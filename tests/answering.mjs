// @ts-check
// The other side of a test in Python: a line of JSON in, one out.
import { createInterface } from "node:readline";

/** @param {Record<string, (asked: any) => any>} acts */
export async function answer(acts) {
  for await (const line of createInterface({ input: process.stdin })) {
    const { act, ...asked } = JSON.parse(line);
    const said = await Promise.resolve(asked).then(acts[act]).catch((error) => ({ refused: error.reason ?? String(error) }));
    process.stdout.write(`${JSON.stringify(said)}\n`);
  }
}
