import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import pg from "pg";
import { z } from "zod";
import { startTwoTestShards, type TestDatabases } from "../db/testing.ts";
import { enqueueOn, openTestQueue } from "./testing.ts";

let databases: TestDatabases;
before(async () => (databases = await startTwoTestShards({ fsync: false })));
after(() => databases.stop());

test("an idle queue sends three small queries per shard in ten seconds, and keeps no process alive", async (t) => {
  const timers = t.mock.method(globalThis, "setTimeout");
  const repeated = t.mock.method(globalThis, "setInterval");
  const ended = t.mock.method(globalThis, "clearInterval");
  const kinds = { text: { schema: z.string(), work: () => Promise.resolve() } };
  const { queue } = openTestQueue(databases.shards, kinds);
  t.after(() => queue.stop());
  for (const shard of databases.shards.all()) await enqueueOn(shard, { kind: "text", payload: "x" });
  await queue.idle();
  const looks = () =>
    timers.mock.calls.filter(
      ({ result, arguments: [, ms = 0] }) => ms >= 5000 && ms < 30_000 && result?.hasRef() === false && isSet(result),
    );
  assert.deepEqual(
    looks().map(({ arguments: [, ms] }) => ms),
    [9000, 9000],
  );
  assert.equal(repeated.mock.callCount(), ended.mock.callCount(), "leases are renewed though nothing is worked");

  const queries = t.mock.method(pg.Client.prototype, "query");
  const statements = () => queries.mock.calls.filter(({ arguments: [text] }) => /shard\./.test(textOf(text)));
  timers.mock.resetCalls();
  await queue.idle();
  assert.deepEqual(
    looks().map(({ arguments: [, ms] }) => ms),
    [9000, 9000],
  );
  assert.ok(statements().length <= 6, `${statements().length} statements`);
  assert.ok(statements().length > 0, "no statement was seen, so the count proves nothing");
});

function isSet(timer: NodeJS.Timeout): boolean {
  return !(timer as unknown as { _destroyed: boolean })._destroyed;
}

function textOf(query: unknown): string {
  return typeof query === "string" ? query : String((query as { text?: unknown } | undefined)?.text);
}
