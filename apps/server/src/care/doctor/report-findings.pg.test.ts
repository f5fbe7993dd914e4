import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, beforeEach, describe, test } from "node:test";
import { sql } from "kysely";
import { openTestAccounts, type TestAccounts } from "../../features/accounts/testing.ts";
import type { UserRow } from "../../base/db/account-tables.ts";
import { startTwoTestShards, type TestDatabases } from "../../base/db/testing.ts";
import { createUserIn } from "../../features/groups/testing.ts";
import { notificationKind } from "../../features/notifications/notification-kind.ts";
import { openTestQueue, type TestQueue } from "../../base/queue/testing.ts";
import type { CheckName } from "./diagnose.ts";
import { fail, type Finding, of, warn } from "./finding.ts";
import { reportFindings, watchedChecks } from "./report-findings.ts";

const periodMs = 600_000;

describe("Server findings on two shards", () => {
  let databases: TestDatabases;
  let accounts: TestAccounts;
  let queue: TestQueue;
  let administrators: UserRow[];
  let others: UserRow[];
  let found: Partial<Record<CheckName, Finding[]>> = {};
  let examined = 0;

  before(async () => {
    databases = await startTwoTestShards({ fsync: false });
    const { shards } = databases;
    accounts = await openTestAccounts(shards);
    const open = async (bucket: number, email: string, admin: boolean, disabledAt: number | null = null) => {
      const user = await createUserIn(accounts, bucket, email);
      const { db } = shards.ofId(user.id);
      await sql`update shard.users set admin = ${admin}, disabled_at = ${disabledAt} where id = ${user.id}`.execute(db);
      return user;
    };
    administrators = [await open(5, "low@example.org", true), await open(3000, "high@example.org", true)];
    others = [await open(3001, "former@example.org", true, 1), await open(6, "member@example.org", false)];
    const world = { shards, random: randomBytes, wake: () => {} };
    queue = openTestQueue(shards, { notification: notificationKind(world) }, accounts.clock);
  });
  after(async () => {
    await queue.queue.stop();
    await databases.stop();
  });
  beforeEach(async () => {
    [found, examined] = [{}, 0];
    for (const { db } of databases.shards.all()) {
      await sql`delete from shard.server_findings`.execute(db);
      await sql`delete from shard.notifications where kind = 'server'`.execute(db);
    }
  });

  const { signal: unstopped } = new AbortController();
  /** Any process can run it, because the state is only in the database. */
  const runChecks = async (laterMs = periodMs, signal = unstopped) => {
    accounts.clock.forwardMs(laterMs);
    const examine = async (name: CheckName) => {
      examined += 1;
      return found[name] ?? [];
    };
    const { shards } = databases;
    const kick = queue.queue.kick.bind(queue.queue);
    await reportFindings({ shards, clock: accounts.clock, examine, kick }, periodMs, signal);
    await queue.queue.idle();
  };
  const reportedTo = async ({ id }: UserRow) => {
    const { rows } = await sql<{ detail: Record<string, unknown> }>`
      select detail from shard.notifications where user_id = ${id} and kind = 'server' order by number`.execute(
      databases.shards.ofId(id).db,
    );
    return rows.map(({ detail }) => detail);
  };
  const full = (subject: string) => of(subject, warn("disk", `${subject}: 1 GB free`, "Make room."));

  test("are reported once to each administrator who can sign in, on either shard, and to no other account", async () => {
    found = { disk: [full("/data")] };
    await runChecks();
    assert.deepEqual(await reportedTo(administrators[0] as UserRow), [], "one run is not enough");
    await runChecks();
    await runChecks();
    const detail = { check: "disk", state: "warn", before: "ok", detail: "/data: 1 GB free", advice: "Make room." };
    for (const administrator of administrators) assert.deepEqual(await reportedTo(administrator), [detail]);
    for (const other of others) assert.deepEqual(await reportedTo(other), []);
  });

  test("are reported separately, and as ok when their subject is gone", async () => {
    const [administrator] = administrators as [UserRow];
    found = { disk: [full("/data")] };
    await runChecks();
    await runChecks();
    found = { disk: [full("/data"), full("/store")] };
    await runChecks();
    await runChecks();
    assert.deepEqual(
      (await reportedTo(administrator)).map(({ detail }) => detail),
      ["/data: 1 GB free", "/store: 1 GB free"],
    );
    found = { disk: [full("/store")] };
    for (let times = 0; times < 6; times++) await runChecks();
    const well = { check: "disk", state: "ok", before: "warn", detail: null, advice: null, was: "/data: 1 GB free" };
    assert.deepEqual((await reportedTo(administrator)).slice(2), [well]);
  });

  test("are not reported as ok while the check itself fails before it reaches them", async () => {
    const [administrator] = administrators as [UserRow];
    const damaged: Finding = { ...of("main", fail("drill", "it is damaged", "Look.")), urgency: "damage" };
    found = { disk: [full("/data")], backup: [damaged] };
    await runChecks();
    await runChecks();
    found = { disk: [fail("disk", "no answer within 20 s", "Look whether it hangs.")], backup: [] };
    for (let times = 0; times < 20; times++) await runChecks();
    const reported = (await reportedTo(administrator)).map(({ check, state, detail }) => [check, state, detail]);
    assert.deepEqual(reported, [
      ["drill", "fail", "it is damaged"],
      ["disk", "warn", "/data: 1 GB free"],
      ["disk", "fail", "no answer within 20 s"],
      ["drill", "ok", null],
    ]);
  });

  test("are checked once per period by the first process, also after a clock was set back", async () => {
    await runChecks();
    assert.equal(examined, watchedChecks.length);
    found = { disk: [full("/data")] };
    await runChecks();
    await runChecks(1000);
    await runChecks(periodMs / 2);
    assert.equal(examined, 2 * watchedChecks.length);
    await runChecks(-24 * 3600_000);
    assert.equal(examined, 3 * watchedChecks.length);
    assert.equal((await reportedTo(administrators[0] as UserRow)).length, 1);
  });

  test("a check that hangs does not delay a stop", async () => {
    const { shards } = databases;
    accounts.clock.forwardMs(periodMs);
    const stop = new AbortController();
    const begun = Promise.withResolvers<void>();
    const examine = (): Promise<Finding[]> => {
      begun.resolve();
      return new Promise(() => {});
    };
    const running = reportFindings({ shards, clock: accounts.clock, examine, kick: () => {} }, periodMs, stop.signal);
    await begun.promise;
    stop.abort();
    await running;
    await runChecks(0);
    assert.equal(examined, watchedChecks.length, "it does not count as a run");
  });

  test("a check that is stopped changes nothing", async () => {
    found = { disk: [full("/data")] };
    await runChecks();
    await runChecks(periodMs, AbortSignal.abort());
    assert.equal(examined, watchedChecks.length);
    await runChecks();
    assert.equal((await reportedTo(administrators[0] as UserRow)).length, 1);
  });

  test("a record of another version that cannot be read counts as never seen", async () => {
    found = { disk: [full("/data")] };
    await runChecks();
    for (const { db } of databases.shards.all())
      await sql`update shard.server_findings set heeded = '{"told": "sea"}'`.execute(db);
    await runChecks();
    assert.deepEqual(await reportedTo(administrators[0] as UserRow), []);
    await runChecks();
    assert.equal((await reportedTo(administrators[0] as UserRow)).length, 1);
  });
});
