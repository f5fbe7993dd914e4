import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { sql } from "kysely";
import { z } from "zod";
import { eventually } from "../../acceptance/testing.ts";
import { makeTestClock } from "../../features/accounts/testing.ts";
import type { Shard } from "../db/shards.ts";
import { silentLog, startTwoTestShards, type TestDatabases } from "../db/testing.ts";
import { readUnattended } from "./figures.ts";
import { lockedNeighbours, lockedWorker, type Neighbours, noNeighbours } from "./neighbours.ts";
import { enqueueOn, messagesOn, openTestQueue, type TestQueue } from "./testing.ts";

let databases: TestDatabases;
let shard: Shard;
let opened: Neighbours[] = [];
let queue: TestQueue | undefined;
const log = { ...silentLog, debug: () => {} };

before(async () => {
  databases = await startTwoTestShards({ fsync: false });
  [shard] = databases.shards.all() as [Shard, Shard];
});
afterEach(async () => {
  for (const each of opened) await each.close();
  await queue?.queue.stop();
  opened = [];
  queue = undefined;
  await sql`truncate shard.messages`.execute(shard.db);
});
after(() => databases.stop());

async function open(worker: string): Promise<Neighbours> {
  const seen = Promise.withResolvers<void>();
  const neighbours = lockedNeighbours(shard, worker, log, seen.resolve);
  opened.push(neighbours);
  await seen.promise;
  return neighbours;
}

test("who holds its lock lives, whose lock is gone for a while is dead, and of who never took one it does not tell", async () => {
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

test("messages count as unattended if they are due for long and no worker is connected", async () => {
  const dueLater = { notBeforeMicros: (Date.now() + 3600_000) * 1000 };
  await enqueueOn(shard, { kind: "a", payload: 1 }, { kind: "b", payload: 2 }, { kind: "c", payload: 3, ...dueLater });
  const read = () => readUnattended(shard.db);
  assert.equal(await read(), undefined, "a worker may be restarting");
  await sql`update shard.messages set wanted_at = wanted_at - 60000000 where kind <> 'c'`.execute(shard.db);
  const [oldest] = await messagesOn(shard);
  assert.deepEqual(await read(), { waiting: 2, oldestMicros: oldest?.wanted_at });
  const neighbours = await open(lockedWorker("one"));
  assert.equal(await read(), undefined);
  await neighbours.close();
  // A worker claimed the first, and was killed.
  await sql`update shard.messages set state = 'running', worker = 'gone', leased_until = 1 where kind = 'a'`.execute(
    shard.db,
  );
  assert.equal((await read())?.waiting, 2);
  await sql`update shard.messages set leased_until = 9e15::int8 where kind = 'a'`.execute(shard.db);
  assert.equal((await read())?.waiting, 1);
});

test("where nobody else can be, what the server before left is worked at once, and the second time after a delay", async () => {
  await enqueueOn(shard, { kind: "number", payload: 1 }, { kind: "number", payload: 2 });
  const clock = makeTestClock(Date.now());
  // State after one and after two kills of a server.
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
