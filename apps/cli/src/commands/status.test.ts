import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { formatLocalTime } from "../output/text.ts";
import { newSyncFolder, saveRecord } from "../sync/known-syncs.ts";
import { saveLastStatus } from "../sync/last-status.ts";
import { runHere } from "./testing-run.ts";

test("status shows each sync, and on a terminal the first of many problems of a kind", async (t) => {
  const config = mkdtempSync(join(tmpdir(), "holdfast-status-"));
  t.after(() => rmSync(config, { recursive: true }));
  const whose = { root: "/my drive", server: "https://drive.example", account: "ann@example.org", device: "laptop" };
  const folder = await newSyncFolder(config);
  const ids = { server_id: "s", account_id: "a", remote: "", remote_id: "r", marker: "1" };
  await saveRecord(folder, { ...whose, ...ids, brake: null, is_paused: false, limit_up: null, limit_down: null });
  const paths = Array.from({ length: 16_785 }, (_, at) => `photos/${at}.jpg`);
  const message = "The disk is full.";
  const problems = [
    ...paths.map((path) => ({ path, code: "store_full", message })),
    { path: "a b", code: "unreadable", message: "It cannot be read." },
  ];
  const conflicts = paths.slice(0, 2000);
  const counts = { pending_files: 3, last_sync_at: "2026-01-31T12:00:00Z", deletions_waiting: 20_000 };
  const report = { ...whose, ...counts, state: "waiting" as const, page_url: null, problems, conflicts };
  await saveLastStatus(folder, { report, deletions: [] });

  const head = (time: string): string[] => [
    "/my drive: not running",
    "  ann@example.org at https://drive.example, as laptop",
    `  last in sync ${time}, what has changed since is not known`,
    "  20,000 deletions wait for you: 'holdfast deletes' shows them",
    "  2,000 conflicted: 'holdfast conflicts ls' shows them",
    "  ! Its client is not running. Start it with: holdfast sync '/my drive'",
    "  ! 16,785 files: The disk is full.",
  ];
  const environment = { HOLDFAST_CONFIG_DIR: config };
  const shownOf = async (columns?: number): Promise<string[]> => {
    const { code, stdout } = await runHere(environment, ["status"], columns === undefined ? {} : { columns });
    assert.equal(code, 0);
    return stdout.trimEnd().split("\n");
  };
  assert.deepEqual(await shownOf(80), [
    ...head(formatLocalTime(counts.last_sync_at)),
    ...paths.slice(0, 20).map((path) => `      ${path}`),
    "      and 16,765 more: 'holdfast status | less' lists them",
    "  ! a b: It cannot be read.",
  ]);
  assert.deepEqual(await shownOf(), [
    ...head("2026-01-31 12:00:00Z"),
    ...paths.map((path) => `      ${path}`),
    "  ! a b: It cannot be read.",
  ]);
});
