import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Cell } from "../../base/db/shards.ts";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import { noteBackupSchedule } from "./backup-schedule.ts";
import { readBackups } from "./backups.ts";
import { noteBackup } from "./last-backup.ts";
import { noteDrill } from "./last-drill.ts";

const madeAt = "2026-01-31T09:00:00.000Z";
const ids = { place_id: "place", id: "backup", run: "run" };

let databases: TestDatabases;
let db: Cell["db"];
before(async () => {
  databases = await startTestDatabases({ fsync: false });
  db = databases.cells.all()[0]!.db;
});
after(() => databases.stop());

test("a backup made by hand is reported without a schedule, and its place without a password", async () => {
  const place = "s3://backups/drive?endpoint=https://keeper:secret@store.example";
  await noteBackup(db, { ...ids, place, consistent_at: madeAt });
  const { place: shown, ...others } = await readBackups(databases.cells);
  assert.deepEqual(others, { every_ms: null, made_at: madeAt, drill: null });
  assert.match(shown ?? "", /^s3:/);
  assert.doesNotMatch(shown ?? "", /secret/);
});

test("a failed drill is reported with its problems and the time of the last completed one", async () => {
  const place = "/mnt/backups";
  await noteBackupSchedule(db, { place, every_ms: 86_400_000, keep: null });
  await noteBackup(db, { ...ids, place, consistent_at: madeAt });
  const times = { tried_at: "2026-02-07T09:00:00.000Z", done_at: madeAt };
  const facts = { backup: "backup", recovery_seconds: 1, recovery_point_seconds: 60, packs: 64 };
  await noteDrill(db, { ...times, ...facts, problems: ["no space"], problem_count: 1 });
  assert.deepEqual(await readBackups(databases.cells), {
    every_ms: 86_400_000,
    place,
    made_at: madeAt,
    drill: { ...times, problems: 1 },
  });
});
