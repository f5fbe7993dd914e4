import assert from "node:assert/strict";
import { appendFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { makeFolder, removeFolder } from "@holdfast/server/acceptance/testing";
import { logLines, readSyncLog, SyncLog } from "./sync-log.ts";

function emptyFolder(t: TestContext): string {
  const folder = makeFolder("sync-log");
  t.after(() => removeFolder(folder));
  return folder;
}

test("past changes are listed in order, and a truncated line is skipped", async (t) => {
  const folder = emptyFolder(t);
  const log = new SyncLog(folder);
  const noonMs = new Date(2026, 0, 31, 12).getTime();
  log.change({ atMs: noonMs, path: "a", what: "created", direction: "up" });
  log.change({ atMs: noonMs + 1000, path: "b", what: "deleted", direction: "down" });
  log.change({ atMs: noonMs + 1000, path: "e/d", from: "d", what: "moved", direction: "up" });
  log.change({ atMs: noonMs + 1000, path: "f", what: "created", direction: "down" });
  log.change({ atMs: noonMs + 1000, path: "f", what: "changed", direction: "down" });
  log.change({ atMs: noonMs + 1000, path: "g/h", what: "share ended", direction: "down" });
  log.note(noonMs + 2000, "problem", "c", "It is locked.");
  await log.end();
  appendFileSync(join(folder, "log.jsonl"), '{"at":"20');
  const entries = await readSyncLog(folder, 10);
  assert.deepEqual(
    entries.flatMap((entry) => logLines({ isTerminal: true, columns: 40 }, entry)),
    [
      "2026-01-31 12:00:00 created here: a",
      "2026-01-31 12:00:01 deleted on the",
      "  server: b",
      "2026-01-31 12:00:01 moved here: e/d",
      "  (from d)",
      "2026-01-31 12:00:01 downloaded: f",
      "2026-01-31 12:00:01 downloaded new",
      "  version: f",
      "2026-01-31 12:00:01 removed here",
      "  because the share ended: g/h",
      "2026-01-31 12:00:02 problem: c: It is",
      "  locked.",
    ],
  );
  const utc = new Date(noonMs).toISOString().replace("T", " ").replace(".000", "");
  const [first = ""] = entries.flatMap((entry) => logLines({ isTerminal: false, columns: undefined }, entry, " (/r)"));
  assert.equal(first, `${utc} created here: a (/r)`);
});

test("the log is bounded: the oldest entries are removed first", async (t) => {
  const folder = emptyFolder(t);
  const path = "x".repeat(1000);
  for (let round = 0; round < 12; round += 1) {
    const log = new SyncLog(folder);
    for (let at = 0; at < 1000; at += 1) log.change({ atMs: round, path, what: "changed", direction: "up" });
    await log.end();
  }
  const sizes = readdirSync(folder).map((name) => statSync(join(folder, name)).size);
  assert.equal(sizes.length, 2);
  assert.ok(
    sizes.every((size) => size < 4 * 2 ** 20),
    String(sizes),
  );
  const kept = await readSyncLog(folder, 100_000);
  assert.equal(kept.at(-1)?.at, new Date(11).toISOString());
  assert.equal((await readSyncLog(folder, 7)).length, 7);
});
