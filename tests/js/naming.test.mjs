// @ts-check
// Whom "@" is taken to mean while one writes it.
import assert from "node:assert/strict";
import { test } from "node:test";

import { candidates, knownPeople, soughtAt } from "../../parley/static/js/state/naming.js";

const person = (username, fields = {}) => ({ user_id: username, username, role: "member", online: true, ...fields });
const names = (people) => people.map(({ username }) => username);

test("what stands after the last at sign is sought, with its spaces", () => {
  const sought = {
    "@": "", "Hi @Be": "Be", "@Anna Ma": "Anna Ma", "(@B": "B", "@Ben @Cl": "Cl", "你好@李": "李", "@नमि": "नमि",
  };
  assert.deepEqual(Object.fromEntries(Object.keys(sought).map((text) => [text, soughtAt(text)?.name])), sought);
  for (const text of ["", "ada@home", "https://social.example/@B", "@ Ben", "@Ben\nAnd", `@${"x".repeat(129)}`, "é@B"]) {
    assert.equal(soughtAt(text), undefined, text);
  }
});

test("names that begin so come first, then those with a word that does; who is away comes last", () => {
  const people = ["Zoe Ann", "Anna Maria", "ann", "Ben", "李小龍"].map((name) => person(name));
  const away = person("Anders", { online: false });
  assert.deepEqual(names(candidates([away, ...people], "AN")), ["Anna Maria", "ann", "Zoe Ann", "Anders"]);
  assert.deepEqual(names(candidates(people, "anna m")), ["Anna Maria"]);
  assert.deepEqual(names(candidates(people, "李")), ["李小龍"]);
  assert.deepEqual(names(candidates([person("Zoe\u0301")], "zo\u00e9")), ["Zoe\u0301"]);
  assert.deepEqual(candidates(people, "Ben "), []);
});

test("look-alikes are all offered, and nobody twice", () => {
  const twins = [person("Ben", { user_id: "1" }), person("Ben", { user_id: "2", alike: true }), person("Ben", { user_id: "1" })];
  assert.deepEqual(candidates(twins, "b").map(({ user_id }) => user_id), ["1", "2"]);
});

test("at most eight are offered", () => {
  assert.equal(candidates(Array.from({ length: 50 }, (_, at) => person(`Guest ${at}`)), "").length, 8);
});

test("who wrote what is loaded is known too, under their latest name, and not oneself", () => {
  const said = (user_id, username) => ({ user_id, username });
  const state = /** @type {any} */ ({
    me: { userId: "me" }, people: [person("Ben"), person("Me", { user_id: "me" })],
    messages: [said("cleo", "Cleo"), said("cleo", "Cleo M"), said("me", "Me"), said("Ben", "Benny")],
  });
  assert.deepEqual(names(knownPeople(state)), ["Ben", "Cleo M"]);
});
