import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { HoldfastError } from "@holdfast/core/errors";
import { bucketOf, makeId, toBucket, type UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { type BucketRange, isInRange, movedTables } from "../../base/db/bucket-columns.ts";
import { followShardMap, type MapTimes } from "../../base/db/follow-shard-map.ts";
import type { MoveState } from "../../base/db/shard-map.ts";
import { type Databases, openDatabases, type Shard } from "../../base/db/shards.ts";
import { startTestDatabase, startTestDatabases, silentLog, urlOf } from "../../base/db/testing.ts";
import { topologySchema } from "../../base/db/topology.ts";
import type { UserRow } from "../../base/db/account-tables.ts";
import type { Caller } from "../../features/accounts/context/caller.ts";
import { createInvitation } from "../../features/accounts/invitations/invitations.ts";
import { createTestUser, openTestAccounts, signedInAs } from "../../features/accounts/testing.ts";
import { openCommitter } from "../../tree/commit/commit-queue.ts";
import { noBlocks, TestClock } from "../../tree/testing/testing.ts";
import { cancelMove, continueMove, readMove, startMove } from "./move-buckets.ts";

const times: MapTimes = { pollMs: 50, retryMs: 50, movingPollMs: 20, leaseMs: 1500 };
const moved: BucketRange = [1, 2047];
const options = { fsync: false, logical: true };

async function openShards() {
  const first = await startTestDatabases(options);
  const names = ["new", "second", "third"];
  const others = await Promise.all(names.map(() => startTestDatabase(options)));
  const topology = topologySchema.parse({
    shards: [
      { id: "old", buckets: [[0, 4095]], database_url: urlOf(first.connection) },
      ...others.map(({ connection }, index) => ({ id: names[index], buckets: [], database_url: urlOf(connection) })),
    ],
    cells: [{ id: "main", buckets: [[0, 4095]], database_url: urlOf(first.connection) }],
  });
  const stops: (() => Promise<void>)[] = [];
  /** As one process of the server. @param without the process was not configured with it @param lost not reachable */
  const openProcess = async ({ without = "", lost = "" } = {}) => {
    const url = (id: string, given: string | undefined) => (id === lost ? "postgres://127.0.0.1:1/none" : given);
    const shards = topology.shards.flatMap((shard) =>
      shard.id === without ? [] : [{ ...shard, database_url: url(shard.id, shard.database_url) }],
    );
    const known = { ...topology, shards };
    const databases = openDatabases({ defaultConnection: first.connection, log: silentLog, topology: known });
    const end = await followShardMap({ databases, log: silentLog, times });
    stops.unshift(async () => {
      await end();
      await databases.close();
    });
    return Object.assign(databases, { endFollowing: end });
  };
  return {
    openProcess,
    stop: async () => {
      for (const stop of stops) await stop();
      await first.stop();
      for (const other of others) await other.stop();
    },
  };
}

const wait = (delayMs: number, signal: AbortSignal): Promise<unknown> => delay(delayMs, undefined, { signal });
const ports = (databases: Databases) => ({ databases, times, log: silentLog, wait });

const stateOf = async (databases: Databases) => (await readMove(databases))?.move.state;

/** Continues the move until it waits in this state, and then never again, as if the process was killed. */
async function continueUntilKilled(databases: Databases, state: MoveState): Promise<void> {
  const killed = Promise.withResolvers<void>();
  const hang = async (delayMs: number, signal: AbortSignal) => {
    if ((await stateOf(databases)) !== state) return wait(delayMs, signal);
    killed.resolve();
    return new Promise(() => {});
  };
  void continueMove({ ...ports(databases), wait: hang }, unstopped).catch(killed.reject);
  await killed.promise;
  await assert.rejects(continueMove(ports(databases), unstopped), { code: "locked" }, "one process continues");
  await sql`
    select pg_terminate_backend(pid, 10000) from pg_stat_activity where application_name = 'holdfast move'`.execute(
    (databases.shard("old") as Shard).db,
  );
}

async function countRows(shard: Shard, buckets: BucketRange): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const table of movedTables) {
    const { rows } = await sql<{ count: number }>`
      select count(*) as count from ${sql.table(`shard.${table.table}`)} where ${sql.raw(isInRange(table, buckets))}`.execute(
      shard.db,
    );
    if ((rows[0]?.count ?? 0) > 0) counts[table.table] = rows[0]?.count ?? 0;
  }
  return counts;
}

/** Makes folders until stopped. @returns the names that were acknowledged, and the longest time without one */
function write(databases: Databases, caller: Parameters<ReturnType<typeof openCommitter>["commit"]>[0]) {
  const clock = new TestClock();
  const committer = openCommitter({
    ...noBlocks,
    shards: databases.shards,
    clock,
    random: randomBytes,
    onCommitted: () => {},
    log: { warn: () => {}, error: () => {} },
  });
  const names: string[] = [];
  const errors = new Set<string>();
  const over = new AbortController();
  let [lastMs, longestMs] = [performance.now(), 0];
  const writing = (async () => {
    for (let number = 0; !over.signal.aborted; number += 1) {
      const name = `folder ${process.hrtime.bigint()} ${number}`;
      try {
        const { results } = await committer.commit(caller, [{ op: "mkdir", place: { parentId: "root", name } }]);
        assert.equal(results[0]?.status, "committed");
        names.push(name);
        longestMs = Math.max(longestMs, performance.now() - lastMs);
        lastMs = performance.now();
      } catch (error) {
        if (!(error instanceof HoldfastError) || !error.retryable) throw error;
        errors.add(error.message);
      }
      await delay(5);
    }
  })();
  return async () => {
    over.abort();
    await writing;
    return { names, longestMs, errors };
  };
}

const { signal: unstopped } = new AbortController();
let setup: Awaited<ReturnType<typeof openShards>>;
before(async () => {
  setup = await openShards();
});
after(() => setup.stop());

test("buckets move while two processes write, and nothing is lost, doubled or left behind", async () => {
  const [one, two] = [await setup.openProcess(), await setup.openProcess()];
  const accounts = await openTestAccounts(one.shards);
  const people: { user: UserRow; caller: Caller }[] = [];
  for (let number = 0; number < 12; number += 1) {
    const user = await createTestUser(accounts, `person${number}@example.org`);
    people.push({ user, caller: await signedInAs(accounts, user) });
    await createInvitation(accounts, { kind: "invite", email: `guest${number}@example.org` });
  }
  const isMoved = ({ user }: (typeof people)[number]) => bucketOf(user.id) >= moved[0] && bucketOf(user.id) <= moved[1];
  const [old, fresh] = [one.shard("old") as Shard, one.shard("new") as Shard];
  const counts = await countRows(old, moved);
  assert.ok((counts["users"] ?? 0) > 0 && (counts["invitations"] ?? 0) > 0 && (counts["directory"] ?? 0) > 0);
  const writers = people.map(({ caller }, index) => write(index % 2 === 0 ? one : two, caller));

  await startMove(ports(one), { buckets: moved, to: "new" });
  await assert.rejects(startMove(ports(one), { buckets: [2048, 3000], to: "new" }), { code: "conflict" });
  await continueMove(ports(one), unstopped);

  const written = await Promise.all(writers.map((stop) => stop()));
  assert.deepEqual(one.assigned(), {
    old: [
      [0, 0],
      [2048, 4095],
    ],
    new: [[1, 2047]],
    second: [],
    third: [],
  });
  assert.deepEqual(await countRows(old, moved), {}, "nothing is left behind");
  const arrived = await countRows(fresh, moved);
  for (const [table, count] of Object.entries(counts))
    assert.ok((arrived[table] ?? 0) >= count, `${arrived[table]} of ${count} rows of ${table} have arrived`);
  assert.deepEqual(await countRows(fresh, [0, 0]), {});
  assert.deepEqual(await countRows(fresh, [2048, 4095]), {}, "nothing else has moved");
  for (const [index, person] of people.entries()) {
    const shard = isMoved(person) ? fresh : old;
    const { spaceId } = person.caller;
    const { rows } = await sql<{ name: string }>`
      select name from shard.nodes where space_id = ${spaceId} and parent_id is not null order by created_at`.execute(
      shard.db,
    );
    const { names, longestMs, errors } = written[index] as (typeof written)[number];
    assert.deepEqual(rows.map(({ name }) => name).toSorted(), names.toSorted(), "each folder exists once");
    assert.ok(names.length > 10 && longestMs < 5000, `${names.length} in turns of at most ${longestMs} ms`);
    if (!isMoved(person)) assert.deepEqual([...errors], []);
    const { rows: journal } = await sql<{ count: number; last: number; space: number }>`
      select count(*) as count, max(j.seq) as last, max(s.seq) as space from shard.journal j join shard.spaces s on s.id = j.space_id
      where j.space_id = ${spaceId}`.execute(shard.db);
    assert.equal(journal[0]?.last, journal[0]?.space);
    assert.equal(journal[0]?.count, journal[0]?.last, "the journal has no gap");
  }
  const again = await openTestAccounts(two.shards);
  for (const { user } of people) await signedInAs(again, user);
  assert.equal(await readMove(one), undefined);
});

test("a move continues after its process was killed in any state, and a stale process writes nothing on the old shard", async () => {
  const [one, two] = [await setup.openProcess(), await setup.openProcess()];
  const accounts = await openTestAccounts(one.shards);
  const buckets: BucketRange = [2048, 4095];
  const isMoved = (id: UserId) => bucketOf(id) >= buckets[0];
  const users: UserRow[] = [];
  while (!users.some(({ id }) => isMoved(id)))
    users.push(await createTestUser(accounts, `late${users.length}@example.org`));
  const user = users.find(({ id }) => isMoved(id)) as UserRow;
  const [old, second] = [one.shard("old") as Shard, one.shard("second") as Shard];
  await startMove(ports(one), { buckets, to: "second" });
  await continueUntilKilled(one, "copying");
  await continueUntilKilled(two, "frozen");
  assert.throws(() => one.shards.ofId(user.id), { code: "unavailable" });
  await continueUntilKilled(one, "moved");
  assert.deepEqual(one.assigned()["second"], [[2048, 4095]]);

  const rename = (shard: Shard, id: string) =>
    shard.db
      .updateTable("shard.users")
      .set({ name: "New" })
      .where("id", "=", id as UserId)
      .execute();
  await assert.rejects(rename(old, user.id), { code: "unavailable" });
  await assert.rejects(sql`delete from shard.spaces where owner_id = ${user.id}`.execute(old.db), {
    code: "unavailable",
  });
  await sql`update shard.users set name = name`.execute(second.db);
  await rename(one.shards.ofId(user.id), user.id);

  await continueMove(ports(two), unstopped);
  assert.deepEqual(await countRows(old, buckets), {});
  const row = await second.db.selectFrom("shard.users").select("name").where("id", "=", user.id).executeTakeFirst();
  assert.equal(row?.name, "New");
  assert.deepEqual(await remains(old), [], "nothing is left but the fence");
  const late = { ...user, id: makeId<UserId>(toBucket(4000), Date.now(), randomBytes(8)) };
  await assert.rejects(old.db.insertInto("shard.users").values(late).execute(), { code: "unavailable" });
});

/** In all databases of the PostgreSQL. */
async function remains({ db }: Shard): Promise<string[]> {
  const { rows } = await sql<{ kind: string }>`
    select 'slot' as kind, slot_name as name from pg_replication_slots union all select 'publication', pubname from pg_publication
    union all select 'subscription', subname from pg_subscription order by kind`.execute(db);
  return rows.map(({ kind }) => kind);
}

/** As standbys of both shards leave them that are promoted during a copy. The move is not continued. */
async function failOver(source: Shard, target: Shard): Promise<void> {
  const { rows } = await sql<{ pubname: string }>`select pubname from pg_publication`.execute(source.db);
  const name = sql.id(rows[0]?.pubname ?? "");
  const one = await setup.openProcess();
  const isRejected = (problem: RegExp) => assert.rejects(continueMove(ports(one), unstopped), problem);
  for (const [shard, kind] of [
    [source, "publication"],
    [target, "subscription"],
  ] as const) {
    const note = sql`comment on ${sql.raw(kind)} ${name} is `;
    await sql`${note}'7'`.execute(shard.db);
    await isRejected(/has a new primary, which may lack changes\. Cancel the move/);
    await sql`${note}'1'`.execute(shard.db);
  }
  await sql`alter subscription ${name} disable`.execute(target.db);
  for (const statement of ["pg_terminate_backend(active_pid, 10000)", "pg_drop_replication_slot(slot_name)"])
    await sql`select ${sql.raw(statement)} from pg_replication_slots where slot_name = ${rows[0]?.pubname}`.execute(
      source.db,
    );
  await isRejected(/no longer has the log/);
}

test("a canceled move leaves an empty database, and each process must know the new shard and follow", async () => {
  const one = await setup.openProcess();
  const accounts = await openTestAccounts(one.shards);
  const buckets: BucketRange = [1, 1000];
  const third = one.shard("third") as Shard;
  const user = await createTestUser(accounts, "stays@example.org");
  const unknowing = await setup.openProcess({ without: "third" });
  await startMove(ports(one), { buckets, to: "third" });
  await assert.rejects(
    continueMove(ports(one), unstopped),
    /does not follow: HOLDFAST_TOPOLOGY of this process has no shard third/,
  );
  assert.match((await readMove(one))?.move.problem ?? "", /has no shard third/);
  assert.equal(await stateOf(one), "copying");
  await failOver(one.shard("new") as Shard, third);
  await cancelMove(ports(one));
  await continueMove(ports(one), unstopped);
  assert.deepEqual(await countRows(third, [0, 4095]), {});
  assert.deepEqual(await remains(third), []);
  assert.equal(await readMove(one), undefined);
  await signedInAs(accounts, user);

  const losing = await setup.openProcess({ lost: "third" });
  const old = one.shard("new") as Shard;
  await unknowing.endFollowing();
  await startMove(ports(one), { buckets, to: "third" });
  await continueUntilKilled(one, "copying");
  assert.ok((await remains(old)).includes("slot"));
  await cancelMove(ports(losing));
  await continueMove(ports(losing), unstopped);
  const left = await remains(old);
  // An unfinished table may keep a slot of its own, which a real loss of the target makes useless.
  assert.deepEqual(
    left.filter((kind) => kind !== "slot"),
    ["subscription"],
  );
  assert.equal(await stateOf(one), undefined);
  await signedInAs(accounts, user);

  await delay(times.leaseMs + 100);
  assert.throws(() => unknowing.shards.ofId(user.id), { code: "unavailable" });
  assert.doesNotThrow(() => one.shards.ofId(user.id));
  const wrong = [
    [{ buckets: [0, 5], to: "third" }, "invalid_field"],
    [{ buckets: [1, 4000], to: "third" }, "invalid_field"],
    [{ buckets: [1, 2047], to: "third" }, "invalid_field"],
    [{ buckets: [9, 5], to: "third" }, "invalid_field"],
    [{ buckets: [1, 5], to: "second" }, "conflict"],
    [{ buckets: [1, 5], to: "fourth" }, "not_found"],
  ] as const;
  for (const [wanted, code] of wrong) await assert.rejects(startMove(ports(one), wanted), { code });
});
