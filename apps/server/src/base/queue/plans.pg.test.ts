import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { MessageId } from "@holdfast/core/ids";
import { Kysely, PostgresDialect, sql } from "kysely";
import type pg from "pg";
import { keyedMark, openPool } from "../db/database.ts";
import type { Shards } from "../db/shards.ts";
import type { ShardTables } from "../db/shard-tables.ts";
import { silentLog, startTestDatabases, type TestDatabases } from "../db/testing.ts";
import { listMessages, removeMessage, retryMessage } from "./admin-messages.ts";
import { enqueue } from "./enqueue.ts";
import { expireDeadMessages, expireTasks } from "./expire-messages.ts";
import { queueFigures, readUnattended } from "./figures.ts";
import {
  bury,
  type Claimed,
  claimDue,
  findHeld,
  nextDueMicros,
  putBack,
  removeDone,
  renewLeases,
} from "./message-rows.ts";
import { finishTask, readTask, startTask } from "./tasks.ts";
import { newUserId } from "./testing.ts";

const rows = 10_000;
const nowMicros = Date.now() * 1000;

let databases: TestDatabases;
let pool: pg.Pool;
let db: Kysely<ShardTables>;
const statements = new Map<string, readonly unknown[]>();

before(async () => {
  databases = await startTestDatabases({ fsync: false });
  pool = openPool({ connection: databases.connection, schema: "shard", applicationName: "test", log: silentLog });
  db = new Kysely<ShardTables>({
    dialect: new PostgresDialect({ pool }),
    log: ({ query }) => {
      if (query.sql.includes("shard.")) statements.set(query.sql, query.parameters);
    },
  });
});
after(async () => {
  await db.destroy();
  await databases.stop();
});

for (const known of [false, true]) {
  const what = known ? "with statistics" : "of which no statistics are known yet";
  test(`no queue statement reads all of ${rows} messages ${what}`, async () => {
    await sql`truncate shard.messages, shard.tasks`.execute(db);
    await fill();
    if (known) await sql`analyze shard.messages, shard.tasks`.execute(db);
    statements.clear();
    await useAll();
    assert.ok(statements.size > 18, `only ${statements.size} statements were seen`);
    const plans = [];
    for (const [text, parameters] of statements) {
      for (const given of [parameters, ...(text.endsWith(keyedMark) ? [undefined] : [])]) {
        const plan = await explain(text, given);
        assert.ok(!/Seq Scan on (messages|tasks)/.test(plan), `${text}\n${plan}`);
        plans.push(plan);
      }
    }
    // Without a needed index, the plans use another one and read far too much.
    for (const index of ["due", "leases", "dead", "dead_age", "ages"])
      assert.ok(
        plans.some((plan) => new RegExp(`using messages_${index} on`).test(plan)),
        `messages_${index} is not used`,
      );
    assert.ok(
      plans.some((plan) => /using tasks_age on/.test(plan)),
      "tasks_age is not used",
    );
  });
}

test("the check detects a statement that reads all messages", async () => {
  const plan = await explain("select * from shard.messages where problem = 'x'", []);
  assert.match(plan, /Seq Scan on messages/);
});

/** Mostly waiting messages, some with keys or delays. Others run or are long dead. Most tasks are old. */
async function fill(): Promise<void> {
  await sql`
    insert into shard.messages (id, kind, key, payload, state, due_at, wanted_at, worker, leased_until, died_at)
    select ${newId}, 'kind ' || n % 5, case when n % 3 = 0 then 'key ' || n end, '{}',
      case when n % 50 = 0 then 'running' when n % 10 = 1 then 'dead' else 'waiting' end,
      case when n % 2 = 0 then 0 else ${nowMicros}::int8 + n end, n, case when n % 50 = 0 then 'w' end,
      case when n % 50 = 0 then ${nowMicros}::int8 + n end, case when n % 10 = 1 then ${nowMicros}::int8 - n end
    from generate_series(1, ${rows}) as n`.execute(db);
  await sql`
    insert into shard.tasks (id, user_id, kind) select ${newId}, ${newId}, 'task'
    from generate_series(1, ${rows})`.execute(db);
}

async function useAll(): Promise<void> {
  const shards = { all: () => [{ db }] } as unknown as Shards;
  const userId = newUserId(0);
  await db.transaction().execute(async (transaction) => {
    await enqueue(transaction, { kind: "kind 1", payload: {} });
    await enqueue(transaction, { kind: "kind 1", payload: {}, key: "a key" });
  });
  const id = await startTask(db, { userId, kind: "kind 1", payload: {} });
  const rooms = new Map([
    ["kind 1", { count: 4, perOwner: undefined }],
    ["kind 2", { count: 4, perOwner: { field: "owner", most: 2 } }],
  ]);
  const claim = { worker: "me", rooms, nowMicros, leasedUntil: nowMicros + 1 };
  const [first, second, third] = (await claimDue(db, claim)) as [Claimed, Claimed, Claimed];
  await renewLeases(db, { worker: "me", ids: [first.id, second.id], leasedUntil: nowMicros + 2 });
  await findHeld(db, "me", nowMicros);
  await nextDueMicros(db, [...rooms.keys()], nowMicros);
  await removeDone(db, first);
  await putBack(db, second, { dueMicros: nowMicros, problem: "p" });
  await bury(db, third, "p", nowMicros);
  for (const dead of [false, true]) await listMessages(shards, { dead, limit: 100 });
  await retryMessage(shards, third.id);
  await assert.rejects(retryMessage(shards, await runningId()), { code: "conflict" });
  await removeMessage(shards, third.id, nowMicros);
  await readTask(db, userId, id);
  await finishTask(db, { id, state: "done", result: {}, nowMicros });
  await expireDeadMessages({ db, nowMicros });
  await expireTasks({ db, nowMicros });
  await queueFigures(shards)();
  assert.ok(await readUnattended(db, { kind: "kind 1", keys: ["key 3"] }), "the statement is not reached");
}

/** Valid form of our ids, which routes check. */
const newId = sql`overlay(gen_random_uuid()::text placing '8' from 15)::uuid`;

async function runningId(): Promise<MessageId> {
  const [running] = await findHeld(db, "me", nowMicros);
  assert.ok(running !== undefined);
  return running.id;
}

/** @param parameters undefined: generic plan */
async function explain(text: string, parameters: readonly unknown[] | undefined): Promise<string> {
  const { rows: lines } = await (parameters === undefined
    ? pool.query(`explain (generic_plan) ${text}`)
    : pool.query(`explain ${text}`, [...parameters]));
  return lines.map((line) => String(line["QUERY PLAN"])).join("\n");
}
