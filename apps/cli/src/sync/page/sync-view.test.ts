import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { findPath } from "../find-path.ts";
import type { KnownSync } from "../known-syncs.ts";
import { digestOf, syncView, type ViewParts, viewOf } from "./sync-view.ts";
import { ShownConfiguration, ShownSync } from "./testing-syncs.ts";

const configuration = new ShownConfiguration();
let sync: KnownSync;
let parts: ViewParts;
before(async () => {
  sync = await configuration.addStopped("Drive");
  const limits = { upBytesPerSecond: 1_500_000, downBytesPerSecond: undefined };
  parts = { report: new ShownSync(sync).now, deletions: [], limits };
});
after(() => configuration.close());

test("long lists are truncated and counted, and the view matches its schema", async () => {
  const problems = Array.from({ length: 20_000 }, (_, index) => ({
    path: `many/${index}`,
    code: index % 2 === 0 ? "quota" : "skipped",
    message: index < 2 ? "as the first" : `of its own ${index}`,
  }));
  const conflicts = Array.from({ length: 70 }, (_, index) => `${index} (a's conflicted copy 2026-01-31).txt`);
  const view = await viewOf(sync, { ...parts, report: { ...parts.report, problems, conflicts } });
  assert.deepEqual(syncView.parse(structuredClone(view)), view);
  assert.ok(JSON.stringify(view).length < 50_000);
  const [[problem], [listed]] = [view.problems, view.listed];
  for (const [kind, code] of [
    [problem, "quota"],
    [listed, "skipped"],
  ] as const) {
    assert.deepEqual([kind?.code, kind?.message, kind?.count], [code, "as the first", 10_000]);
    assert.equal(kind?.paths.length, 50);
  }
  assert.deepEqual(problem?.paths[0], { path: "many/0", message: null });
  assert.deepEqual(problem?.paths[1], { path: "many/2", message: "of its own 2" });
  assert.deepEqual([view.conflicts.count, view.conflicts.items.length], [70, 20]);
  assert.deepEqual(view.limits, { up: "1500K", down: "" });
});

test("a stopped client is reported separately from the problems it left", async () => {
  const problems = [{ path: "", code: "not_running", message: "It is not running." }];
  const view = await viewOf(sync, {
    ...parts,
    report: { ...parts.report, problems },
    notRunning: "It is not running.",
  });
  assert.deepEqual([view.state, view.note, view.problems, view.listed], ["not_running", "It is not running.", [], []]);
});

test("an answer's digest identifies exactly the set that was shown", () => {
  const digest = (...ids: string[]): string => digestOf(ids.map((id) => ({ id })));
  assert.equal(digest("a", "b"), digest("a", "b"));
  assert.equal(new Set([digest(), digest("a"), digest("a", "b"), digest("b", "a"), digest("ab")]).size, 5);
});

test("a local path is found only in the sync that contains it", async () => {
  const { root } = sync.record;
  mkdirSync(join(root, "notes"), { recursive: true });
  writeFileSync(join(root, "notes", "plan.txt"), "");
  const found = await findPath(configuration.folder, join(root, "notes/../notes/plan.txt"));
  assert.deepEqual([found.sync.folder, found.path], [sync.folder, "notes/plan.txt"]);
  for (const other of [root, `${root}2/plan.txt`, "/"]) {
    await assert.rejects(findPath(configuration.folder, other), { code: "not_found" }, other);
  }
  rmSync(join(root, "notes"), { recursive: true });
});
