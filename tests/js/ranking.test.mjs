// @ts-check
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

// Read, not imported: no package.json beside it says that it is a module.
const SOURCE = readFileSync(new URL("../../tools/documentation/theme/assets/ranking.js", import.meta.url), "utf8");
const { ranked } = await import(`data:text/javascript,${encodeURIComponent(SOURCE)}`);

/** @param {string} location @param {string} title @param {string} plain */
const section = (location, title, plain) => ({ location, title, plain });
const INDEX = [
  section("owners.html", "For owners", "Unhooked, and hooked again."),
  section("running.html#start", "Start", "The hook is in it."),
  section("hooks.html", "Hooks and webhooks", "Programs post."),
  section("hooks.html#one-hook", "One hook", "An address."),
  section("protocol.html", "Protocol", "Hook HookBody ErrorAck"),
  section("protocol.html#codes", "Codes", "An ErrorAck has one."),
  section("protocol.html#objects", "Objects", ""),
  section("protocol.html#errorack", "ErrorAck", "code"),
  section("protocol.html#hook", "Hook", "Where programs post. hook"),
  section("protocol.html#hookbody", "HookBody", "name"),
];

/** @param {string} words */
const found = (words) => ranked(INDEX, words.split(" ")).map(({ location }) => location);

test("a title before a text, a whole word before a beginning and a middle, tables of types last", () => {
  assert.deepEqual(found("hook"), [
    "hooks.html#one-hook", "hooks.html", "running.html#start", "protocol.html", "owners.html", "protocol.html#hook", "protocol.html#hookbody",
  ]);
});

test("a type that is asked for by its name comes first", () => {
  assert.equal(found("errorack")[0], "protocol.html#errorack");
});

test("all words have to be there", () => {
  assert.deepEqual(found("hook address"), ["hooks.html#one-hook"]);
  assert.deepEqual(found("hook teapot"), []);
});
