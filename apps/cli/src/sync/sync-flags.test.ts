import assert from "node:assert/strict";
import { test } from "node:test";
import { shellWord } from "@holdfast/core/shell-word";
import { parseBrake, parsePath, parseRate } from "./sync-flags.ts";

test("a rate is bytes per second, with or without a unit", () => {
  const rates = ["1000", "500K", "0.25M", "2mB/s", "1G"].map((text) => parseRate(text, "--limit-up"));
  assert.deepEqual(rates, [1000, 500_000, 250_000, 2_000_000, 1_000_000_000]);
  assert.equal(parseRate(undefined, "--limit-up"), undefined);
  for (const text of ["", "fast", "0", "999", "-1", "1T", "1e6", "1 M"]) {
    assert.throws(() => parseRate(text, "--limit-up"), { code: "usage", message: /--limit-up is/ }, text);
  }
});

test("a brake is a number from 1, off or on", () => {
  assert.deepEqual(["1", "500", "off", "on"].map(parseBrake), [1, 500, "off", "on"]);
  for (const text of ["", "0", "-1", "1.5", "On"]) assert.throws(() => parseBrake(text), { code: "usage" }, text);
});

test("an excluded path must be in the synced folder", () => {
  const paths = ["photos/raw", "./photos/raw/", "/photos/raw", "a b", "..."].map((text) =>
    parsePath(text, "--exclude"),
  );
  assert.deepEqual(paths, ["photos/raw", "photos/raw", "photos/raw", "a b", "..."]);
  for (const text of ["", "/", "/..", ".", "..", "../x", "a/../b", "a/./b"]) {
    assert.throws(() => parsePath(text, "--exclude"), { code: "usage", message: /a path in the synced folder/ }, text);
  }
});

test("a path in a displayed command can be copied into a shell", () => {
  assert.equal(shellWord("/home/me/Drive"), "/home/me/Drive");
  assert.equal(shellWord("/home/me/it's $HOME"), `'/home/me/it'\\''s $HOME'`);
});
