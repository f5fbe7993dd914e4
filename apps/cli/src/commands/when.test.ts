import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { zonedTime } from "../output/text.ts";
import { parseEnd, parseMoment } from "./when.ts";

const zone = process.env["TZ"];
before(() => {
  process.env["TZ"] = "Europe/Berlin";
});
after(() => {
  if (zone === undefined) delete process.env["TZ"];
  else process.env["TZ"] = zone;
});

const nowMs = Date.parse("2026-11-26T12:00:00Z");

test("an end is a duration from the given clock, a day until its last moment here, a minute here, or RFC 3339", () => {
  for (const [text, end, shown] of [
    ["1h", "2026-11-26T13:00:00.000Z", "2026-11-26 14:00:00 +01:00"],
    ["30d", "2026-12-26T12:00:00.000Z", "2026-12-26 13:00:00 +01:00"],
    ["2027-03-01", "2027-03-01T22:59:59.999Z", "2027-03-01 23:59:59 +01:00"],
    ["2028-02-29", "2028-02-29T22:59:59.999Z", "2028-02-29 23:59:59 +01:00"],
    // A day of 23 hours.
    ["2027-03-28", "2027-03-28T21:59:59.999Z", "2027-03-28 23:59:59 +02:00"],
    ["2027-07-01 09:30", "2027-07-01T07:30:00.000Z", "2027-07-01 09:30:00 +02:00"],
    ["2027-01-31T00:00:00Z", "2027-01-31T00:00:00Z", "2027-01-31 01:00:00 +01:00"],
    ["2027-01-31T00:00:00.125-03:30", "2027-01-31T00:00:00.125-03:30", "2027-01-31 04:30:00 +01:00"],
  ] as const) {
    assert.equal(parseEnd(text)(nowMs), end, text);
    assert.equal(zonedTime(end), shown, text);
  }
});

test("a past moment is a duration ago, the start of a day here, a minute here, or RFC 3339", () => {
  for (const [text, moment] of [
    ["2h", "2026-11-26T10:00:00.000Z"],
    ["2026-03-01", "2026-02-28T23:00:00.000Z"],
    ["2026-07-01 09:30", "2026-07-01T07:30:00.000Z"],
    ["2026-01-31T09:00:00.123456789Z", "2026-01-31T09:00:00.123456789Z"],
  ] as const)
    assert.equal(parseMoment(text)(nowMs), moment, text);
});

test("a time beyond the server's range is rejected as it was typed", () => {
  const far = ["9999-12-31", "9999-12-31 23:59", "9999-12-31T23:59:59Z", "2256-01-01", "0050-06-01", "999999w"];
  for (const text of far) {
    const refusal = { code: "usage", message: `"${text}" is not a time between the years 1685 and 2254.` };
    assert.throws(() => parseEnd(text)(nowMs), refusal);
    assert.throws(() => parseMoment(text)(nowMs), refusal);
  }
  assert.match(parseEnd("2254-12-31")(nowMs), /^2254-12-31T22:59:59/);
});

test("any other text is rejected as a time", () => {
  const bad = [
    "",
    "soon",
    "tomorrow",
    "2030",
    "2027-02",
    "2027-02-30",
    "2027-13-01",
    "2027-00-10",
    "2027-1-5",
    "03/04/2027",
    "March 4, 2027",
    "20270304",
    "1772582400",
    "2027-02-30T00:00:00Z",
    "2027-03-01T24:00:00Z",
    "2027-03-01T09:60:00Z",
    "2027-03-01T00:00:00",
    "2027-03-01T09:00Z",
    "2027-03-01T00:00:00+24:00",
    "2027-03-01T00:00:00 Z",
    "+12027-01-01",
    "2027-03-01 24:00",
    "2027-03-01 9:00",
    "2027-03-01 09:00:00",
    "2027-03-01  09:00",
    "2027-02-29 09:00",
    " 2027-03-01",
    "2027-13-01 09:00",
    "2027-01-01 25:00",
    "2027-03-28 02:30",
    "1.5h",
    "-1h",
    "1h30m",
    "30",
    "1y",
  ];
  for (const text of bad) {
    assert.throws(() => parseEnd(text), { code: "usage" }, text);
    assert.throws(() => parseMoment(text), { code: "usage" }, text);
  }
  for (const past of ["0d", "2020-01-01", "2026-11-25", "2026-11-26 12:59", "2026-11-26T12:00:00Z"])
    assert.throws(() => parseEnd(past)(nowMs), { code: "usage", message: `${past} is in the past.` });
  assert.ok(parseEnd("2026-11-26")(nowMs), "today has not ended");
  assert.throws(() => parseEnd("999999w")(nowMs), { code: "usage" });
  assert.throws(() => parseMoment("999999w")(nowMs), { code: "usage" });
});
