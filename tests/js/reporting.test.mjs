// @ts-check
// What a report of an encrypted message says of it.
import assert from "node:assert/strict";
import { test } from "node:test";

// What its modules ask for as they are loaded.
const nothing = { addEventListener() {}, querySelector: () => null, getElementById: () => null };
Object.assign(globalThis, {
  addEventListener() {},
  history: {},
  location: { hash: "", pathname: "/", search: "" },
  document: { ...nothing, documentElement: { dataset: {} } },
});
const { textOf } = await import("../../parley/static/js/room/report.js");

const files = [{ name: "lake.jpg" }, { name: "plan.txt" }];

test("files without words are named once", () => {
  const message = /** @type {any} */ ({ message: "lake.jpg, plan.txt", attachments: files });
  assert.equal(textOf(message), "File: lake.jpg\nFile: plan.txt");
});

test("words stand before the files", () => {
  const message = /** @type {any} */ ({ message: "Look", attachments: files });
  assert.equal(textOf(message), "Look\nFile: lake.jpg\nFile: plan.txt");
});
