import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { sql } from "kysely";
import { z } from "zod";
import { eventually } from "../../acceptance/testing.ts";
import { makeTestClock } from "../../features/accounts/testing.ts";
import type { Shard } from "../db/shards.ts";
import { silentLog, startTwoTestShards, type TestDatabases } from "../db/testing.ts";
import { hasWorker, readUnattended } from "./figures.ts";
import { lockedNeighbours, lockedWorker, type Neighbours, noNeighbours } from "./neighbours.ts";
import { enqueueOn, messagesOn, openTestQueue, type TestQueue } from "./testing.ts";

let databases: TestDatabases;
let shard: Shard;
let otherShard: Shard;
let opened: Neighbours[] = [];
let queue: TestQueue | undefined;
const log = { ...silentLog, debug: () => {} };

before(async () => {
  databases = await startTwoTestShards({ fsync: false });
  [shard, otherShard] = databases.shards.all() as [Shard, Shard];
});
afterEach(async () => {
  for (const each of opened) await each.close();
  await queue?.queue.stop();
  opened = [];
  queue = undefined;
  await sql`truncate shard.messages`.execute(shard.db);
});
after(() => databases.stop());

async function open(worker: string, place = shard): Promise<Neighbours> {
  const seen = Promise.withResolvers<void>();
  const neighbours = lockedNeighbours(place, worker, log, seen.resolve);
  opened.push(neighbours);
  await seen.promise;
  return neighbours;
}

test("only a worker whose lock has been gone for a while counts as exited, not one that never took a lock", async () => {
  const [alive, dying] = [await open(lockedWorker("alive")), await open(lockedWorker("dying"))];
  assert.ok(alive.isSeen);
  const all = [lockedWorker("alive"), lockedWorker("dying"), "of an older server"];
  for (let asked = 0; asked < 20; asked += 1) assert.deepEqual([...(await alive.gone(all))], []);
  await dying.close();
  assert.deepEqual([...(await alive.gone(all))], [], "its connection may only have been lost");
  const gone = await eventually("its absence counts", 60_000, async () => {
    const found = await alive.gone(all);
    return found.size > 0 ? [...found] : undefined;
  });
  assert.deepEqual(gone, [lockedWorker("dying")]);
  await open(lockedWorker("dying"));
  assert.deepEqual([...(await alive.gone(all))], [], "it came back");
});

test("a lock that was lost with its connection is taken again", async () => {
  const neighbours = await open(lockedWorker("one"));
  const pidOf = async () => {
    const { rows } = await sql<{ pid: number }>`select pid from pg_stat_activity
      where application_name = 'holdfast queue' and datname = current_database()`.execute(shard.db);
    return rows[0]?.pid;
  };
  const lost = await pidOf();
  await sql`select pg_terminate_backend(${lost}::int4)`.execute(shard.db);
  await eventually("another connection holds it", 60_000, async () => {
    const pid = await pidOf();
    return pid !== undefined && pid !== lost && neighbours.isSeen ? true : undefined;
  });
  assert.deepEqual([...(await neighbours.gone([lockedWorker("one")]))], []);
});

test("messages count as unattended if they are due for long and no worker is connected to their shard", async () => {
  const dueLater = { notBeforeMicros: (Date.now() + 3600_000) * 1000 };
  const [a, b] = [
    { kind: "a", payload: 1 },
    { kind: "b", key: "start", payload: 2 },
  ];
  const others = ["again", "dead"].map((kind) => ({ kind, payload: 4 }));
  await enqueueOn(shard, a, b, { kind: "c", payload: 3, ...dueLater }, ...others);
  await sql`update shard.messages set state = 'dead', died_at = 1 where kind = 'dead'`.execute(shard.db);
  await sql`update shard.messages set due_at = ${dueLater.notBeforeMicros}::int8 where kind = 'again'`.execute(
    shard.db,
  );
  const read = (...keys: string[]) => readUnattended(shard.db, { kind: "b", keys });
  assert.equal(await read(), undefined, "a worker may be restarting");
  await sql`update shard.messages set wanted_at = wanted_at - 60000000 where kind <> 'c'`.execute(shard.db);
  const [oldest] = await messagesOn(shard);
  const wantedAt = oldest?.wanted_at ?? 0;
  assert.deepEqual(await read(), { waiting: 2, oldestMicros: wantedAt });
  assert.equal((await read("start"))?.waiting, 1, "work that is stored elsewhere");
  const elsewhere = await open(lockedWorker("one"), otherShard);
  assert.equal((await read())?.waiting, 2);
  await elsewhere.close();
  const neighbours = await open(lockedWorker("one"));
  assert.equal(await read(), undefined);
  await neighbours.close();
  const lateFrom = async (byMicros: number) => {
    await sql`update shard.messages set due_at = wanted_at + ${byMicros}::int8 where kind = 'a'`.execute(shard.db);
    return (await read("start"))?.oldestMicros;
  };
  assert.equal(await lateFrom(20_000_000), wantedAt + 20_000_000, "time of the next attempt");
  assert.equal(await lateFrom(59_000_000), undefined);
  // A worker claimed the first, and was killed.
  await sql`update shard.messages set state = 'running', worker = 'gone', leased_until = 1, due_at = 0 where kind = 'a'`.execute(
    shard.db,
  );
  assert.equal((await read())?.waiting, 2);
  await sql`update shard.messages set leased_until = 9e15::int8 where kind = 'a'`.execute(shard.db);
  assert.equal((await read())?.waiting, 1);
});

test("a worker is recognized if the database URL has an application name", async () => {
  const { connectionString = "" } = shard.connection;
  const connection = { connectionString: `${connectionString}&application_name=theirs` };
  const neighbours = await open(lockedWorker("one"), { ...shard, connection });
  assert.equal(await hasWorker(shard.db), true);
  await neighbours.close();
  assert.equal(await hasWorker(shard.db), false);
});

test("a server alone on its database continues messages of its predecessor immediately, and after a second kill with a delay", async () => {
  await enqueueOn(shard, { kind: "number", payload: 1 }, { kind: "number", payload: 2 });
  const clock = makeTestClock(Date.now());
  await sql`update shard.messages set state = 'running', worker = 'dead', leased_until = 9e15::int8, tried_at = ${clock.nowMicros()},
    attempts = (payload #>> '{}')::int4`.execute(shard.db);
  const worked: number[] = [];
  const kinds = { number: { schema: z.number(), work: async (payload: unknown) => void worked.push(Number(payload)) } };
  queue = openTestQueue(databases.shards, kinds, clock, noNeighbours);
  await queue.queue.idle();
  assert.deepEqual(worked, [1]);
  assert.deepEqual(
    (await messagesOn(shard)).map(({ state, attempts, problem }) => [state, attempts, problem]),
    [["waiting", 2, "The process that handled the message exited."]],
  );
});
