import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { bounded, patience } from "@holdfast/tools/bounded";
import { type Kysely, sql } from "kysely";
import type { BucketRange } from "../../base/db/bucket-columns.ts";
import type { Shard } from "../../base/db/shards.ts";
import type { ShardTables } from "../../base/db/shard-tables.ts";
import { within } from "../../base/within.ts";
import { createTestUser, openTestAccounts } from "../../features/accounts/testing.ts";
import { cancelMove, continueMove, startMove } from "./move-buckets.ts";
import {
  continueOnce,
  continueToEnd,
  continueUntilKilled,
  countRows,
  type MoveShards,
  openMoveShards,
  portsOf,
  remains,
  startRefusingProxy,
  stateOf,
} from "./testing.ts";

const buckets: BucketRange = [1, 4095];

let setup: MoveShards;
before(async () => {
  setup = await openMoveShards(["new"]);
});
after(() => setup.stop());

test("an interrupted move ends a statement that waits for another transaction", async (context) => {
  const one = await setup.openProcess(context);
  const old = one.shard("old") as Shard;
  await startMove(portsOf(one), { buckets, to: "new" });
  const interruption = new AbortController();
  const reason = new Error("The worker stops.");
  await old.db.transaction().execute(async (transaction) => {
    await sql`select pg_current_xact_id()`.execute(transaction);
    const moving = continueMove(portsOf(one), interruption.signal);
    moving.catch(() => {});
    await waitForStatement(old.db, "select pg_create_logical_replication_slot%");
    interruption.abort(reason);
    const late = () => assert.fail("The move goes on after its interruption.");
    await assert.rejects(within(60_000 * patience, moving, late), reason);
    // PostgreSQL ends an idle transaction after a minute, and then the statement.
    await sql`select`.execute(transaction);
  });
  await cancelMove(portsOf(one));
  await continueToEnd(one);
  assert.deepEqual(await remains(old), []);
});

test("a canceled move waits for a target without a free connection, and then empties it", async (context) => {
  const one = await setup.openProcess(context);
  await createTestUser(await openTestAccounts(one.shards), "stays@example.org");
  const proxy = await startRefusingProxy(context, setup.connections["new"] ?? {}, () => true);
  const busy = await setup.openProcess(context, { urls: { new: proxy.url } });
  const target = one.shard("new") as Shard;
  await startMove(portsOf(one), { buckets, to: "new" });
  await continueUntilKilled(one, "copying");
  await cancelMove(portsOf(one));
  // Longer than a target that does not answer is awaited.
  await sql`update cell.facts set value = jsonb_set(value::jsonb, '{move,state_ms}', '0')::json where name = 'shard map'`.execute(
    one.cells.all()[0]?.db as never,
  );
  await assert.rejects(continueOnce(busy), { code: "unavailable" });
  assert.equal(proxy.refused(), 1);
  assert.equal(await stateOf(one), "canceling");
  await continueToEnd(one);
  assert.equal(await stateOf(one), undefined);
  assert.deepEqual(await countRows(target, buckets), {});
  assert.deepEqual(await remains(target), []);
});

test("a canceled move waits for a target that restarts", async (context) => {
  const one = await setup.openProcess(context);
  const losing = await setup.openProcess(context, { urls: { new: "postgres://127.0.0.1:1/none" } });
  await startMove(portsOf(one), { buckets, to: "new" });
  await cancelMove(portsOf(one));
  await assert.rejects(continueOnce(losing), { code: "unavailable" });
  assert.equal(await stateOf(one), "canceling");
  await continueToEnd(one);
  assert.equal(await stateOf(one), undefined);
});

test("a move ends although each shard rejects every second session", async (context) => {
  const refuses = (session: number) => session % 2 === 1;
  const [old, fresh] = [
    await startRefusingProxy(context, setup.connections["old"] ?? {}, refuses),
    await startRefusingProxy(context, setup.connections["new"] ?? {}, refuses),
  ];
  const direct = await setup.openProcess(context);
  const one = await setup.openProcess(context, { urls: { old: old.url, new: fresh.url } });
  const accounts = await openTestAccounts(direct.shards);
  for (const name of ["ann", "bob", "eve"]) await createTestUser(accounts, `${name}@example.org`);
  const counts = await countRows(direct.shard("old") as Shard, buckets);
  await startMove(portsOf(direct), { buckets, to: "new" });
  const problems = await continueToEnd(one);
  assert.ok(problems.length > 0 && old.refused() > 0 && fresh.refused() > 0, "sessions were rejected in each state");
  assert.deepEqual(await countRows(direct.shard("new") as Shard, buckets), counts);
  assert.deepEqual(await countRows(direct.shard("old") as Shard, buckets), {});
  assert.deepEqual(await remains(direct.shard("old") as Shard), []);
});

async function waitForStatement(db: Kysely<ShardTables>, pattern: string): Promise<void> {
  for (const check = bounded(`the statement ${pattern} waits`); ; await delay(20)) {
    const { rows } = await sql`
      select from pg_stat_activity where application_name = 'holdfast move' and state = 'active' and query like ${pattern}`.execute(
      db,
    );
    if (rows.length > 0) return;
    check();
  }
}
