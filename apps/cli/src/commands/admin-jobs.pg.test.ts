import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { makeId, type MessageId, toBucket } from "@holdfast/core/ids";
import { queryDatabase } from "@holdfast/server/acceptance/testing";
import { bothPlaces, useSignedIn } from "./testing-signed-in.ts";

const command = useSignedIn("admin-jobs");
const { data, run } = command;

for (const [where, flags] of bothPlaces(command)) {
  test(`${where}, abandoned jobs are listed, retried and removed`, async () => {
    const json = (...args: string[]) => command.json("admin", "jobs", ...args, ...flags);
    const [dead, other] = [await putDead(), await putDead()];
    const list = async (...args: string[]): Promise<string[]> => {
      const { items }: { items: { id: string; kind: string }[] } = await json("ls", ...args);
      // Excludes a notification of the sign-in that may still be queued.
      return items.flatMap(({ id, kind }) => (kind === "test" ? [id] : []));
    };
    assert.deepEqual(await list("--dead"), [dead, other]);
    assert.match(
      (await run(["admin", "jobs", "ls", ...flags])).stdout,
      new RegExp(`${dead} +test +dead +7 attempts .*no answer`),
    );
    const retried = await json("retry", dead);
    assert.deepEqual([retried.id, retried.state, retried.attempts, retried.due_at], [dead, "waiting", 0, null]);
    assert.deepEqual(await list("--dead"), [other]);
    assert.deepEqual(await list(), [dead, other]);
    for (const id of [dead, other]) assert.deepEqual(await json("rm", id), { id, removed: true });
    assert.deepEqual(await list(), []);
    for (const word of ["retry", "rm"]) {
      const missing = await run(["admin", "jobs", word, dead, ...flags]);
      assert.equal(missing.code, 4);
      assert.match(missing.stderr, /There is no job/);
    }
  });
}

/** Inserts a message of an unknown kind, which the server does not process. */
async function putDead(): Promise<string> {
  const id = makeId<MessageId>(toBucket(0), Date.now(), randomBytes(8));
  await queryDatabase(
    data,
    `insert into shard.messages (id, kind, payload, state, attempts, due_at, problem, died_at)
     values ('${id}', 'test', '{}', 'dead', 7, 0, 'no answer', ${Date.now() * 1000})`,
  );
  return id;
}
