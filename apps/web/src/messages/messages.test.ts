import assert from "node:assert/strict";
import { test } from "node:test";
import type { LoadedCatalogue } from "./languages.ts";
import { directionOf, languageOf, localeOf } from "./languages.ts";
import { makeMessages } from "./messages.ts";

const messagesOf = (words: Record<string, unknown>, locale: string, hourCycle?: "h12" | "h23") =>
  makeMessages(words as unknown as LoadedCatalogue, locale, hourCycle) as unknown as {
    message: (key: string, values?: Record<string, string | number>) => string;
  } & ReturnType<typeof makeMessages>;
const plain = (text: string) => text.replaceAll(/[\u00A0\u202F]/g, " ");

test("placeholders take formatted values, and placeholder text in a value stays unchanged", () => {
  const words = { moved: "{count} of {all} to {name}" };
  const values = { count: 12_345, all: 20_000, name: "{count}" };
  assert.equal(messagesOf(words, "en-GB").message("moved", values), "12,345 of 20,000 to {count}");
  assert.equal(messagesOf(words, "de-DE").message("moved", values), "12.345 of 20.000 to {count}");
});

test("the plural form follows the language's rule", () => {
  const words = { files: { one: "{count} file", other: "{count} files" } };
  const english = messagesOf(words, "en");
  assert.deepEqual(
    [0, 1, 2, 1.5].map((count) => english.message("files", { count })),
    ["0 files", "1 file", "2 files", "1.5 files"],
  );
});

test("sizes match the command-line client, in the language's number format", () => {
  const { size } = messagesOf({}, "en");
  assert.deepEqual(
    [0, 1, 1023, 1024, 15_500, 1_048_570, 1_234_567, 2_500_000_000, 3e12].map((bytes) => plain(size(bytes))),
    ["0 B", "1 B", "1023 B", "1.0 KiB", "15 KiB", "1.0 MiB", "1.2 MiB", "2.3 GiB", "2.7 TiB"],
  );
  assert.equal(plain(messagesOf({}, "de").size(1_234_567)), "1,2 MiB");
});

test("times within a week are relative, older ones are dates, and future ones are relative too", () => {
  const nowMs = Date.UTC(2026, 5, 15, 12);
  const { ago, day } = messagesOf({}, "en");
  const before = (durationMs: number) => ago(new Date(nowMs - durationMs).toISOString(), nowMs);
  assert.deepEqual([3000, 40_000, 180_000, 7_200_000, 86_400_000, 3 * 86_400_000, -3_600_000].map(before), [
    "now",
    "40 seconds ago",
    "3 minutes ago",
    "2 hours ago",
    "yesterday",
    "3 days ago",
    "in 1 hour",
  ]);
  assert.equal(before(30 * 86_400_000), day(nowMs - 30 * 86_400_000));
  assert.equal(messagesOf({}, "de").ago(nowMs - 86_400_000, nowMs), "gestern");
});

test("short times show the time for today, the day for this year, and the year for earlier ones", () => {
  const nowMs = new Date(2026, 5, 15, 12).getTime();
  const at = (...parts: [number, number, number, number, number]) => new Date(...parts).getTime();
  const { shortTime } = messagesOf({}, "en-US", "h23");
  assert.equal(shortTime(at(2026, 5, 15, 0, 5), nowMs), "00:05");
  assert.equal(shortTime(at(2026, 5, 14, 23, 59), nowMs), "Jun 14");
  assert.equal(shortTime(at(2026, 0, 1, 0, 0), nowMs), "Jan 1");
  assert.equal(shortTime(at(2025, 11, 31, 23, 59), nowMs), "Dec 31, 2025");
  assert.equal(messagesOf({}, "de").shortTime(at(2026, 2, 12, 8, 0), nowMs), "12. März");
});

test("the clock uses the chosen 12 or 24 hours, and a duration has one unit", () => {
  const at = new Date(2026, 5, 15, 17, 5).getTime();
  assert.match(plain(messagesOf({}, "en-US").dateTime(at)), /5:05 PM/);
  assert.match(messagesOf({}, "en-US", "h23").dateTime(at), /17:05$/);
  assert.match(messagesOf({}, "en-US", "h23").dateTime(at, "second"), /17:05:00$/);
  const { duration } = messagesOf({}, "en");
  assert.deepEqual([200, 8000, 60_000, 150_000, 7_200_000].map(duration), ["1 sec", "8 sec", "1 min", "3 min", "2 hr"]);
});

test("the language is the first one with a catalog, and its locale the browser's own", () => {
  assert.equal(languageOf(["fr-FR", "de-AT", "en"]), "de");
  assert.equal(languageOf(["fr"]), "en");
  assert.equal(languageOf([]), "en");
  assert.equal(languageOf(["constructor"]), "en");
  assert.equal(localeOf("de", ["en", "de-CH"]), "de-CH");
  assert.equal(localeOf("de", ["en"]), "de");
  assert.equal(localeOf("en", ["en-US@posix"]), "en");
  assert.deepEqual(["ar-EG", "he", "de"].map(directionOf), ["rtl", "rtl", "ltr"]);
});
