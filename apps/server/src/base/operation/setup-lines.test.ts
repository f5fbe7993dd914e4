import assert from "node:assert/strict";
import { test } from "node:test";
import { commandFor, setupLines } from "./setup-lines.ts";

test("the set-up frame names the command in the form in which the server was started", () => {
  const lastLine = (environment: Record<string, string>): string | undefined => {
    const screen = { isTTY: true, columns: 100, command: commandFor(environment) };
    return setupLines("http://127.0.0.1:8420/setup#hfs_a", undefined, screen).at(-2);
  };
  const start = "Valid for 7 days. To get another one:";
  for (const event of ["start", "npx"])
    assert.equal(lastLine({ npm_lifecycle_event: event }), `${start} npx holdfast admin setup-link`);
  for (const environment of [{}, { npm_lifecycle_event: "test" }])
    assert.equal(lastLine(environment), `${start} holdfast admin setup-link`);
});

test("a terminal that reports no size gets lines of the usual width", () => {
  const lines = (columns: number) =>
    setupLines("http://127.0.0.1:8420/setup#hfs_a", undefined, { isTTY: true, columns });
  assert.deepEqual(lines(0), lines(1000));
});
