import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Writable } from "node:stream";
import * as fc from "fast-check";
import { HoldfastError } from "@holdfast/core/errors";
import { Output } from "./output.ts";
import { Progress, progressLine, TransferCounts } from "./progress.ts";
import { printable } from "@holdfast/core/printable";
import { formatBytes, formatDuration, formatTable, formatTime } from "./text.ts";

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

test("as text a listing is lines and nothing else", async () => {
  const stdout = sink();
  await new Output({}, stdout.stream, sink().stream).listing(pages([1, 2], [], [3]), (items) => items.map(String));
  assert.equal(stdout.text(), "1\n2\n3\n");
});

test("a failure is a sentence on stderr, and with --json a document on stdout too", async () => {
  const error = new HoldfastError("not_found", "There is no /x.");
  const [stdout, stderr] = [sink(), sink()];
  await new Output({ json: true }, stdout.stream, stderr.stream).failure(error);
  assert.equal(stderr.text(), "holdfast: There is no /x.\n");
  assert.deepEqual(JSON.parse(stdout.text()), { error: { code: "not_found", message: "There is no /x." } });
  const plain = sink();
  await new Output({}, plain.stream, stderr.stream).failure(error);
  assert.equal(plain.text(), "");
});

test("quiet silences remarks but not problems", () => {
  const stderr = sink();
  const output = new Output({ quiet: true }, sink().stream, stderr.stream);
  output.note("done");
  output.problem({ path: "/a\u001b[2J", code: "failed", message: "is bad" });
  assert.equal(stderr.text(), "holdfast: /a\\u{1b}[2J: is bad\n");
});

test("whatever it is given, a terminal gets text: nothing that steers it, and no line more than was meant", async () => {
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
      if (json) assert.deepEqual(JSON.parse(documents[0] ?? ""), { name: given });
    }),
  );
});

test("nothing else of the command writes text than the one function", () => {
  const sources = join(import.meta.dirname, "..");
  const writing = readdirSync(sources, { recursive: true, encoding: "utf8" }).filter(
    (path) =>
      /(?<!\.test)\.ts$/.test(path) &&
      !path.startsWith("acceptance") &&
      /console\.|(?:stdout|stderr|stream)\)?\??\.write\(|\\u001b/.test(readFileSync(join(sources, path), "utf8")),
  );
  assert.deepEqual(writing.toSorted(), ["output/output.ts", "output/screen.ts"]);
});

test("names cannot steer a terminal", () => {
  assert.equal(printable("a\u001b]0;x\u0007\u202eb\u0085"), "a\\u{1b}]0;x\\u{7}\\u{202e}b\\u{85}");
  assert.equal(printable("日本 é 🙂"), "日本 é 🙂");
});

test("sizes, durations, times and tables read well", () => {
  assert.deepEqual([0, 1023, 1536, 10 * 2 ** 20, 5 * 2 ** 40].map(formatBytes), [
    "0 B",
    "1023 B",
    "1.5 KiB",
    "10 MiB",
    "5.0 TiB",
  ]);
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

test("progress tells the rate, and the time left once all is counted", () => {
  const counts = Object.assign(new TransferCounts(), {
    filesDone: 1,
    filesTotal: 4,
    bytesDone: 2 ** 20,
    bytesTotal: 2 ** 22,
  });
  assert.equal(progressLine("put", counts, 2 ** 20), "put: 1 of 4+ files, 1.0 MiB, 1.0 MiB/s");
  counts.totalIsFinal = true;
  assert.equal(progressLine("put", counts, 2 ** 20), "put:  25 % 1 of 4 files, 1.0 MiB, 1.0 MiB/s, 3 s left");
  const bar = progressLine("put", counts, 2 ** 20, 100);
  assert.match(bar, /^put \[#+-+\] {2}25 % 1 of 4 files/);
  for (const columns of [10, 40, 80, 200]) assert.ok(progressLine("put", counts, 1, columns).length < columns);
});

test("progress is a bar on a terminal only, and nothing when quiet", (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const show = (flags: { isTTY: boolean; quiet: boolean }) => {
    const { stream, text } = sink();
    const terminal = Object.assign(stream, { isTTY: flags.isTTY, columns: 80 });
    const progress = new Progress(new TransferCounts(), {
      stream: terminal,
      quiet: flags.quiet,
      nowMs: () => 0,
      label: "get",
    });
    t.mock.timers.tick(6000);
    progress.stop();
    return text();
  };
  assert.ok(show({ isTTY: true, quiet: false }).startsWith("\rget"));
  assert.equal(show({ isTTY: false, quiet: false }), "get: 0 of 0+ files, 0 B, 0 B/s\n");
  assert.equal(show({ isTTY: true, quiet: true }), "");
});
