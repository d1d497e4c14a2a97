// @ts-check
// What a message says of a picture's small one: taken where it and the server agree, and nothing else is.
import assert from "node:assert/strict";
import { test } from "node:test";

import { sealedLength } from "../../parley/static/js/encryption/files.js";
import { SealedFiles } from "../../parley/static/js/sealed/files.js";

const KEY = "A".repeat(43);
const PICTURE = { id: "large", key: KEY, name: "lake.jpg", type: "image/jpeg", size: 5_000_000, width: 3000, height: 2000 };
const SMALL = { id: "small", key: KEY, size: 80_000, type: "image/webp" };

/**
 * @param {object} picture
 * @param {{id: string, size: number}[]} attachments
 */
function read(picture, attachments = [PICTURE, SMALL], /** @type {object[]} */ others = []) {
  const files = new SealedFiles();
  const told = attachments.map(({ id, size }) => /** @type {any} */ ({ id, size: sealedLength(size) }));
  return { files, shown: files.joined(told, [picture, ...others]) };
}

test("it is known by what the message says, and is no file of its own", () => {
  const { files, shown } = read({ ...PICTURE, preview: { ...SMALL, width: 5, name: "x" } });
  assert.deepEqual(shown.map(({ id }) => id), ["large"]);
  assert.ok(!JSON.stringify(shown).includes(KEY));
  assert.deepEqual(files.known.get("large")?.preview, SMALL);
  assert.deepEqual(files.knownSmall.get("small"), SMALL);
  assert.deepEqual(files.named(["large"])[0].preview, SMALL); // an edit tells it again
});

/** @type {Record<string, [object, {id: string, size: number}[]?, object[]?]>} */
const REFUSED = {
  "one that the server doesn't name": [SMALL, [PICTURE]],
  "one of another length": [SMALL, [PICTURE, { id: "small", size: 80_001 }]],
  "one that is too large": [{ ...SMALL, size: 102_401 }, [PICTURE, { id: "small", size: 102_401 }]],
  "one that browsers might run": [{ ...SMALL, type: "image/svg+xml" }],
  "one without a key": [{ ...SMALL, key: "A" }],
  "the picture itself": [{ ...SMALL, id: "large", size: 5_000_000 }],
  "another file of the message": [SMALL, [PICTURE, SMALL], [{ ...PICTURE, id: "small", size: 80_000 }]],
  "none": [/** @type {any} */ (null)],
};
for (const [what, [preview, attachments, others]] of Object.entries(REFUSED)) {
  test(`${what} is not taken, and the picture is shown all the same`, () => {
    const { files, shown } = read({ ...PICTURE, preview }, attachments, others);
    assert.equal(shown[0].id, "large");
    assert.equal(files.known.get("large")?.preview, undefined);
    assert.equal(files.knownSmall.size, 0);
  });
}

test("what isn't shown as a picture has none", () => {
  const { files } = read({ ...PICTURE, type: "application/pdf", preview: SMALL });
  assert.equal(files.knownSmall.size, 0);
});
