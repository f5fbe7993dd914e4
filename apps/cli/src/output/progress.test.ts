import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { test } from "node:test";
import { Progress, progressLine, TransferCounts } from "./progress.ts";

test("equal files count as done but not in the rate, and bytes in transit count before their block is complete", (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  let text = "";
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      text += chunk.toString();
      done();
    },
  });
  const mib = 2 ** 20;
  const counts = Object.assign(new TransferCounts(), { filesTotal: 3, bytesTotal: 100 * mib, totalIsFinal: true });
  let seconds = 0;
  let moved = { countedBytes: 0, contentBytes: 0, allBytes: 0 };
  const options = { stream, quiet: false, nowMs: () => seconds * 1000, label: "put", moved: () => moved };
  const progress = new Progress(counts, options);
  const after = (changes: { bytesDone: number; filesDone: number }, now: typeof moved): void => {
    seconds += 5;
    Object.assign(counts, changes);
    moved = now;
    t.mock.timers.tick(5000);
  };
  after({ bytesDone: 50 * mib, filesDone: 1 }, { countedBytes: 0, contentBytes: 0, allBytes: 5120 });
  after({ bytesDone: 50 * mib, filesDone: 1 }, { countedBytes: 0, contentBytes: 5 * mib, allBytes: 5 * mib });
  const last = { countedBytes: 12 * mib, contentBytes: 12.5 * mib, allBytes: 13 * mib };
  after({ bytesDone: 62 * mib, filesDone: 2 }, last);
  progress.stop();
  assert.deepEqual(text.trimEnd().split("\n"), [
    "put:  50 % 1 of 3 files, 50 MiB, 1.0 KiB/s",
    "put:  55 % 1 of 3 files, 55 MiB, 512 KiB/s, 45 s left",
    "put:  62 % 2 of 3 files, 62 MiB, 1.3 MiB/s, 32 s left",
  ]);
});

test("the width of the bar depends only on the terminal, not on the digits beside it", () => {
  const widthOf = (
    columns: number,
    counts: Partial<TransferCounts>,
    rates: { bytes: number; work: number },
  ): number => {
    const line = progressLine(
      "put",
      Object.assign(new TransferCounts(), { totalIsFinal: true }, counts),
      rates,
      columns,
    );
    return /\[[#-]*\]/.exec(line)?.[0].length ?? 0;
  };
  const few = { filesDone: 1, filesTotal: 2, bytesDone: 1, bytesTotal: 2 };
  const many = { filesDone: 1234, filesTotal: 12_345, bytesDone: 2 ** 29, bytesTotal: 2 ** 30 };
  for (const columns of [80, 120]) {
    const widths = [
      widthOf(columns, few, { bytes: 0, work: 0 }),
      widthOf(columns, many, { bytes: 2 ** 20, work: 2 ** 16 }),
    ];
    assert.deepEqual(widths, Array(2).fill(Math.min(30, columns - 70) + 2), `${columns} columns`);
  }
});
