import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { toHoldfastError } from "@holdfast/core/errors";
import type { NodeId, TransferId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { longTest } from "@holdfast/tools/tiers";
import { sql } from "kysely";
import { endPersonalTokens } from "../accounts/people/personal-tokens.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { GrantRow } from "../../base/db/shard-tables.ts";
import type { Actor } from "../../tree/actor.ts";
import type { Operation } from "../../tree/commit/operation.ts";
import { findNode } from "../../tree/read/look-up.ts";
import { checkInvariants } from "../../tree/testing/invariants.ts";
import type { TestClock } from "../../tree/testing/testing.ts";
import { sweepPurged } from "../../tree/commit/removal.ts";
import { readTask } from "../../base/queue/tasks.ts";
import { openOwners, type Owners } from "../sharing/testing-owners.ts";
import { acceptTransfer, cancelTransfer, listTransfers, offerTransfer } from "./open-transfers.ts";
import { runTransfer } from "./run-transfer.ts";
import type { TransferWorld } from "./transfer-world.ts";

for (const twoCells of [false, true]) {
  describe(`Transfer ${twoCells ? "between cells" : "within a cell"}`, () => {
    const testOfCells = twoCells ? test : longTest;
    const never = new AbortController().signal;
    let owners: Owners;
    let world: Owners["world"];
    let clock: TestClock;

    before(async () => {
      owners = await openOwners({ twoCells });
      ({ world, clock } = owners);
    });
    after(() => owners?.close());

    const sign = (bucket: number, quotaBytes?: number) => owners.sign(bucket, quotaBytes);
    const commit = (caller: Actor, operation: Operation) => owners.commit(caller, operation);
    const mkdir = (caller: Actor, name: string, parentId?: string) => owners.mkdir(caller, name, parentId);
    const put = (caller: Actor, name: string, text: string, parentId?: string) =>
      owners.put(caller, name, text, parentId);
    const dbOf = (who: Pick<Actor, "spaceId">) => owners.dbOf(who);
    const treeOf = (who: Pick<Actor, "spaceId">, topId: string) => owners.treeOf(who, topId);
    const namesIn = (who: Actor) => owners.namesIn(who);

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
      const node = await findNode(owners.shards, ann, nodeId);
      return (await offerTransfer(world, ann, node, { email: bob.email })).transfer.id as TransferId;
    }
    const run = (bob: Actor, id: TransferId, other: TransferWorld = world) =>
      runTransfer(other, { spaceId: bob.spaceId, id }, never);
    const taskOf = (bob: Actor, job: string) => readTask(dbOf(bob), bob.userId, job);

    test("moves a folder with its history, and leaves the original in its old owner's trash", async () => {
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
      assert.equal((await findNode(owners.shards, ann, top.id)).row.trashed_at === null, false);
      for (const who of [ann, bob]) await checkInvariants(dbOf(who), who.spaceId);
      // Bob reads from the cell without an upload of his own.
      assert.deepEqual(await owners.read(bob, ["second version"]), ["second version"]);
      const theirs = await findNode(owners.shards, { ...ann }, result.id);
      assert.equal(theirs.role, "editor");
      await assert.rejects(findNode(owners.shards, bob, file.id), { code: "not_found" });
      assert.deepEqual((await listTransfers(world, ann, {})).items, []);
      await run(bob, id);
      assert.deepEqual(
        (await namesIn(bob)).map(({ name }) => name),
        ["work", "work (2)"],
      );
    });

    testOfCells("creates new permissions, and ends links and the old permissions", async () => {
      const [ann, bob, cleo] = [await sign(3), await sign(4000), await sign(4001)];
      const { top, deep } = await makeTree(ann);
      const give = (nodeId: string, grant: Parameters<Owners["give"]>[2]) => owners.give(ann, nodeId, grant);
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

    testOfCells("a transfer that dies at any step is repeated, with one tree as result", async () => {
      for (let dies = 0, ended = false; !ended; dies += 1) {
        assert.ok(dies < 60, "it comes to its end");
        const [ann, bob] = [await sign(3), await sign(4000)];
        const { top } = await makeTree(ann);
        const whole = await treeOf(ann, top.id);
        const id = await offer(ann, bob, top.id);
        const job = await acceptTransfer(world, bob, id);
        let calls = 0;
        const died = Promise.withResolvers<void>();
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
              await owners.blocks.service.holdAlso(...holding);
              await point();
            },
          },
          committer: {
            commit: async (...commits) => {
              await point();
              const outcome = await owners.committer.commit(...commits);
              await point();
              return outcome;
            },
          },
          // After the attaching transaction, and after the one that ends the grants.
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

    testOfCells("without free quota it is rejected, and a later failure is rolled back", async () => {
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

    testOfCells("after its job failed, the offer waits again, and the next acceptance starts another job", async () => {
      const [ann, bob] = [await sign(3), await sign(4000)];
      const { top } = await makeTree(ann);
      const whole = await treeOf(ann, top.id);
      const id = await offer(ann, bob, top.id);
      const states = async (who: Actor) => (await listTransfers(world, who, {})).items.map(({ state }) => state);
      const die = (job: string) =>
        sql`update shard.messages set state = 'dead', died_at = 1, problem = 'p' where id = ${job}`.execute(dbOf(bob));
      const job = await acceptTransfer(world, bob, id);
      await assert.rejects(runTransfer(world, { spaceId: bob.spaceId, id }, AbortSignal.abort()));
      assert.deepEqual([await namesIn(ann), await states(ann), await states(bob)], [[], ["accepted"], ["accepted"]]);
      await die(job);
      assert.deepEqual([await states(ann), await states(bob)], [["waiting"], ["waiting"]]);
      const again = await acceptTransfer(world, bob, id);
      assert.notEqual(again, job);
      assert.equal((await taskOf(bob, job))?.state, "failed");
      assert.deepEqual(await treeOf(ann, top.id), whole);
      // Crash before the start, while the owner moves the node to the trash.
      await die(again);
      await commit(ann, { op: "delete", fileId: top.id });
      await assert.rejects(acceptTransfer(world, bob, id), { code: "conflict", message: /to the trash/ });
      await commit(ann, { op: "restore", fileId: top.id });
      const last = await acceptTransfer(world, bob, id);
      await run(bob, id);
      assert.equal((await taskOf(bob, last))?.state, "done");
      assert.deepEqual([await states(ann), await states(bob)], [[], []]);
    });

    testOfCells("an offer expires after 14 days, and the node can then be offered to another account", async () => {
      const [ann, bob, cleo] = [await sign(3), await sign(4000), await sign(4001)];
      const { top } = await makeTree(ann);
      const id = await offer(ann, bob, top.id);
      const listed = async (who: Actor) => (await listTransfers(world, who, {})).items.map((each) => each.id);
      clock.advanceMs(limits.transferOfferMs - 1000);
      assert.deepEqual([await listed(ann), await listed(bob)], [[id], [id]]);
      clock.advanceMs(1000);
      await assert.rejects(acceptTransfer(world, bob, id), { code: "conflict", message: /within 14 days/ });
      assert.deepEqual([await listed(ann), await listed(bob)], [[], []]);
      const second = await offer(ann, cleo, top.id);
      await assert.rejects(acceptTransfer(world, bob, id), { code: "not_found" });
      const job = await acceptTransfer(world, cleo, second);
      clock.advanceMs(2 * limits.transferOfferMs);
      await run(cleo, second);
      assert.equal((await taskOf(cleo, job))?.state, "done", "what was accepted in time goes on");
    });

    testOfCells("an offer is withdrawn when its owner's tokens end, unless it was accepted", async () => {
      const [ann, bob] = [await sign(3), await sign(4000)];
      const [waiting, accepted, given] = [await mkdir(ann, "1"), await mkdir(ann, "2"), await mkdir(bob, "3")];
      const ids = [await offer(ann, bob, waiting.id), await offer(ann, bob, accepted.id)] as const;
      const ofBob = await offer(bob, ann, given.id);
      await sql`update shard.transfers set accepted_at = 1 where id = ${ids[1]}`.execute(dbOf(ann));
      await inTransaction(dbOf(ann), (transaction) => endPersonalTokens(transaction, ann.userId));
      assert.deepEqual(
        (await listTransfers(world, bob, {})).items.map((each) => each.id).toSorted(),
        [ids[1], ofBob].toSorted(),
      );
      await assert.rejects(acceptTransfer(world, bob, ids[0]), { code: "not_found" });
    });

    testOfCells(
      "only its recipient can accept an offer, a withdrawn one ends, and missing nodes are rejected",
      async () => {
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
      },
    );
  });
}
