import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { judgeBackup, judgeDrill, sayRestored } from "./check-backup.ts";
import { judgeRun } from "./check-ldap.ts";
import { judgeCertificate } from "./check-certificate.ts";
import { judgeDatabase } from "./check-databases.ts";
import { judgeRoom } from "./check-disks.ts";
import { judgeReplica } from "./check-replicas.ts";
import { judgeOpenFiles } from "./check-process.ts";
import { checkProxy } from "./check-proxy.ts";
import { checkSync, judgeSync } from "./check-sync.ts";
import { judgeMetadata } from "./check-metadata.ts";
import { withoutOnlyPlace } from "./diagnose.ts";
import type { ReplicaState } from "../../base/db/replicas/replica.ts";
import { ok } from "./finding.ts";
import { judgeClock } from "./judge-clock.ts";

const state = ({ state: found, advice }: { state: string; advice: string | null }) => {
  assert.equal(advice === null, found === "ok", "whatever is not well has an advice");
  return found;
};

test("a disk is ok with free space, a warning with little, and a failure with almost none, of bytes or files", () => {
  const room = { bytes: 1e12, freeBytes: 5e11, files: 1e6, freeFiles: 5e5, hasDatabase: true };
  assert.equal(state(judgeRoom("/data", room)), "ok");
  assert.equal(state(judgeRoom("/data", { ...room, freeBytes: 4e10 })), "warn");
  assert.equal(state(judgeRoom("/data", { ...room, bytes: 2e10, freeBytes: 4e9 })), "warn");
  assert.equal(state(judgeRoom("/data", { ...room, freeBytes: 1e8 })), "fail");
  assert.equal(state(judgeRoom("/data", room, 6e11)), "fail", "below what uploads leave free");
  const advice = (freeBytes: number) => judgeRoom("/data", { ...room, freeBytes }, 1e9).advice ?? "";
  assert.match(
    advice(1e8),
    /^Free at least 858 MiB on this disk.* Reading, deleting and 'holdfast admin gc' still work/,
  );
  assert.match(advice(1e8), /A smaller HOLDFAST_DISK_RESERVE_BYTES lets uploads continue/);
  assert.match(advice(1e6), /space now, without Holdfast.*nothing else is certain to, not even deleting/);
  const unreserved = judgeRoom("/data", { ...room, freeBytes: 1e8 }, 0);
  assert.match(
    `${state(unreserved)}: ${unreserved.detail}`,
    /^fail: .*below 1\.0 GiB PostgreSQL may stop for lack of space/,
  );
  assert.equal(state(judgeRoom("/data", { ...room, freeFiles: 9_000 })), "fail");
  assert.equal(state(judgeRoom("/data", { ...room, files: 0, freeFiles: 0 })), "ok");
});

test("only a disk with the database is reported as too small for it, even while it has free space", () => {
  const mib = 1024 * 1024;
  const judged = (freeMib: number, sizeMib = 200, hasDatabase = true) => {
    const room = { bytes: sizeMib * mib, freeBytes: freeMib * mib, files: 0, freeFiles: 0, hasDatabase };
    const { state: found, detail } = judgeRoom("/data", room);
    return `${found}: ${detail}`;
  };
  const tooSmall = /\/data is on a disk of 200 MiB\. The database needs a disk of at least 256 MiB/;
  assert.match(judged(150), tooSmall);
  assert.match(judged(100), tooSmall);
  assert.match(
    judged(100),
    /^fail: .*less than the reserve of 128 MiB \(HOLDFAST_DISK_RESERVE_BYTES\): uploads are refused/,
  );
  assert.doesNotMatch(judged(150, 200, false), tooSmall);
  assert.match(judged(200, 300), /^warn: \/data: 200 MiB of 300 MiB free \(66 %\)$/);
});

test("an implausibly fast or a slow sync is a warning", () => {
  const judged = (syncMicros: number, isMemory = false) => state(judgeSync("/data", { syncMicros, isMemory }));
  assert.deepEqual([judged(3), judged(60), judged(8_000), judged(200_000)], ["warn", "ok", "ok", "warn"]);
  assert.equal(judged(8_000, true), "warn");
});

test("a folder in memory is recognized, and the check leaves nothing in it", async () => {
  if (!existsSync("/dev/shm")) return;
  for (const [parent, detail] of [
    ["/dev/shm", /is on an in-memory filesystem/],
    [tmpdir(), /takes \d+ us|is on an in-memory filesystem/],
  ] as const) {
    const folder = mkdtempSync(join(parent, "holdfast-doctor-"));
    const settings = {
      databaseUrl: undefined,
      diskReserveBytes: undefined,
      topology: undefined,
      auditSyslog: undefined,
      tls: undefined,
      acme: undefined,
      oidc: undefined,
      ldap: undefined,
      snapshots: { snapshotMs: 1, journalMs: 1 },
      drills: { periodMs: 1, scratch: undefined },
      scrubPeriodMs: 1000,
    };
    const stores = { store: undefined, secondStore: undefined };
    const world = { config: { dataFolder: folder, connectionsMax: 16_384, ...stores, ...settings } };
    const ports = {
      shards: [],
      cells: [],
      keySource: {} as never,
      clock: {} as never,
      random: randomBytes,
      version: "",
    };
    const [finding] = await checkSync({ ...world, ...ports });
    assert.match(finding?.detail ?? "", detail);
    assert.deepEqual(readdirSync(folder), []);
    rmSync(folder, { recursive: true });
  }
});

test("a clock is compared with the times before and after the response, which may be slow", () => {
  const asked = { sentMs: 1_000_000, nowMs: 1_030_000 };
  const judged = (theirsMs: number) => state(judgeClock("the database", theirsMs, asked));
  assert.deepEqual([judged(1_000_000), judged(1_030_000), judged(997_000)], ["ok", "ok", "ok"]);
  assert.deepEqual([judged(980_000), judged(1_060_000)], ["warn", "warn"]);
  assert.deepEqual([judged(0), judged(2_000_000)], ["fail", "fail"]);
});

test("a database without durability is a failure", () => {
  const row = { place: "local", version: "18.4", off: [], isStandby: false };
  assert.equal(state(judgeDatabase(row)), "ok");
  assert.match(judgeDatabase({ ...row, isStandby: true }).detail, /a standby, and no primary answers/);
  const off = judgeDatabase({ ...row, off: ["fsync", "full_page_writes"] });
  assert.equal(state(off), "fail");
  assert.match(off.detail, /fsync = off, full_page_writes = off/);
});

test("a replica that runs no reads is a warning, but not while it is a little behind", () => {
  const judged = (found: Omit<ReplicaState, "database">) =>
    judgeReplica({ database: "replica.example/drive", ...found });
  assert.equal(state(judged({ state: "used", behindBytes: 0 })), "ok");
  assert.equal(state(judged({ state: "behind", behindBytes: 2 ** 20 })), "ok");
  const stopped = judged({ state: "behind", behindBytes: 2 ** 30 });
  assert.equal(state(stopped), "warn");
  assert.equal(stopped.detail, "the read replica replica.example/drive is 1024 MiB behind the primary");
  for (const kind of ["behind", "not_standby", "unreachable"] as const)
    assert.equal(state(judged({ state: kind, behindBytes: undefined })), "warn");
});

test("a missing or old backup is a warning", () => {
  const nowMs = Date.UTC(2026, 1, 20);
  const judged = (atMs: number) => state(judgeBackup("cell main", { place: "/backup", atMs }, nowMs));
  assert.deepEqual([judged(nowMs), judged(Date.UTC(2026, 1, 13))], ["ok", "ok"]);
  assert.equal(judged(Date.UTC(2026, 1, 11)), "warn");
  assert.equal(state(judgeBackup("cell main", undefined, nowMs)), "warn");
  const restored = { restored_at: "2026-02-18T10:00:00.000Z", reached: "2026-02-17T03:00:05.000Z", had_schedule: true };
  const told = sayRestored("cell main", restored);
  assert.equal(state(told), "warn");
  assert.equal(
    told.detail,
    "cell main: restored on 2026-02-18 to the state of 2026-02-17 03:00Z; no backup has been made since",
  );
  assert.match(told.advice ?? "", /Repeat --schedule/);
  assert.doesNotMatch(sayRestored("cell main", { ...restored, had_schedule: false }).advice ?? "", /--schedule/);
  const scheduled = (hours: number) =>
    state(judgeBackup("cell main", { place: "/backup", atMs: nowMs - hours * 3600_000 }, nowMs, 12 * 3600_000));
  assert.deepEqual([scheduled(13), scheduled(30), scheduled(32)], ["ok", "ok", "warn"]);
});

test("the finding about the newest backup and its advice omit a password in the address", () => {
  const place = "s3://backups/drive?endpoint=https://keeper:hunter2@store.example";
  const { detail, advice } = judgeBackup("cell main", { place, atMs: 0 }, Date.UTC(2026, 1, 20));
  assert.match(detail, /the newest is in s3:/);
  assert.match(advice ?? "", /holdfast admin backup s3:/);
  assert.doesNotMatch(`${detail} ${advice}`, /hunter2|keeper/);
});

test("a limit of open files below the limit of connections is a warning", () => {
  assert.equal(state(judgeOpenFiles(20_000, 16_384)), "ok");
  assert.equal(state(judgeOpenFiles(1_024, 16_384)), "warn");
});

test("old metadata in the store is a finding, unless nothing was written since", () => {
  const hourMs = 3600_000;
  const nowMs = 1_900_000_000_000;
  const judged = (madeMs: number | undefined, saidMs: number, logBytes: number, settings = {}) =>
    state(judgeMetadata({ madeMs, saidMs, logBytes }, { snapshotMs: hourMs, journalMs: 60_000, ...settings }, nowMs));
  assert.equal(judged(undefined, 0, 0), "ok");
  assert.equal(judged(undefined, 0, 0, { snapshotMs: undefined, journalMs: undefined }), "warn");
  assert.equal(judged(nowMs - 90 * hourMs, nowMs - 600_000, 1000), "ok");
  assert.equal(judged(nowMs - hourMs, nowMs - hourMs / 2, 1000), "warn");
  assert.equal(judged(nowMs - hourMs, nowMs - hourMs / 2, 0, { journalMs: undefined }), "ok");
  assert.equal(judged(nowMs - 2 * hourMs, nowMs, 5_000_000), "ok");
  assert.equal(judged(nowMs - 4 * hourMs, nowMs, 5_000_000), "warn");
});

test("the result, the failure and the age of a drill are findings", () => {
  const weekMs = 7 * 24 * 3600_000;
  const nowMs = Date.parse("2027-01-31T12:00:00.000Z");
  const done = {
    tried_at: "2027-01-30T12:00:00.000Z",
    done_at: "2027-01-30T12:01:00.000Z",
    recovery_seconds: 60,
    problems: [],
    problem_count: 0,
  };
  const judged = (last: Parameters<typeof judgeDrill>[1]) => state(judgeDrill("cell main", last, nowMs, weekMs));
  assert.deepEqual([judged(undefined), judged(done)], ["ok", "ok"]);
  const damaged = { ...done, problems: ["pack 1 is damaged in the backup"], problem_count: 1 };
  assert.deepEqual([judged(damaged), judged({ ...damaged, recovery_seconds: null })], ["fail", "fail"]);
  const failed = { ...done, tried_at: "2027-01-31T12:00:00.000Z", problems: ["there is no room"], problem_count: 1 };
  assert.deepEqual([judged(failed), judged({ ...failed, done_at: null, recovery_seconds: null })], ["warn", "warn"]);
  const old = { ...done, tried_at: "2027-01-18T12:00:00.000Z", done_at: "2027-01-18T12:01:00.000Z" };
  assert.deepEqual([judged(old)], ["warn"]);
});

test("a failed lookup of accounts is a failure with its reason, and a late one a warning", () => {
  const nowMs = Date.parse("2027-02-01T12:00:00.000Z");
  const tried = (agoMs: number) => (nowMs - agoMs) * 1000;
  const judged = (run: Parameters<typeof judgeRun>[0]) => judgeRun(run, nowMs, 60_000).map(state);
  assert.deepEqual(judged(undefined), []);
  assert.deepEqual(judged({ tried_at: tried(60_000), done_at: tried(60_000), problem: null }), []);
  assert.deepEqual(judged({ tried_at: tried(60_000), done_at: null, problem: "it has nobody" }), ["fail"]);
  assert.deepEqual(judged({ tried_at: tried(600_000), done_at: tried(600_000), problem: null }), ["warn"]);
});

test("a certificate that was not renewed in time is a warning, and an expired one a failure", () => {
  const dayMs = 24 * 3600_000;
  const lifetime = { fromMs: 0, untilMs: 90 * dayMs };
  const judged = (day: number, failures: number | undefined) =>
    judgeCertificate(
      "a",
      lifetime,
      failures === undefined ? undefined : { failures, reason: "it said why" },
      day * dayMs,
    );
  assert.deepEqual(
    [1, 61, 77, 91].map((day) => state(judged(day, 0))),
    ["ok", "ok", "warn", "fail"],
  );
  assert.deepEqual(
    [1, 77, 91].map((day) => state(judged(day, undefined))),
    ["ok", "warn", "fail"],
  );
  assert.equal(state(judged(61, 3)), "warn");
  assert.match(
    judged(61, 3).detail,
    /good until 1970-04-01 00:00 UTC; the last 3 attempts to get one failed: it said why/,
  );
  assert.equal(state(judgeCertificate("a", undefined, { failures: 1, reason: "why" }, 0)), "fail");
});

test("a proxy that sends no client address is a warning, and a server without a proxy has no finding", async () => {
  assert.deepEqual(await checkProxy({}), []);
  const judged = async (recent: { requests: number; entry: string } | undefined) => {
    const [finding] = await checkProxy({ unreadableAddresses: () => recent });
    assert.ok(finding !== undefined);
    return { state: state(finding), detail: finding.detail };
  };
  assert.equal((await judged(undefined)).state, "ok");
  const { state: found, detail } = await judged({ requests: 3, entry: "unknown" });
  assert.equal(found, "warn");
  assert.match(detail, /^3 requests .*"unknown"/);
});

test("findings name the shard or cell only on a server with several", () => {
  const place = (id: string) => ({ id, db: undefined as never, places: [], store: () => assert.fail() });
  const one = { shards: [place("main")], cells: [place("main")] };
  const said = (world: typeof one, detail: string) => withoutOnlyPlace(world, ok("store", detail)).detail;
  for (const [detail, plain] of [
    ["shard main: verified", "verified"],
    ["cell main: no known damage", "no known damage"],
    ["cell main, /copy: an object was written", "/copy: an object was written"],
    ["the store of cell main, /copy is 3 s ahead", "the store, /copy is 3 s ahead"],
    ["the key that opens cell main is missing", "the key that opens the store is missing"],
  ] as const) {
    assert.equal(said(one, detail), plain);
    assert.equal(said({ ...one, cells: [...one.cells, place("other")] }, detail), detail);
  }
});
