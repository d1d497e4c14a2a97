// Times and days as a page shows them: in English, by the reader's own clock.
import assert from "node:assert/strict";
import { test } from "node:test";

process.env.TZ = "America/New_York";
const { dayName, dayOf, fullDate } = await import("../../parley/static/js/browser/time.js");

const now = new Date("2026-11-28T15:00:00Z");

test("a day is the reader's, not the server's", () => {
  assert.equal(dayOf("2026-11-28T04:59:00Z"), "2026-11-27");
  assert.equal(dayOf("2026-11-28T05:00:00Z"), "2026-11-28");
});

test("days near are called by what they are, others by their date", () => {
  assert.equal(dayName("2026-11-28T05:00:00Z", now), "Today");
  assert.equal(dayName("2026-11-28T04:59:00Z", now), "Yesterday");
  assert.equal(dayName("2026-11-26T12:00:00Z", now), "Thursday 26 November");
  assert.equal(dayName("2025-11-26T12:00:00Z", now), "Wednesday 26 November 2025");
});

test("yesterday is the day before also where the clocks change", () => {
  assert.equal(dayName("2026-10-31T23:30:00-04:00", new Date("2026-11-01T23:30:00-05:00")), "Yesterday");
  assert.equal(dayName("2026-03-07T12:00:00-05:00", new Date("2026-03-08T23:30:00-04:00")), "Yesterday");
});

test("a full date names everything", () => {
  assert.equal(fullDate("2026-11-28T00:05:00Z"), "Friday 27 November 2026 at 19:05");
});
