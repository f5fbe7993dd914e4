import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Writable } from "node:stream";
import { fc } from "@holdfast/tools/properties";
import { HoldfastError } from "@holdfast/core/errors";
import { Output, type OutputFlags } from "./output.ts";
import { Progress, progressLine, TransferCounts } from "./progress.ts";
import { TransferReport } from "../transfer/transfer-report.ts";
import { printable } from "@holdfast/core/printable";
import { showJson } from "./screen.ts";
import {
  firstClauses,
  formatBytes,
  formatDuration,
  formatTable,
  formatTime,
  indented,
  unlikeBytes,
  wrapped,
} from "./text.ts";

function sink() {
  const written: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written.push(chunk.toString());
      done();
    },
  });
  return { stream, text: () => written.join("") };
}

async function* pages<Item>(...items: Item[][]): AsyncGenerator<Item[]> {
  for (const page of items) yield await Promise.resolve(page);
}

test("a listing of any number of pages is one JSON document", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.record({ name: fc.string() }, { noNullPrototype: true }))),
      async (listed) => {
        const stdout = sink();
        await new Output({ json: true }, stdout.stream, sink().stream).listing(pages(...listed), () => []);
        assert.deepEqual(JSON.parse(stdout.text()), { items: listed.flat(), next_cursor: null });
      },
    ),
  );
});

test("a listing as text consists only of lines", async () => {
  const stdout = sink();
  await new Output({}, stdout.stream, sink().stream).listing(pages([1, 2], [], [3]), (items) => items.map(String));
  assert.equal(stdout.text(), "1\n2\n3\n");
});

test("a failure is a sentence on stderr, and with --json also a document on stdout", async () => {
  const error = new HoldfastError("not_found", "There is no /x.");
  const [stdout, stderr] = [sink(), sink()];
  await new Output({ json: true }, stdout.stream, stderr.stream).failure(error);
  assert.equal(stderr.text(), "holdfast: There is no /x.\n");
  assert.deepEqual(JSON.parse(stdout.text()), { error: { code: "not_found", message: "There is no /x." } });
  const plain = sink();
  await new Output({}, plain.stream, stderr.stream).failure(error);
  assert.equal(plain.text(), "");
});

test("--quiet hides remarks but not problems", () => {
  const stderr = sink();
  const output = new Output({ quiet: true }, sink().stream, stderr.stream);
  output.note("done");
  output.problem({ path: "/a\u001b[2J", code: "failed", message: "is bad" });
  assert.equal(stderr.text(), "holdfast: /a\\u{1b}[2J: is bad\n");
});

test("--quiet hides confirmations, but not kept items, JSON or requested results", async () => {
  const shown = async (flags: OutputFlags) => {
    const [stdout, stderr] = [sink(), sink()];
    const output = new Output(flags, stdout.stream, stderr.stream);
    await output.done(
      { id: 1 },
      () => ["created"],
      () => ["link"],
    );
    await output.result({ id: 2 }, () => ["listed"]);
    output.say("question");
    return stdout.text() + stderr.text();
  };
  assert.equal(await shown({}), "created\nlink\nlisted\nquestion\n");
  assert.equal(await shown({ quiet: true }), "link\nlisted\nquestion\n");
  assert.equal(await shown({ quiet: true, json: true }), '{"id":1}\n{"id":2}\nquestion\n');
});

test("any input appears on a terminal as text without control characters or extra lines", async () => {
  const strange = fc.string({
    unit: fc.constantFrom("a", "é", "\u001b", "\n", "\r", "\u009b", "\u202e", "\u061c", "\u2028", "\u007f", "\ud800"),
  });
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  const steers = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u202e\u2028\ud800]/;
  await fc.assert(
    fc.asyncProperty(strange, fc.boolean(), async (given, json) => {
      const [stdout, stderr] = [sink(), sink()];
      const output = new Output({ json }, stdout.stream, stderr.stream);
      await output.result({ name: given }, () => [given]);
      await output.listing(pages([given]), (items) => items);
      output.note(given);
      output.problem({ path: given, code: "failed", message: given });
      await output.failure(new HoldfastError("failed", given));
      assert.doesNotMatch(stdout.text() + stderr.text(), steers);
      assert.equal(stderr.text().split("\n").length, 4);
      const documents = stdout.text().split("\n");
      assert.equal(documents.length, json ? 4 : 3);
      if (json) assert.deepEqual(JSON.parse(documents[0] ?? ""), { name: given.replaceAll(/\p{Cs}/gu, printable) });
    }),
  );
});

test("only output.ts and screen.ts write text", () => {
  const sources = join(import.meta.dirname, "..");
  const writing = readdirSync(sources, { recursive: true, encoding: "utf8" }).filter(
    (path) =>
      /(?<!\.test)\.ts$/.test(path) &&
      !path.startsWith("acceptance") &&
      /console\.|(?:stdout|stderr|stream)\)?\??\.write\(|\\u001b/.test(readFileSync(join(sources, path), "utf8")),
  );
  assert.deepEqual(writing.toSorted(), ["output/output.ts", "output/screen.ts"]);
});

test("names cannot control a terminal", () => {
  assert.equal(printable("a\u001b]0;x\u0007\u202eb\u0085"), "a\\u{1b}]0;x\\u{7}\\u{202e}b\\u{85}");
  assert.equal(printable("日本 é 🙂"), "日本 é 🙂");
  assert.equal(printable("not\udcff UTF-8\ud800"), "not\\xff UTF-8\\u{d800}");
});

test("JSON has no lone surrogates, and is otherwise unchanged", () => {
  const stdout = sink();
  const whole = { path: String.raw`\udcff \\ud800 "\u001b"`, tab: "\t", pair: "🙂" };
  showJson(stdout.stream, JSON.stringify({ "b\udcff": "c\ud800", ...whole }));
  assert.deepEqual(JSON.parse(stdout.text()), { "b\\xff": "c\\u{d800}", ...whole });
});

test("sizes, durations, times and tables are readable", () => {
  assert.deepEqual(
    [0, 1023, 1536, 10 * 2 ** 20, 5 * 2 ** 40].map((each) => formatBytes(each)),
    ["0 B", "1023 B", "1.5 KiB", "10 MiB", "5.0 TiB"],
  );
  assert.deepEqual([0, 59, 60, 185, 3723].map(formatDuration), ["0 s", "59 s", "1:00", "3:05", "1:02:03"]);
  assert.equal(formatTime("2026-01-31T12:00:00.123456Z"), "2026-01-31 12:00:00Z");
  assert.deepEqual(
    formatTable(
      [
        ["a", "10"],
        ["bcd", "9"],
      ],
      [1],
    ),
    ["a    10", "bcd   9"],
  );
});

test("progress shows the rate, and the time left once everything is counted", () => {
  const counts = Object.assign(new TransferCounts(), {
    filesDone: 1,
    filesTotal: 4,
    bytesDone: 2 ** 20,
    bytesTotal: 2 ** 22,
  });
  const mib = { bytes: 2 ** 20, work: 2 ** 20 };
  assert.equal(progressLine("put", counts, mib), "put: 1 of 4+ files, 1.0 MiB, 1.0 MiB/s");
  assert.doesNotMatch(progressLine("put", counts, mib, 100), /#/, "a bar of what is still being counted runs back");
  counts.totalIsFinal = true;
  assert.equal(progressLine("put", counts, mib), "put:  25 % 1 of 4 files, 1.0 MiB, 1.0 MiB/s, 3 s left");
  const bar = progressLine("put", counts, mib, 100);
  assert.match(bar, /^put \[#+-+\] {2}25 % 1 of 4 files/);
  for (const columns of [10, 40, 80, 200])
    assert.ok(progressLine("put", counts, { bytes: 1, work: 1 }, columns).length < columns);
  assert.equal(progressLine("put", counts, mib, 40), "put  25 % 1 of 4 files, 1.0 MiB", "no number is cut off");
});

test("a line without space drops whole clauses from its end, even with line breaks in them", () => {
  assert.equal(firstClauses("in sync, 2 problems: a\nb", 12), "in sync");
  assert.equal(firstClauses("two\nlines without a clause", 9), "two\nlines…");
});

test("a sentence is broken between words, and a quoted command stays whole", () => {
  const text = "3 deletions wait for you: 'holdfast deletes ls' shows them";
  assert.deepEqual(wrapped(text, 40), ["3 deletions wait for you:", "'holdfast deletes ls' shows them"]);
  assert.deepEqual(wrapped(text, 30), ["3 deletions wait for you:", "'holdfast deletes ls' shows", "them"]);
  assert.deepEqual(wrapped("a name  with two  spaces", 17), ["a name  with two", "spaces"], "as it is");
  assert.deepEqual(indented("one two three four five six", 20, "! "), ["! one two three four", "  five six"]);
  const command = "start it with: holdfast sync /home/ann/documents/of/the/office";
  assert.equal(indented(command, 30, "! ").at(-1), "  /home/ann/documents/of/the/office", "people copy it");
});

test("two different sizes in one sentence never look the same", () => {
  const mib = 2 ** 20;
  assert.deepEqual(unlikeBytes(9 * mib, 5 * mib), ["9.0 MiB", "5.0 MiB"]);
  assert.deepEqual(unlikeBytes(5_977_002, 5_977_001), ["5,977,002 bytes", "5,977,001 bytes"]);
});

test("if files themselves take time, the share and the time left count files as well as bytes", () => {
  const counts = Object.assign(new TransferCounts(), {
    filesDone: 100,
    filesTotal: 10_000,
    bytesDone: 2 ** 30,
    bytesTotal: 2 ** 30 + 9900,
    totalIsFinal: true,
  });
  assert.match(progressLine("export", counts, { bytes: 0, work: 200 }), /^export: {2}99 % 100 of 10,000 files/);
  counts.fileCostBytes = 128 * 1024;
  const line = progressLine("export", counts, { bytes: 0, work: 200 * counts.fileCostBytes });
  assert.match(line, /^export: {2}45 % 100 of 10,000 files, 1\.0 GiB, 0 B\/s, 50 s left$/);
});

test("before the first transfer, progress shows the number of files found or listed", () => {
  const counts = Object.assign(new TransferCounts(), { filesTotal: 12_400 });
  const none = { bytes: 0, work: 0 };
  assert.equal(progressLine("put", counts, none, 80), "put: looking for files… 12,400");
  const report = new TransferReport(new Output({}, sink().stream, sink().stream), "received");
  report.counts.search = { doing: "listing files", found: 0 };
  assert.equal(progressLine("get", report.counts, none, 80), "get: listing files");
  const page = Array.from({ length: 1000 }, (_, at) => ({ kind: at === 0 ? "folder" : "file", size: 10 }));
  report.listed(page, false);
  assert.equal(progressLine("get", report.counts, none, 80), "get: listing files… 999");
  report.planned(10);
  report.done(10);
  assert.equal(progressLine("get", report.counts, none), "get: 1 of 999+ files, 10 B, 0 B/s");
  report.listed(page, true);
  assert.equal(
    progressLine("get", report.counts, { bytes: 1, work: 1998 }),
    "get:   0 % 1 of 1,998 files, 10 B, 1 B/s, 10 s left",
  );
  report.counts.totalIsFinal = true;
  assert.equal(progressLine("get", report.counts, none), "get: 100 % 1 of 1 file, 10 B, 0 B/s");
});

test("no time left is shown before the rate is known, even after a slow start", (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const { stream, text } = sink();
  const counts = Object.assign(new TransferCounts(), { filesTotal: 4, bytesTotal: 2 ** 30, totalIsFinal: true });
  let seconds = 0;
  const progress = new Progress(counts, { stream, quiet: false, nowMs: () => seconds * 1000, label: "export" });
  for (const mibDone of [0, 1, 501]) {
    seconds += 5;
    counts.bytesDone = mibDone * 2 ** 20;
    t.mock.timers.tick(5000);
  }
  progress.stop();
  assert.deepEqual(text().trimEnd().split("\n"), [
    "export:   0 % 0 of 4 files, 0 B, 0 B/s",
    "export:   0 % 0 of 4 files, 1.0 MiB, 102 KiB/s",
    "export:  48 % 0 of 4 files, 501 MiB, 50 MiB/s, 5 s left",
  ]);
});

test("progress is a bar only on a terminal, and nothing with --quiet", (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const show = (flags: { isTTY: boolean; quiet: boolean; waitsForFile?: boolean }, counts = new TransferCounts()) => {
    const { stream, text } = sink();
    const { isTTY, ...options } = flags;
    const terminal = Object.assign(stream, { isTTY, columns: 80 });
    const progress = new Progress(counts, { ...options, stream: terminal, nowMs: () => 0, label: "get" });
    t.mock.timers.tick(6000);
    progress.stop();
    return text();
  };
  assert.ok(show({ isTTY: true, quiet: false }).startsWith("\rget"));
  assert.equal(show({ isTTY: false, quiet: false }), "get: looking for files\n");
  assert.equal(show({ isTTY: true, quiet: true }), "");
  assert.equal(show({ isTTY: true, quiet: false, waitsForFile: true }), "");
  const begun = Object.assign(new TransferCounts(), { filesTotal: 1 });
  assert.ok(show({ isTTY: true, quiet: false, waitsForFile: true }, begun).startsWith("\rget"));
});
