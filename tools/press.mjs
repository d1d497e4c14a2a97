// Writes each file once more, pressed by Brotli: node press.mjs SUFFIX NAME…

import { readFileSync, writeFileSync } from "node:fs";
import { brotliCompressSync, constants } from "node:zlib";

const [suffix, ...names] = process.argv.slice(2);
for (const name of names) {
  const content = readFileSync(name);
  const params = {
    [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
    [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
  };
  writeFileSync(name + suffix, brotliCompressSync(content, { params }));
}
