import assert from "node:assert/strict";
import { test } from "node:test";
import { passingMs, UnreadFiles } from "./unread.ts";

test("what could not be read before the clock was set back may still be read in a moment, and not for ten years", () => {
  const files = new UnreadFiles();
  const look = { listed: new Set([""]), unread: new Map([["folder", "EIO"]]) };
  const [beforeMs, afterMs] = [1_800_000_000_000, 1_500_000_000_000];
  files.note(look, beforeMs);
  assert.equal(files.isPassing("folder", beforeMs + passingMs.always), false);
  assert.equal(files.isPassing("folder", afterMs), true);
  files.note(look, afterMs);
  assert.equal(files.isPassing("folder", afterMs + passingMs.always - 1), true);
  assert.equal(files.isPassing("folder", afterMs + passingMs.always), false);
});

test("what vanished while it was looked at is no problem, and is looked at again at once", () => {
  const files = new UnreadFiles();
  files.note(
    {
      listed: new Set([""]),
      unread: new Map([
        ["gone", "not_found"],
        ["", "not_found"],
      ]),
    },
    0,
  );
  assert.deepEqual(files.problems(0), []);
  assert.equal(files.areLasting, false);
  assert.equal(files.isPassing("gone", 0), true);
  files.note({ listed: new Set([""]), unread: new Map([["gone", "unavailable"]]) }, 0);
  assert.deepEqual(
    files.problems(0).map(({ path, code }) => [path, code]),
    [["gone", "unreadable"]],
  );
});
