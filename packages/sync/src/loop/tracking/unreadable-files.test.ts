import assert from "node:assert/strict";
import { test } from "node:test";
import { transientMs, UnreadableFiles } from "./unreadable-files.ts";

test("after a clock was set back, unreadable items still count as temporary, but not for ten years", () => {
  const files = new UnreadableFiles();
  const scanned = { listed: new Set([""]), unread: new Map([["folder", "EIO"]]), held: new Set<string>() };
  const [beforeMs, afterMs] = [1_800_000_000_000, 1_500_000_000_000];
  files.note(scanned, beforeMs);
  assert.equal(files.isTransient("folder", beforeMs + transientMs.always), false);
  assert.equal(files.isTransient("folder", afterMs), true);
  files.note(scanned, afterMs);
  assert.equal(files.isTransient("folder", afterMs + transientMs.always - 1), true);
  assert.equal(files.isTransient("folder", afterMs + transientMs.always), false);
});

test("an item that disappeared during the scan is no problem, and is scanned again immediately", () => {
  const files = new UnreadableFiles();
  files.note(
    {
      listed: new Set([""]),
      unread: new Map([
        ["gone", "not_found"],
        ["", "not_found"],
      ]),
      held: new Set(),
    },
    0,
  );
  assert.deepEqual(files.problems(0), []);
  assert.equal(files.arePersistent, false);
  assert.equal(files.isTransient("gone", 0), true);
  files.note({ listed: new Set([""]), unread: new Map([["gone", "unavailable"]]), held: new Set() }, 0);
  assert.deepEqual(
    files.problems(0).map(({ path, code }) => [path, code]),
    [["gone", "unreadable"]],
  );
});

test("deletions that wait for an unreadable item are listed after a minute, and until they are sent", () => {
  const files = new UnreadableFiles();
  const unread = new Map([1, 2, 3, 4].map((number) => [`strange ${number}`, "unavailable"]));
  const listed = new Set([""]);
  const held = new Set(["a", "b"]);
  const heldProblems = (nowMs: number) => files.problems(nowMs).filter(({ code }) => code === "deletions_held");
  files.note({ listed, unread, held }, 0);
  assert.deepEqual(heldProblems(59_999), []);
  assert.deepEqual(
    heldProblems(60_000).map(({ path, message }) => [path, message]),
    [
      [
        "",
        "2 deleted files and folders stay on the server, because this device cannot read strange 1, strange 2, strange 3 and 1 more, " +
          "and the missing files may have been moved there. Make them readable, remove them, or exclude them.",
      ],
    ],
  );
  files.note({ listed: new Set(["elsewhere"]), unread: new Map(), held: new Set() }, 60_000);
  assert.equal(heldProblems(60_000).length, 1, "a look elsewhere ends nothing");
  files.note({ listed, unread, held: new Set() }, 60_000);
  assert.deepEqual(heldProblems(120_000), []);
  files.transientMs = transientMs.once;
  files.note({ listed, unread, held }, 0);
  assert.equal(heldProblems(transientMs.once).length, 1, "one run ends long before a minute");
});
