import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { sha256 } from "@holdfast/core/hash";
import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { hashArray } from "../../base/db/array-parameters.ts";
import { openOwners, type Owner, type Owners } from "../../features/sharing/testing-owners.ts";
import type { Actor } from "../actor.ts";
import { isLongTier, longTest } from "@holdfast/tools/tiers";
import { checkInvariants } from "../testing/invariants.ts";
import { sweepPurged } from "./removal.ts";
import type { Operation } from "./operation.ts";
import { openViewCommitter } from "./view-committer.ts";

const code = (action: Promise<unknown>) =>
  action.then(
    () => "done",
    (error: unknown) => toHoldfastError(error).code,
  );

/** The quick tier tests only some interruption points, because each takes as long as a test. */
const every = (step: number) => (isLongTier ? 1 : step);
/** Ann has bucket 3. These are the buckets of another account, on another shard or on hers. Another cell is on another shard too. */
const places = [
  { name: "on another shard", twoCells: false, bucket: 4000, interruptedAt: { first: 1, step: every(6) } },
  { name: "on the same shard", twoCells: false, bucket: 4, interruptedAt: { first: 2, step: every(8) } },
  { name: "in another cell", twoCells: true, bucket: 4000, interruptedAt: { first: 4, step: every(8) } },
];
for (const { name, twoCells, bucket, interruptedAt } of isLongTier ? places : places.slice(1)) {
  describe(`Copy from another user's share, ${name}`, () => {
    let owners: Owners;
    let ann: Owner;
    let bob: Owner;
    /** For claims that do not depend on the place. */
    const testOfCells = twoCells ? test : longTest;

    before(async () => void (owners = await openOwners({ twoCells })));
    after(() => owners?.close());

    async function start(quotaBytes: number | null = null) {
      [ann, bob] = await Promise.all([owners.sign(3), owners.sign(bucket, quotaBytes)]);
    }
    const copy = (caller: Actor, fileId: string, place: Extract<Operation, { op: "copy" }>["place"]) =>
      owners.commit(caller, { op: "copy", fileId, place });
    const check = async (...all: Actor[]) => {
      for (const who of all) await checkInvariants(owners.dbOf(who), who.spaceId);
    };
    const lines = async (who: Actor, id: string) =>
      (await owners.treeOf(who, id)).map((line) => {
        const { kind, path, modified_at, executable, target, size, history } = JSON.parse(line) as Record<
          string,
          unknown
        > & { history: unknown[][] };
        return JSON.stringify({ kind, path, modified_at, executable, target, size, head: history.at(-1)?.[1] });
      });

    test("copies only a file's newest version, for the new owner's quota, and outlives its source", async () => {
      await start();
      const file = await owners.put(ann, "file", "first");
      await owners.put(ann, "file", "the second");
      await owners.give(ann, file.id, { role: "viewer", grantee_id: bob.userId });
      const unchanged = await owners.spaceOf(ann);
      const node = await copy(bob, file.id, { parentId: "root", name: "mine" });
      assert.deepEqual([node.path, node.version, node.size, node.role, node.shared], ["/mine", 1, 10, "owner", false]);
      assert.equal(node.modified_at, (await owners.put(ann, "file", "the second")).modified_at);
      assert.deepEqual(await owners.spaceOf(ann), unchanged);
      const { used_bytes, stored_bytes } = await owners.spaceOf(bob);
      assert.deepEqual([used_bytes, stored_bytes], [10, 10]);
      await owners.commit(ann, { op: "purge", fileId: file.id, trashedOnly: false }).catch(() => {});
      assert.deepEqual(await owners.read(bob, ["the second", "first"]), ["the second", undefined]);
      await check(ann, bob);
      const history = JSON.parse((await owners.treeOf(bob, node.id))[0] ?? "{}") as { history: unknown[][] };
      assert.deepEqual(
        history.history.map((version) => [version[0], version[2], version[4]]),
        [[1, bob.userId, null]],
      );
    });

    testOfCells("contains what its reader can see in a folder, without permissions, trash and mounts", async () => {
      await start();
      const top = await owners.mkdir(ann, "work");
      const deep = await owners.mkdir(ann, "deep", top.id);
      for (let index = 0; index < 12; index += 1) await owners.put(ann, `f${index}`, `content ${index}`, deep.id);
      await owners.put(ann, "empty", "", top.id);
      await owners.commit(ann, { op: "symlink", place: { parentId: top.id, name: "link" }, target: "deep/f1" });
      const box = await owners.mkdir(ann, "box", top.id);
      await owners.put(ann, "hidden", "not for Bob", box.id);
      const gone = await owners.put(ann, "gone", "in the trash", top.id);
      await owners.commit(ann, { op: "delete", fileId: gone.id });
      await owners.give(ann, top.id, { role: "viewer", grantee_id: bob.userId });
      await owners.give(ann, box.id, { role: "uploader", grantee_id: bob.userId });
      const made = await copy(bob, top.id, { parentId: "root" });
      assert.deepEqual(
        await lines(bob, made.id),
        (await lines(ann, top.id)).filter((line) => !line.includes("/box")),
      );
      assert.deepEqual(await owners.read(bob, ["content 7", "not for Bob"]), ["content 7", undefined]);
      const { rows } = await sql`select from shard.grants where space_id = ${bob.spaceId}`.execute(owners.dbOf(bob));
      assert.equal(rows.length, 0);
      assert.equal((await owners.spaceOf(bob)).used_bytes, 12 * 9 + 2);
      assert.equal(await code(copy(bob, box.id, { parentId: "root", name: "box" })), "not_found");
      await check(ann, bob);
    });

    testOfCells("copies a mount's target under the mount's name", async () => {
      await start();
      const top = await owners.mkdir(ann, "work");
      await owners.put(ann, "a", "of a mount", top.id);
      await owners.give(ann, top.id, { role: "editor", grantee_id: bob.userId });
      const mount = await owners.commit(bob, {
        op: "mount",
        place: { parentId: "root", name: "shown" },
        target: top.id as NodeId,
        targetSpace: ann.spaceId,
      });
      const into = await owners.mkdir(bob, "into");
      const made = await copy(bob, mount.id, { parentId: into.id });
      assert.deepEqual([made.path, made.kind], ["/into/shown", "folder"]);
      assert.deepEqual(await lines(bob, made.id), await lines(ann, top.id));
      const beside = await copy(bob, mount.id, { path: "/shown/again" });
      assert.deepEqual([beside.path, beside.role], ["/shown/again", "editor"]);
      await check(ann, bob);
    });

    testOfCells("counts for the owner of a mount that it is made in, without revealing their content", async () => {
      await start();
      const cleo = await owners.sign(7, 25);
      const shared = await owners.mkdir(ann, "shared");
      await owners.put(ann, "a", "ten bytes!", shared.id);
      await owners.give(ann, shared.id, { role: "viewer", grantee_id: bob.userId });
      const target = await owners.mkdir(cleo, "target");
      await owners.put(cleo, "b", "ten bytes!", target.id);
      await owners.give(cleo, target.id, { role: "editor", grantee_id: bob.userId });
      const made = await copy(bob, shared.id, { parentId: target.id });
      assert.equal(made.role, "editor");
      assert.deepEqual(await lines(cleo, made.id), await lines(ann, shared.id));
      const { used_bytes, stored_bytes } = await owners.spaceOf(cleo);
      assert.deepEqual([used_bytes, stored_bytes, (await owners.spaceOf(bob)).used_bytes], [20, 10, 0]);
      const refused = await copy(bob, shared.id, { parentId: target.id, name: "more" }).catch(toHoldfastError);
      assert.ok(refused instanceof Error);
      assert.deepEqual(
        [toHoldfastError(refused).code, refused.message],
        ["quota", "The owner of this folder does not have enough space for this. Ask them to free some."],
      );
      await owners.give(cleo, target.id, { role: "viewer", grantee_id: bob.userId });
      assert.equal(await code(copy(bob, shared.id, { parentId: target.id, name: "c" })), "forbidden");
      await owners.give(cleo, target.id, { role: "editor", grantee_id: bob.userId });
      const own = await owners.put(bob, "own", "mine!", "root");
      assert.equal((await copy(bob, own.id, { parentId: target.id })).size, 5);
      await check(ann, bob, cleo);
    });

    testOfCells(
      "is refused before it starts if there is no room, and leaves nothing if that is found later",
      async () => {
        await start(30);
        const top = await owners.mkdir(ann, "work");
        for (let index = 0; index < 9; index += 1) await owners.put(ann, `f${index}`, `f${index}`.padEnd(10), top.id);
        await owners.give(ann, top.id, { role: "viewer", grantee_id: bob.userId });
        assert.equal(await code(copy(bob, top.id, { parentId: "root" })), "quota");
        const { rows } = await sql`select from shard.space_blocks where space_id = ${bob.spaceId}`.execute(
          owners.dbOf(bob),
        );
        assert.equal(rows.length, 0);
        await sql`update shard.spaces set quota_bytes = 100 where id = ${bob.spaceId}`.execute(owners.dbOf(bob));
        let calls = 0;
        const slow = openViewCommitter(
          {
            shards: owners.shards,
            blocks: {
              holdAlso: async (...all) => {
                if ((calls += 1) === 2) await owners.put(bob, "other", "x".repeat(40));
                await owners.blocks.service.holdAlso(...all);
              },
            },
          },
          owners.inner,
        );
        const { results } = await slow.commit(bob, [{ op: "copy", fileId: top.id, place: { parentId: "root" } }]);
        assert.equal(results[0]?.status === "error" && results[0].error.code, "quota");
        assert.deepEqual(
          (await owners.namesIn(bob)).map(({ name: each }) => each),
          ["other"],
        );
        assert.equal((await owners.spaceOf(bob)).used_bytes, 40);
        await check(ann, bob);
      },
    );

    test("uses the reader's current access, and needs the reader's permission to begin", async () => {
      await start();
      const cleo = await owners.sign(7);
      const top = await owners.mkdir(ann, "work");
      const file = await owners.put(ann, "file", "text", top.id);
      const beside = await owners.put(ann, "beside", "not for Cleo");
      const grant = { role: "editor" as const, grantee_id: cleo.userId };
      await owners.give(ann, top.id, grant);
      await owners.give(ann, beside.id, { role: "viewer", grantee_id: bob.userId });
      let calls: string[] = [];
      const copyBy = async (fileId: string, parts: { disturb?: () => Promise<unknown>; begin?: () => void } = {}) => {
        calls = [];
        const reader = {
          now: async () => {
            if (calls.length === 1) await parts.disturb?.();
            calls.push("now");
            return { ...cleo };
          },
          begin: async () => {
            calls.push("begin");
            parts.begin?.();
          },
        };
        return owners.commit(bob, { op: "copy", fileId, place: { parentId: "root" }, onConflict: "rename", reader });
      };
      const isNothingHere = async () => {
        assert.deepEqual(await owners.namesIn(bob), []);
        const { rows } = await sql`select from shard.space_blocks where space_id = ${bob.spaceId}`.execute(
          owners.dbOf(bob),
        );
        assert.equal(rows.length, 0);
      };
      assert.equal(await code(copyBy(beside.id)), "not_found", "Bob's own rights do not count");
      const used = new HoldfastError("forbidden", "used up");
      const begin = () => {
        throw used;
      };
      for (const { id } of [top, file]) {
        assert.equal(await code(copyBy(id, { begin })), "forbidden");
        await isNothingHere();
        const trash = () => owners.commit(ann, { op: "delete", fileId: id });
        assert.equal(await code(copyBy(id, { disturb: trash })), "not_found");
        assert.deepEqual(calls, ["now", "now"]);
        await owners.commit(ann, { op: "restore", fileId: id });
        const revoke = () => sql`delete from shard.grants where grantee_id = ${cleo.userId}`.execute(owners.dbOf(ann));
        assert.equal(await code(copyBy(id, { disturb: revoke })), "not_found");
        assert.deepEqual(calls, ["now", "now"]);
        await owners.give(ann, top.id, grant);
        await isNothingHere();
      }
      assert.equal((await copyBy(top.id)).path, "/work");
      assert.deepEqual(calls.slice(0, 3), ["now", "now", "begin"]);
      assert.deepEqual(await owners.read(bob, ["text", "not for Cleo"]), ["text", undefined]);
      await check(ann, bob);
    });

    testOfCells("is complete or absent if its source is purged or revoked meanwhile", async () => {
      for (let at = interruptedAt.first, isWhole = false; !isWhole; at += interruptedAt.step) {
        assert.ok(at < 40, "it comes to its end");
        for (const how of ["purge", "revoke"] as const) {
          await start();
          const top = await owners.mkdir(ann, "work");
          const texts = Array.from({ length: 7 }, (_, index) => `${at} ${how} ${index}`);
          await Promise.all(texts.map((text, index) => owners.put(ann, `f${index}`, text, top.id)));
          await owners.give(ann, top.id, { role: "viewer", grantee_id: bob.userId });
          let calls = 0;
          const point = async () => {
            if ((calls += 1) !== at) return;
            if (how === "revoke") {
              await sql`delete from shard.grants where space_id = ${ann.spaceId}`.execute(owners.dbOf(ann));
              return;
            }
            const purge: Operation = { op: "purge", fileId: top.id, trashedOnly: false };
            await owners.inner.commit(ann, [purge]);
            await sweepPurged(owners.dbOf(ann), { nowMicros: owners.clock.nowMicros() });
            await release(ann, texts);
          };
          const disturbed = openViewCommitter(
            {
              shards: owners.shards,
              blocks: {
                holdAlso: async (...all) => {
                  await point();
                  await owners.blocks.service.holdAlso(...all);
                  await point();
                },
              },
            },
            owners.inner,
          );
          const outcome = await disturbed
            .commit(bob, [{ op: "copy", fileId: top.id, place: { parentId: "root" } }])
            .then(
              ({ results }) => results[0]?.status,
              (error: unknown) => toHoldfastError(error).code,
            );
          const left = await owners.namesIn(bob);
          assert.equal(left.length, outcome === "committed" ? 1 : 0, `${how} at ${at}: ${outcome}`);
          if (how === "revoke" && at === 1) assert.equal(outcome, "error");
          isWhole = calls < at;
          if (outcome === "committed") {
            const inside = await owners.namesIn(bob, left[0]?.id);
            // Files that were permanently deleted before they were reached are not in the copy. Everything in it is
            // readable.
            const kept = inside.map(({ name: each }) => texts[Number(each.slice(1))] ?? "");
            assert.deepEqual(await owners.read(bob, kept), kept, `${how} at ${at}`);
            if (isWhole) assert.equal(inside.length, texts.length);
          }
          await check(ann, bob);
        }
      }
    });

    async function release(who: Actor, texts: readonly string[]): Promise<void> {
      const hashes = hashArray(texts.map((text) => sha256(Buffer.from(text))));
      await sql`delete from shard.space_blocks where space_id = ${who.spaceId} and hash = any(${hashes})`.execute(
        owners.dbOf(who),
      );
      const cell = owners.databases.cells.of(who.bucket).db;
      await sql`delete from cell.holders where space_id = ${who.spaceId} and hash = any(${hashes})`.execute(cell);
    }

    testOfCells("includes the segments of a long file, and returns the same result when repeated", async () => {
      await start();
      const texts = Array.from({ length: 700 }, (_, index) => `block ${index}`);
      const file = await owners.commit(ann, {
        op: "put",
        place: { parentId: "root", name: "long" },
        content: await owners.content(ann, ...texts),
      });
      await owners.give(ann, file.id, { role: "viewer", grantee_id: bob.userId });
      const requestHash = createHash("sha256").update(file.id).digest();
      const operation: Operation = {
        op: "copy",
        fileId: file.id,
        place: { parentId: "root" },
        operationId: requestHash.subarray(0, 16),
        requestHash,
      };
      const made = await owners.commit(bob, operation);
      assert.deepEqual([made.name, made.content_id], ["long", file.content_id]);
      assert.deepEqual(await owners.read(bob, texts), texts);
      await sql`delete from shard.grants where space_id = ${ann.spaceId}`.execute(owners.dbOf(ann));
      assert.equal((await owners.commit(bob, operation)).id, made.id);
      assert.equal((await owners.namesIn(bob)).length, 1);
      await check(ann, bob);
    });

    testOfCells("is refused for hidden, trashed or changed sources, and a refused move names both paths", async () => {
      await start();
      const secret = await owners.put(ann, "secret", "secret");
      const top = await owners.mkdir(ann, "work");
      const file = await owners.put(ann, "file", "text", top.id);
      await owners.give(ann, top.id, { role: "editor", grantee_id: bob.userId });
      assert.equal(await code(copy(bob, secret.id, { parentId: "root" })), "not_found");
      const stale: Operation = { op: "copy", fileId: file.id, place: { parentId: "root" }, baseVersion: 9 };
      assert.equal(await code(owners.commit(bob, stale)), "conflict");
      const into = await owners.mkdir(bob, "into");
      const moved = await owners
        .commit(bob, { op: "move", fileId: file.id, place: { parentId: into.id } })
        .catch(toHoldfastError);
      assert.ok(moved instanceof Error);
      assert.match(moved.message, /^\/file and the folder \/into have different owners/);
      await owners.commit(bob, { op: "delete", fileId: file.id });
      assert.equal(await code(copy(bob, file.id, { parentId: "root" })), "trashed");
      await check(ann, bob);
    });
  });
}
