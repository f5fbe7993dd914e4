import assert from "node:assert/strict";
import { test } from "node:test";
import type { FileCall, FileDeed } from "./file-call.ts";
import { findUndurable } from "./undurable.ts";

type Deed = readonly [what: FileDeed, path?: string, to?: string];

/** Each call starts when the previous one has ended. */
function recordingOf(deeds: readonly Deed[], before: readonly string[] = []) {
  const calls = deeds.map(([what, path = "", to], at): FileCall => ({ what, path, to, beganAt: at, endedAt: at }));
  return { calls, before: new Set(before), folder: "/f" };
}

function undurable(deeds: readonly Deed[], before: readonly string[] = []): readonly string[] {
  return findUndurable(recordingOf(deeds, before)).atEnd;
}

test("a sync that began before a write had ended does not count for it", () => {
  const calls: FileCall[] = [
    { what: "write", path: "/f/a", beganAt: 0, endedAt: 2 },
    { what: "datasync", path: "/f/a", beganAt: 1, endedAt: 3 },
  ];
  assert.deepEqual(findUndurable({ calls, before: new Set(["/f/a"]), folder: "/f" }).atEnd, ["content of /f/a"]);
});

test("a file named before its content is durable is reported, even if it is durable in the end", () => {
  const deeds: Deed[] = [
    ["make", "/f/t"],
    ["write", "/f/t"],
    ["rename", "/f/t", "/f/a"],
    ["sync", "/f/a"],
    ["sync", "/f"],
  ];
  assert.deepEqual(findUndurable(recordingOf(deeds)), { atEnd: [], namedEarly: ["/f/a"] });
});

test("a folder named before a file in it is durable is reported with that file", () => {
  const deeds: Deed[] = [
    ["write", "/f/d/x"],
    ["rename", "/f/d", "/f/e"],
  ];
  assert.deepEqual(findUndurable(recordingOf(deeds, ["/f/d", "/f/d/x"])).namedEarly, ["/f/e/x"]);
});

test("the content of a folder moves with it, and a hard link is the same file", () => {
  const before = ["/f/d", "/f/d/x"];
  assert.deepEqual(
    undurable(
      [
        ["write", "/f/d/x"],
        ["rename", "/f/d", "/f/e"],
        ["sync", "/f"],
      ],
      before,
    ),
    ["content of /f/e/x"],
  );
  assert.deepEqual(
    undurable(
      [
        ["rename", "/f/d", "/f/e"],
        ["write", "/f/e/x"],
        ["sync", "/f/e/x"],
      ],
      before,
    ),
    ["name /f/e", "removal of /f/d"],
  );
  assert.deepEqual(
    undurable(
      [
        ["write", "/f/d/x"],
        ["link", "/f/d/x", "/f/y"],
        ["sync", "/f/y"],
        ["sync", "/f"],
      ],
      before,
    ),
    [],
  );
});

test("a name that appears and disappears leaves nothing, but the removal of an existing one counts", () => {
  assert.deepEqual(
    undurable([
      ["make", "/f/a"],
      ["write", "/f/a"],
      ["remove", "/f/a"],
    ]),
    [],
  );
  assert.deepEqual(undurable([["remove", "/f/a"]], ["/f/a"]), ["removal of /f/a"]);
  assert.deepEqual(undurable([["open", "/f/a"]], ["/f/a"]), []);
  assert.deepEqual(undurable([["open", "/f/a"]]), ["name /f/a"]);
});

test("two files that exchange their names keep their own content", () => {
  const deeds: Deed[] = [
    ["write", "/f/a"],
    ["exchange", "/f/a", "/f/b"],
  ];
  assert.deepEqual(undurable(deeds, ["/f/a", "/f/b"]), ["content of /f/b", "name /f/a", "name /f/b"]);
  assert.deepEqual(undurable([...deeds, ["syncAll"]], ["/f/a", "/f/b"]), []);
});

test("files outside the folder are ignored", () => {
  assert.deepEqual(
    undurable([
      ["write", "/elsewhere/a"],
      ["make", "/f2/a"],
    ]),
    [],
  );
});
