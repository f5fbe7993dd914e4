import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "@holdfast/tools/properties";
import { HoldfastError } from "./errors.ts";
import { formatTime, microsOfNanos, parseTime } from "./times.ts";

const anyMicros = fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER });

test("every microsecond survives formatting and parsing", () => {
  fc.assert(fc.property(anyMicros, (micros) => parseTime(formatTime(micros)) === micros));
});

test("later times sort later as text", () => {
  fc.assert(fc.property(anyMicros, anyMicros, (left, right) => left < right === formatTime(left) < formatTime(right)));
});

test("an offset denotes the same moment", () => {
  const minutes = fc.integer({ min: -23 * 60 - 59, max: 23 * 60 + 59 });
  const micros = fc.integer({ min: -8_000_000_000_000_000, max: 8_000_000_000_000_000 });
  fc.assert(
    fc.property(micros, minutes, (at, offset) => {
      const away = Math.abs(offset);
      const zone = `${offset < 0 ? "-" : "+"}${pad(Math.trunc(away / 60))}:${pad(away % 60)}`;
      const local = formatTime(at + offset * 60_000_000).replace("Z", zone);
      return parseTime(local) === at;
    }),
  );
});

test("precision beyond a microsecond is truncated", () => {
  assert.equal(parseTime("1970-01-01T00:00:00.123456999Z"), 123_456);
  assert.equal(parseTime("1970-01-01T00:00:01.5Z"), 1_500_000);
  assert.equal(formatTime(-1), "1969-12-31T23:59:59.999999Z");
});

test("any time from a filesystem can be written and read again", () => {
  for (const nanos of [0n, -1n, 1_700_000_000_123_456_789n]) {
    assert.equal(BigInt(microsOfNanos(nanos)), (nanos - (((nanos % 1000n) + 1000n) % 1000n)) / 1000n);
  }
  for (const nanos of [2n ** 63n, -(2n ** 63n), 10n ** 30n, -(10n ** 30n)]) {
    const micros = microsOfNanos(nanos);
    assert.equal(parseTime(formatTime(micros)), micros, `${nanos}`);
  }
});

test("times that do not exist are rejected with the field", () => {
  const wrong = [
    "2026-02-30T00:00:00Z",
    "2026-01-01T24:00:00Z",
    "2026-01-01T23:59:60Z",
    "2026-01-01T00:00:00",
    "2026-01-01T00:00:00+24:00",
    "9999-01-01T00:00:00Z",
    "0001-01-01T00:00:00Z",
    "",
  ];
  for (const text of wrong) {
    assert.throws(
      () => parseTime(text, "since"),
      (error: unknown) => error instanceof HoldfastError && error.code === "invalid_field" && error.field === "since",
      text,
    );
  }
});

function pad(value: number): string {
  return String(value).padStart(2, "0");
}
