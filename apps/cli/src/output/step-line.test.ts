import assert from "node:assert/strict";
import { PassThrough, Writable } from "node:stream";
import { type TestContext, test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { Output, type OutputFlags } from "./output.ts";
import { StepLine } from "./step-line.ts";

function shownSteps(t: TestContext, flags: OutputFlags, isTTY: boolean): string[] {
  t.mock.timers.reset();
  t.mock.timers.enable({ apis: ["setInterval"] });
  let written = "";
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      written += chunk.toString();
      done();
    },
  });
  const stderr = Object.assign(stream, { isTTY, columns: 80 });
  const stdin = Object.assign(new PassThrough(), { isTTY: false });
  const context = { environment: {}, stdin, stdout: new PassThrough(), stderr, exitCode: 0 };
  const line = new StepLine({ context, output: new Output(flags, context.stdout, stderr) }, "backup");
  const tick = (): void => t.mock.timers.tick(100);
  line.begin("opening the server's data");
  tick();
  line.begin("copying the database", { bytes: 2048 });
  line.done(1024);
  tick();
  line.begin("copying packs", { packs: 4, bytes: 4096 });
  line.done(1024);
  tick();
  line.stop();
  tick();
  return (
    stripVTControlCharacters(written)
      .split("\r")
      .filter((each) => each !== "")
      // The rate is measured, and reduces the width of the bar.
      .map((each) => each.replace(/, \S+ \S+B\/s.*/, "").replace(/\[[#-]+\]/, "[…]"))
  );
}

test("each step has its own line, with a bar if its total is known", (t) => {
  assert.deepEqual(shownSteps(t, {}, true), [
    "backup: opening the server's data",
    "backup: copying the database […]  50 % 1.0 KiB of 2.0 KiB",
    "backup: copying packs […]  25 % 1 of 4 packs, 1.0 KiB",
  ]);
});

test("steps are shown only on a terminal, and not with --json or --quiet", (t) => {
  for (const [flags, isTTY] of [
    [{}, false],
    [{ json: true }, true],
    [{ quiet: true }, true],
  ] as const)
    assert.deepEqual(shownSteps(t, flags, isTTY), []);
});
