import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { toHoldfastError } from "@holdfast/core/errors";
import { bucketOf, makeId, type NodeId, type TransferId, toBucket, type UserId } from "@holdfast/core/ids";
import { makeMemoryStore } from "@holdfast/object-store/memory-store";
import type { NodeJson } from "@holdfast/protocol/values";
import { sql } from "kysely";
import { createUser } from "../accounts/sign-up.ts";
import { openTestAccounts, type TestAccounts, testPassword } from "../accounts/testing.ts";
import type { BlockPool } from "../blocks/block-tasks.ts";
import { type BlockWorld, blockOf, openBlockWorld, startTestPool } from "../blocks/testing.ts";
import { startTwoTestShards, type TestDatabases } from "../db/testing.ts";
import type { GrantRow, NodeRow, VersionRow } from "../db/shard-tables.ts";
import type { Actor } from "../metadata/actor.ts";
import { type Committer, openCommitter } from "../metadata/commit/commit-queue.ts";
import type { Operation } from "../metadata/commit/operation.ts";
import { openViewCommitter } from "../metadata/commit/view-committer.ts";
import { findNode } from "../metadata/read/look-up.ts";
import { checkInvariants } from "../metadata/testing/invariants.ts";
import { describe as described, smallPieces, TestClock } from "../metadata/testing/testing.ts";
import { sweepPurged } from "../metadata/trash/removal.ts";
import { readTask } from "../queue/tasks.ts";
import { grantNode } from "../sharing/grant-node.ts";
import { acceptTransfer, cancelTransfer, listTransfers, offerTransfer } from "./open-transfers.ts";
import { runTransfer } from "./run-transfer.ts";
import type { TransferWorld } from "./transfer-world.ts";

/** Ann's space lies on one shard, Bob's and Cleo's on the other. */
describe("a transfer", () => {
  const clock = new TestClock();
  const never = new AbortController().signal;
  let databases: TestDatabases;
  let accounts: TestAccounts;
  let pool: BlockPool;
  let blocks: BlockWorld;
  let committer: Committer;
  let world: TransferWorld;
  let made = 0;

  before(async () => {
    databases = await startTwoTestShards({ fsync: false });
    accounts = await openTestAccounts(databases.shards);
    pool = startTestPool();
    blocks = await openBlockWorld(pool, { databases, store: makeMemoryStore({ nowMs: () => clock.nowMs() }), clock });
    const { shards } = databases;
    const log = { warn: () => {}, error: () => {} };
    const ports = { shards, clock, random: randomBytes, onCommitted: () => {} };
    committer = openViewCommitter(shards, openCommitter({ ...ports, log }));
    const queue = { kick: () => {} };
    world = { ...ports, committer, queue, blocks: blocks.service, pieces: smallPieces };
  });
  after(async () => {
    await blocks?.service.close();
    await pool?.close();
    await databases?.stop();
  });

  const idIn = <Id extends UserId | NodeId>(bucket: number) =>
    makeId<Id>(toBucket(bucket), 1_900_000_000_000, randomBytes(8));

  async function sign(bucket: number, quotaBytes: number | null = null): Promise<Actor & { email: string }> {
    const id = idIn<UserId>(bucket);
    const email = `${(made += 1)}@example.org`;
    const user = { email, password: testPassword, name: `N${made}`, admin: false, quotaBytes };
    const row = await createUser(accounts, user, id);
    await sql`update shard.users set email_confirmed_at = 1 where id = ${id}`.execute(databases.shards.ofId(id).db);
    const place = { bucket: bucketOf(row.space_id), spaceId: row.space_id, rootId: row.root_id, owns: true };
    return { userId: id, ...place, deviceId: null, grantees: [id], receives: true, email };
  }

  async function commit(caller: Actor, operation: Operation): Promise<NodeJson> {
    const { results } = await committer.commit(caller, [operation]);
    if (results[0]?.status === "committed" && results[0].node !== undefined) return results[0].node;
    throw new Error(described(results[0]));
  }
  async function content(caller: Actor, text: string) {
    const block = blockOf(Buffer.from(text));
    await blocks.service.store(caller.spaceId, caller.userId, [block]);
    return { sizeBytes: block.sizeBytes, blocks: [{ hash: block.hash, size: block.sizeBytes }] };
  }
  const mkdir = (caller: Actor, name: string, parentId = "root") =>
    commit(caller, { op: "mkdir", place: { parentId, name }, metadata: { about: name } });
  const put = async (caller: Actor, name: string, text: string, parentId = "root") =>
    commit(caller, {
      op: "put",
      place: { parentId, name },
      content: await content(caller, text),
      onConflict: "replace",
      modifiedAtMicros: 1_000_000 * text.length,
      executable: text.length % 2 === 0,
    });
  const dbOf = ({ spaceId }: Pick<Actor, "spaceId">) => databases.shards.ofId(spaceId).db;

  /** Everything that people see of what is live: by path, with versions. */
  async function treeOf({ spaceId }: Pick<Actor, "spaceId">, topId: string): Promise<string[]> {
    const { rows } = await sql<NodeRow & { path: string }>`
      with recursive live as (
        select n.*, '' collate "C" as path from shard.nodes n where n.space_id = ${spaceId} and n.id = ${topId}
        union all
        select n.*, live.path || '/' || n.name from live
        join shard.nodes n on n.space_id = live.space_id and n.parent_id = live.id and n.trashed_at is null
      ) select * from live`.execute(dbOf({ spaceId }));
    const lines: string[] = [];
    for (const row of rows) {
      const { kind, path, modified_at, executable, target, metadata, created_at, size } = row;
      const { rows: versions } = await sql<VersionRow>`
        select * from shard.versions where space_id = ${spaceId} and node_id = ${row.id} order by number`.execute(
        dbOf({ spaceId }),
      );
      const history = versions.map((version) => [
        version.number,
        version.content_id.toString("hex"),
        version.created_by,
        version.created_at,
        version.label,
      ]);
      lines.push(JSON.stringify({ kind, path, modified_at, executable, target, metadata, created_at, size, history }));
    }
    return lines.toSorted();
  }

  /** A folder with all that a transfer has to bring over. */
  async function makeTree(ann: Actor) {
    const top = await mkdir(ann, "work");
    const deep = await mkdir(ann, "deep", top.id);
    const file = await put(ann, "file", "first", deep.id);
    await put(ann, "file", "second version", deep.id);
    await commit(ann, { op: "label", fileId: file.id, version: 1, label: "the first" });
    await commit(ann, { op: "symlink", place: { parentId: top.id, name: "link" }, target: "deep/file" });
    await put(ann, "empty", "", top.id).catch(() => undefined);
    const trashed = await put(ann, "trashed", "gone", top.id);
    await commit(ann, { op: "delete", fileId: trashed.id });
    return { top, deep, file };
  }

  async function offer(ann: Actor, bob: { email: string }, nodeId: string) {
    const node = await findNode(databases.shards, ann, nodeId);
    return (await offerTransfer(world, ann, node, bob.email)).transfer.id as TransferId;
  }
  const run = (bob: Actor, id: TransferId, other: TransferWorld = world) =>
    runTransfer(other, { spaceId: bob.spaceId, id }, never);
  const taskOf = (bob: Actor, job: string) => readTask(dbOf(bob), bob.userId, job);
  const namesIn = async (who: Actor) => {
    const { rows } = await sql<{ name: string; id: NodeId }>`
      select name, id from shard.nodes
      where space_id = ${who.spaceId} and parent_id = ${who.rootId} and trashed_at is null order by name`.execute(
      dbOf(who),
    );
    return rows;
  };

  test("brings a folder over with its history, and leaves it in the trash of its old owner", async () => {
    const [ann, bob] = [await sign(3), await sign(4000)];
    const { top, file } = await makeTree(ann);
    await mkdir(bob, "work");
    const whole = await treeOf(ann, top.id);
    const id = await offer(ann, bob, top.id);
    assert.deepEqual(
      (await listTransfers(world, bob, {})).items.map(({ node, state }) => [node.name, state]),
      [["work", "waiting"]],
    );
    const job = await acceptTransfer(world, bob, id);
    assert.equal(await acceptTransfer(world, bob, id), job);
    await run(bob, id);
    const task = await taskOf(bob, job);
    const result = task?.result as { id: NodeId; name: string };
    assert.deepEqual([task?.state, result.name], ["done", "work (2)"]);
    assert.deepEqual(await treeOf(bob, result.id), whole);
    assert.deepEqual(await namesIn(ann), []);
    assert.equal((await findNode(databases.shards, ann, top.id)).row.trashed_at === null, false);
    for (const who of [ann, bob]) await checkInvariants(dbOf(who), who.spaceId);
    // Bob reads what the cell has, though nobody sent it for him.
    const [hash] = (await content(ann, "second version")).blocks.map((block) => block.hash);
    assert.ok(hash !== undefined);
    const read = await Array.fromAsync(blocks.service.read(bob.spaceId, [hash]));
    assert.equal(Buffer.from(read[0]?.payload ?? []).toString(), "second version");
    // What Ann may do from now on is an editor's; the old ids are not Bob's.
    const theirs = await findNode(databases.shards, { ...ann }, result.id);
    assert.equal(theirs.role, "editor");
    await assert.rejects(findNode(databases.shards, bob, file.id), { code: "not_found" });
    assert.deepEqual((await listTransfers(world, ann, {})).items, []);
    await run(bob, id);
    assert.deepEqual(
      (await namesIn(bob)).map(({ name }) => name),
      ["work", "work (2)"],
    );
  });

  test("makes permissions anew, and ends links and what was granted at the old place", async () => {
    const [ann, bob, cleo] = [await sign(3), await sign(4000), await sign(4001)];
    const { top, deep } = await makeTree(ann);
    const caller = { ...ann } as unknown as Parameters<typeof grantNode>[1];
    const none = { email: null, email_key: null, expires_at: null };
    const give = async (nodeId: string, grant: Partial<GrantRow> & Pick<GrantRow, "kind" | "role" | "grantee_id">) =>
      grantNode(world, caller, await findNode(databases.shards, ann, nodeId), { ...none, ...grant });
    await give(deep.id, { kind: "user", role: "viewer", grantee_id: cleo.userId });
    await give(top.id, { kind: "user", role: "viewer", grantee_id: bob.userId });
    await give(top.id, { kind: "link", role: "viewer", grantee_id: null, secret_hash: randomBytes(32) });
    await give(top.id, { kind: "pending", role: "editor", grantee_id: null, email: "P@x.org", email_key: "p@x.org" });
    const id = await offer(ann, bob, top.id);
    await acceptTransfer(world, bob, id);
    await run(bob, id);
    const grantsIn = async ({ spaceId }: Actor) =>
      (
        await sql<GrantRow & { name: string }>`
        select g.*, n.name from shard.grants g join shard.nodes n on n.space_id = g.space_id and n.id = g.node_id
        where g.space_id = ${spaceId} order by n.name, g.role, g.kind`.execute(dbOf({ spaceId }))
      ).rows;
    assert.deepEqual(await grantsIn(ann), []);
    assert.deepEqual(
      (await grantsIn(bob)).map((grant) => [grant.name, grant.kind, grant.role, grant.grantee_id, grant.created_by]),
      [
        ["deep", "user", "viewer", cleo.userId, bob.userId],
        ["work", "pending", "editor", null, bob.userId],
        ["work", "user", "editor", ann.userId, bob.userId],
      ],
    );
    for (const who of [ann, bob]) await checkInvariants(dbOf(who), who.spaceId);
  });

  test("that dies anywhere is run again, and there is one tree", async () => {
    for (let dies = 0, ended = false; !ended; dies += 1) {
      assert.ok(dies < 60, "it comes to its end");
      const [ann, bob] = [await sign(3), await sign(4000)];
      const { top } = await makeTree(ann);
      const whole = await treeOf(ann, top.id);
      const id = await offer(ann, bob, top.id);
      const job = await acceptTransfer(world, bob, id);
      let calls = 0;
      const died = Promise.withResolvers<void>();
      // Whoever comes here never goes on, as one that was killed.
      const point = async (): Promise<void> => {
        calls += 1;
        if (calls - 1 !== dies) return;
        died.resolve();
        await new Promise(() => {});
      };
      const dying: TransferWorld = {
        ...world,
        blocks: {
          holdAlso: async (...holding) => {
            await point();
            await blocks.service.holdAlso(...holding);
            await point();
          },
        },
        committer: {
          commit: async (...commits) => {
            await point();
            const outcome = await committer.commit(...commits);
            await point();
            return outcome;
          },
        },
        // After the transaction that attaches, and after the one that ends what was granted.
        onCommitted: () => {
          calls += 1;
          if (calls - 1 === dies) throw new Error("died");
        },
      };
      ended = await Promise.race([
        run(bob, id, dying).then(
          () => true,
          () => false,
        ),
        died.promise.then(() => false),
      ]);
      await run(bob, id);
      const result = (await taskOf(bob, job))?.result as { id: NodeId };
      assert.deepEqual(await treeOf(bob, result.id), whole, `died at ${dies}`);
      assert.deepEqual(
        (await namesIn(bob)).map(({ name }) => name),
        ["work"],
        `died at ${dies}`,
      );
      assert.deepEqual(await namesIn(ann), []);
      clock.advanceMs(2 * 3600_000);
      await sweepPurged(dbOf(bob), { nowMicros: clock.nowMicros() });
      for (const who of [ann, bob]) await checkInvariants(dbOf(who), who.spaceId);
      const { rows } = await sql`
        select id from shard.nodes where space_id = ${bob.spaceId} and purged_at is not null`.execute(dbOf(bob));
      assert.equal(rows.length, 0, "nothing is left of what died");
    }
  });

  test("without room for it is refused, and one that finds that out late gives it back", async () => {
    const [ann, bob] = [await sign(3), await sign(4000, 10)];
    const { top } = await makeTree(ann);
    const whole = await treeOf(ann, top.id);
    const id = await offer(ann, bob, top.id);
    await assert.rejects(acceptTransfer(world, bob, id), { code: "quota" });
    const quota = (bytes: number | null) =>
      sql`update shard.spaces set quota_bytes = ${bytes}::int8 where id = ${bob.spaceId}`.execute(dbOf(bob));
    await quota(null);
    const job = await acceptTransfer(world, bob, id);
    await quota(10);
    await run(bob, id);
    const task = await taskOf(bob, job);
    assert.deepEqual([task?.state, (task?.result as { code: string } | undefined)?.code], ["failed", "quota"]);
    assert.deepEqual(await treeOf(ann, top.id), whole);
    assert.deepEqual(await namesIn(bob), []);
    for (const who of [ann, bob]) await checkInvariants(dbOf(who), who.spaceId);
    await quota(null);
    const again = await acceptTransfer(world, bob, id);
    await run(bob, id);
    assert.equal((await taskOf(bob, again))?.state, "done");
  });

  test("is only its recipient's to accept, ends where it is withdrawn, and takes nothing that is not there", async () => {
    const [ann, bob, cleo] = [await sign(3), await sign(4000), await sign(4001)];
    const { top } = await makeTree(ann);
    const code = (action: Promise<unknown>) =>
      action.then(
        () => "done",
        (error: unknown) => toHoldfastError(error).code,
      );
    const id = await offer(ann, bob, top.id);
    assert.equal(await code(offer(ann, cleo, top.id)), "conflict");
    assert.equal(await offer(ann, bob, top.id), id);
    assert.equal(await code(acceptTransfer(world, cleo, id)), "not_found");
    assert.equal(await code(acceptTransfer(world, ann, id)), "not_found");
    assert.equal(await code(cancelTransfer(world, cleo, id)), "not_found");
    assert.deepEqual((await listTransfers(world, cleo, {})).items, []);
    await cancelTransfer(world, ann, id);
    assert.equal(await code(acceptTransfer(world, bob, id)), "not_found");
    for (const [nodeId, whom] of [
      ["root", bob],
      [top.id, ann],
      [top.id, { email: "nobody@example.org" }],
    ] as const) {
      assert.equal(await code(offer(ann, whom, nodeId)), "invalid_field");
    }
    const second = await offer(ann, bob, top.id);
    await commit(ann, { op: "delete", fileId: top.id });
    assert.equal(await code(acceptTransfer(world, bob, second)), "conflict");
    await cancelTransfer(world, bob, second);
    assert.equal(await code(offer(ann, bob, top.id)), "invalid_field");
  });
});
