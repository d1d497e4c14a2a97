// @ts-check
// What whoever comes back after a while is told.
import assert from "node:assert/strict";
import { test } from "node:test";

import { missedInWords } from "../../parley/static/js/state/missed.js";

const NONE = { pictures: 0, videos: 0, audio: 0, documents: 0 };
const words = (counts, fields = {}) => {
  const by = Object.entries(counts).map(([username, count]) => ({ username, count }));
  const unread = by.reduce((sum, { count }) => sum + count, 0);
  return missedInWords({ unread, by, mentions: [], replies: [], files: NONE, ...fields });
};
const files = (some) => words({ Ada: 9 }, { files: { ...NONE, ...some } }).replace("9 messages from Ada.", "").trim();

test("it says how much was said and by whom", () => {
  assert.equal(words({ Ada: 1 }), "1 message from Ada.");
  assert.equal(words({ Ada: 2, Ben: 1 }), "3 messages: 2 from Ada and 1 from Ben.");
  assert.equal(words({ Ada: 4, Ben: 3, Cleo: 2, Dan: 1 }), "10 messages: 4 from Ada, 3 from Ben, 2 from Cleo and 1 more.");
  assert.equal(words({ Ada: 1000 }, { more: true }), "Over 1,000 messages from Ada.");
  assert.equal(words({ ["A".repeat(40)]: 2 }), `2 messages from ${"A".repeat(23)}….`);
});

test("it says what of it means one", () => {
  assert.equal(words({ Ada: 9 }, { mentions: [4], replies: [5, 6] }), "9 messages from Ada. 1 mentions you and 2 answer you.");
});

test("it says which files came, each by what it is", () => {
  assert.equal(files({}), "");
  assert.equal(files({ pictures: 1 }), "1 picture was shared.");
  assert.equal(files({ documents: 3 }), "3 files were shared.");
  assert.equal(files({ pictures: 2, documents: 1 }), "2 pictures and 1 file were shared.");
  assert.equal(files({ pictures: 1000, videos: 1, audio: 1, documents: 2 }), "1,000 pictures, 1 video, 1 audio clip and 2 files were shared.");
});

test("what means one comes before the files, so that no file is said to answer", () => {
  const said = words({ Ada: 9 }, { replies: [5], files: { ...NONE, pictures: 2 } });
  assert.equal(said, "9 messages from Ada. 1 answers you. 2 pictures were shared.");
});
