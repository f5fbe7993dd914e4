import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { markClearing, unmarkClearing } from "./clearing-marker.ts";
import type { KnownSync } from "./known-syncs.ts";
import { lastStatus, saveLastStatus } from "./last-status.ts";
import type { SyncReport } from "./report.ts";

const signedOut = { path: "", code: "unauthenticated", message: "The login has ended. Run 'holdfast login' again." };

async function stoppedSync(t: TestContext, isPaused: boolean, problem = signedOut): Promise<KnownSync> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-last-status-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const common = { root: "/my drive", server: "http://127.0.0.1:1", account: "ann@example.org", device: "laptop" };
  const report: SyncReport = {
    ...common,
    state: "waiting",
    page_url: null,
    pending_files: 1,
    last_sync_at: null,
    problems: [problem],
    conflicts: [],
    deletions_waiting: 0,
  };
  await saveLastStatus(folder, { report, deletions: [] });
  const ids = { server_id: "s", account_id: "a", remote: "", remote_id: "r", marker: "1" };
  return {
    folder,
    record: { ...common, ...ids, brake: null, is_paused: isPaused, limit_up: null, limit_down: null },
  };
}

test("a stopped, paused sync shows the pause only in its state, and the advice in its problem", async (t) => {
  const { report } = await lastStatus(await stoppedSync(t, true));
  assert.equal(report.state, "paused");
  assert.deepEqual(
    report.problems.map(({ message }) => message),
    [
      "This sync is not running, and no login for http://127.0.0.1:1 is stored. Sign in with: holdfast login http://127.0.0.1:1, or set HOLDFAST_TOKEN, then run 'holdfast resume', then start the sync with: holdfast sync '/my drive'",
      signedOut.message,
    ],
  );
});

test("no new login is requested while the copies are being removed", async (t) => {
  const sync = await stoppedSync(t, false);
  await markClearing(sync.folder);
  assert.deepEqual(
    (await lastStatus(sync)).report.problems.map(({ code }) => code),
    ["clearing"],
  );
  await unmarkClearing(sync.folder);
  assert.deepEqual(
    (await lastStatus(sync)).report.problems.map(({ code }) => code),
    ["not_running", "unauthenticated"],
  );
});

test("for a sync that refused its folder, the advice includes removing it", async (t) => {
  const refused = { path: "", code: "refused", message: "This is not the folder that was synced here before." };
  const { report } = await lastStatus(await stoppedSync(t, false, refused));
  assert.deepEqual(
    report.problems.map(({ message }) => message),
    [
      "This sync stopped and cannot continue as it is. Solve the problem below, then start it with: holdfast sync '/my drive', or remove it (your files stay) with: holdfast sync '/my drive' --forget",
      refused.message,
    ],
  );
});
