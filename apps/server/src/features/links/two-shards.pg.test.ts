import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, beforeEach, describe, test } from "node:test";
import { type GrantId, makeId, toBucket, type VersionId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { seededRandom } from "@holdfast/disk/seeded-random";
import { seed } from "@holdfast/tools/properties";
import { sql } from "kysely";
import { findLinkOf, linkCaller, proveLink } from "../accounts/callers/link-callers.ts";
import { digestOf, makeLinkToken } from "../accounts/context/secret-token.ts";
import { findCallerAgain } from "../accounts/callers/live-callers.ts";
import { openTestAccounts, type TestAccounts } from "../accounts/testing.ts";
import type { UserRow } from "../../base/db/account-tables.ts";
import type { GrantRow } from "../../base/db/shard-tables.ts";
import type { Shard } from "../../base/db/shards.ts";
import { startTwoTestShards, type TestDatabases } from "../../base/db/testing.ts";
import { createUserIn } from "../groups/testing.ts";
import { expireReports } from "../reports/expire-reports.ts";
import { listReports } from "../reports/list-reports.ts";
import { reportLink } from "../reports/report-link.ts";
import { resolveReport } from "../reports/resolve-report.ts";
import { permissionsJson } from "../sharing/permissions.ts";
import { reportNoticeKind } from "../reports/report-notice-kind.ts";
import { countDownload, expireLinkDownloads } from "./count-download.ts";

const [low, high] = [5, 3000];
const dayMicros = 24 * 3600e6;

describe("Links on two shards", () => {
  let databases: TestDatabases;
  let accounts: TestAccounts;
  let administrator: UserRow;
  let owner: UserRow;
  let first: Shard;
  let second: Shard;
  let link: { id: GrantId; token: string };

  before(async () => {
    databases = await startTwoTestShards({ fsync: false });
    accounts = await openTestAccounts(databases.shards);
    [first, second] = [databases.shards.of(toBucket(low)), databases.shards.of(toBucket(high))];
    administrator = await createUserIn(accounts, low, "admin@example.org");
    await sql`update shard.users set admin = true where id = ${administrator.id}`.execute(first.db);
    owner = await createUserIn(accounts, high, "owner@example.org", "Olive");
  });
  after(() => databases.stop());
  beforeEach(async () => {
    link = await makeLink(second);
  });

  const makeLink = async (
    shard: Shard,
    id = makeId<GrantId>(toBucket(high), accounts.clock.nowMs(), randomBytes(8)),
  ) => {
    const token = makeLinkToken(accounts.secrets.refreshKey, id);
    await sql`
      insert into shard.grants (space_id, id, node_id, kind, grantee_id, role, created_by, created_at, secret_hash, max_downloads)
      values (${owner.space_id}, ${id}, ${owner.root_id}, 'link', ${id}, 'viewer', ${owner.id}, 0, ${digestOf(token)}, 5)`.execute(
      shard.db,
    );
    return { id, token };
  };
  const countIn = async ({ db }: Shard, table: "reports" | "messages" | "link_downloads") => {
    // Signing up also queues messages.
    const only = table === "messages" ? sql`where kind = 'report'` : sql``;
    const { rows } = await sql<{ count: string }>`select count(*) from ${sql.table(`shard.${table}`)} ${only}`.execute(
      db,
    );
    return Number(rows[0]?.count);
  };

  test("a link is found on its bucket's shard, and its secret is rejected under IDs of other buckets", async () => {
    assert.equal((await findLinkOf(accounts, link.token))?.id, link.id);
    assert.equal((await proveLink(accounts, link.token))?.spaceId, owner.space_id);
    const draw = seededRandom(seed);
    const drawn = Array.from({ length: 50 }, () => Math.floor(draw() * 4096));
    const buckets = [0, low, 2047, 2048, 4095, ...drawn];
    for (const bucket of buckets.filter((each) => each !== high)) {
      const hex = bucket.toString(16).padStart(3, "0");
      const moved = `${link.token.slice(0, 17)}${hex}${link.token.slice(20)}`;
      assert.equal(await findLinkOf(accounts, moved), undefined, `bucket ${bucket}`);
    }
    const astray = await makeLink(first);
    assert.equal(await findLinkOf(accounts, astray.token), undefined);
  });

  test("a report is stored with its link, reaches an administrator on another shard and ends the link", async () => {
    const kicked: string[] = [];
    const reporting = { ...accounts, kick: (shard: Shard) => void kicked.push(shard.id) };
    const written = { reason: "abuse", text: "look" } as const;
    await reportLink(reporting, { ...written, token: link.token }, "198.51.100.1");
    const unknown = makeLinkToken(accounts.secrets.refreshKey, makeId<GrantId>(toBucket(low), 1, randomBytes(8)));
    for (const token of [unknown, "nonsense"]) await reportLink(reporting, { ...written, token }, "198.51.100.1");
    assert.deepEqual(kicked, ["high", "low", "low"]);
    assert.deepEqual([await countIn(first, "reports"), await countIn(second, "reports")], [0, 1]);
    assert.deepEqual([await countIn(first, "messages"), await countIn(second, "messages")], [2, 1]);
    const { items } = await listReports(databases.shards, { open: true, limit: 10 });
    const [report] = items;
    assert.ok(report !== undefined && items.length === 1);
    assert.deepEqual([report.permission_id, report.owner?.name], [link.id, "Olive"]);

    const kind = reportNoticeKind({ shards: databases.shards, kick: () => {} });
    const payload = kind.schema.parse({ report_id: report.id });
    await kind.work(payload, { id: report.id as never, attempt: 1, signal: new AbortController().signal });
    const { rows } = await sql<{ user: string }>`
      select payload ->> 'userId' as user from shard.messages where kind = 'notification'`.execute(second.db);
    assert.deepEqual(rows, [{ user: administrator.id }]);

    const rights = { ...accounts, queue: { kick: () => {} }, onCommitted: () => {} };
    const actor = { userId: administrator.id, deviceId: null };
    await resolveReport({ accounts, rights }, actor, report.id, "disable_link");
    assert.equal(await findLinkOf(accounts, link.token), undefined);
    await expireReports(databases.shards, accounts.clock.nowMicros() + limits.reportLifetimeMs * 1000 - 1);
    assert.equal(await countIn(second, "reports"), 1, "it went too early");
    await expireReports(databases.shards, accounts.clock.nowMicros() + limits.reportLifetimeMs * 1000);
    assert.equal(await countIn(second, "reports"), 0);
  });

  test("the last use of a link is stored to the minute, and only for valid tokens", async () => {
    const lastUse = async () => {
      const found = await findLinkOf(accounts, link.token);
      return found?.last_used_at;
    };
    const forged = `${link.token.slice(0, -1)}${link.token.endsWith("A") ? "B" : "A"}`;
    assert.equal(await proveLink(accounts, forged), undefined);
    const found = await findLinkOf(accounts, link.token);
    assert.ok(found !== undefined);
    await findCallerAgain(accounts, linkCaller(found));
    assert.equal(await lastUse(), null, "a wrong secret, and a connection that goes on");

    const start = accounts.clock.nowMicros();
    await proveLink(accounts, link.token);
    assert.equal(await lastUse(), start);
    accounts.clock.forwardMs(60_000);
    await proveLink(accounts, link.token);
    assert.equal(await lastUse(), start, "in the same minute");
    accounts.clock.forwardMs(1);
    await Promise.all(Array.from({ length: 5 }, () => proveLink(accounts, link.token)));
    assert.equal(await lastUse(), start + 60_001_000);
    const { last_used_at: _, ...older } = found;
    const [shown] = await permissionsJson(databases.shards, [older as unknown as GrantRow], { isNamed: false });
    assert.equal(shown?.last_used_at, null, "a stored answer of an earlier version");

    await sql`update shard.grants set password_hash = 'x', last_used_at = null where id = ${link.id}`.execute(
      second.db,
    );
    await assert.rejects(proveLink(accounts, link.token), { code: "unauthenticated" });
    assert.equal(await lastUse(), null, "without the password");
  });

  test("abandoned download counts are deleted after a day on every shard, and no others", async () => {
    const caller = await proveLink(accounts, link.token);
    assert.ok(caller !== undefined);
    const version = { id: makeId<VersionId>(toBucket(high), 1, randomBytes(8)), size: 1000 };
    const goOn = async (nowMicros: number) => {
      await countDownload({ shards: databases.shards, nowMicros }, caller, { version, rangeBytes: 10, source: "here" });
      return (await findLinkOf(accounts, link.token))?.downloads;
    };
    const now = accounts.clock.nowMicros();
    for (const { db } of [first, second]) {
      await sql`
        insert into shard.link_downloads (space_id, link_id, version_id, source, begun_at, bytes)
        select ${owner.space_id}, ${link.id}, ${version.id}, int4send(n), ${now - dayMicros}, 0
        from generate_series(1, 2500) as n`.execute(db);
    }
    assert.deepEqual([await goOn(now), await goOn(now + 1)], [1, 1]);
    await expireLinkDownloads({ shards: databases.shards, nowMicros: now });
    assert.deepEqual([await countIn(first, "link_downloads"), await countIn(second, "link_downloads")], [0, 1]);
    assert.equal(await goOn(now + 2), 1, "it does not go on any more");
    await expireLinkDownloads({ shards: databases.shards, nowMicros: now + dayMicros });
    assert.equal(await countIn(second, "link_downloads"), 0);
    assert.equal(await goOn(now + dayMicros), 2, "what was forgotten is another download");
  });
});
