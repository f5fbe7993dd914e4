import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { test } from "node:test";
import { Progress, TransferCounts } from "./progress.ts";

test("equal files count as done and not as rate, and bytes on their way count before their block has arrived", (t) => {
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
