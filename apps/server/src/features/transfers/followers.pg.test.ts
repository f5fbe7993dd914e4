import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { toHoldfastError } from "@holdfast/core/errors";
import type { NodeId, TransferId } from "@holdfast/core/ids";
import { isLongTier } from "@holdfast/tools/tiers";
import { type KyselyPlugin, sql } from "kysely";
import { createComment } from "../comments/comments.ts";
import { listComments } from "../comments/list-comments.ts";
import type { Shard, Shards } from "../../base/db/shards.ts";
import type { CommentRow } from "../../base/db/shard-tables.ts";
import type { Actor } from "../../tree/actor.ts";
import { findNode, findNodes } from "../../tree/read/look-up.ts";
import { checkInvariants } from "../../tree/testing/invariants.ts";
import { listNotifications } from "../notifications/list-notifications.ts";
import { notificationKind } from "../notifications/notification-kind.ts";
import type { Queue } from "../../base/queue/open-queue.ts";
import { readTask } from "../../base/queue/tasks.ts";
import { openTestQueue } from "../../base/queue/testing.ts";
import { sharingKinds } from "../sharing/deliver.ts";
import { openOwners, type Owner, type Owners } from "../sharing/testing-owners.ts";
import { addStar, listStarred } from "../stars/stars.ts";
import { watch } from "../watches/watches.ts";
import { acceptTransfer, offerTransfer } from "./open-transfers.ts";
import { starsKind } from "./marks.ts";
import { runTransfer } from "./run-transfer.ts";
import { transferKinds } from "./transfer-kinds.ts";
import type { TransferWorld } from "./transfer-world.ts";

describe("Data of a transferred node", () => {
  const never = new AbortController().signal;
  let owners: Owners;
  let queue: Queue;
  let ann: Owner;
  let bob: Owner;
  let cleo: Owner;

  before(async () => {
    owners = await openOwners();
    const { world, shards, clock } = owners;
    const kinds = {
      ...sharingKinds(() => world),
      [starsKind]: transferKinds(() => world)[starsKind],
      notification: notificationKind({ shards, random: world.random, wake: () => {} }),
    };
    ({ queue } = openTestQueue(shards, kinds, clock as never));
  });
  after(async () => {
    await queue?.stop();
    await owners?.close();
  });
  beforeEach(async () => {
    [ann, bob, cleo] = [await owners.sign(3), await owners.sign(4000), await owners.sign(4001)];
  });

  const offer = async (nodeId: string) => {
    const node = await findNode(owners.shards, ann, nodeId);
    return (await offerTransfer(owners.world, ann, node, { email: bob.email })).transfer.id as TransferId;
  };
  const run = (id: TransferId, other: TransferWorld = owners.world) =>
    runTransfer(other, { spaceId: bob.spaceId, id }, never);
  const resultOf = async (job: Parameters<typeof readTask>[2]) => {
    const task = await readTask(owners.dbOf(bob), bob.userId, job);
    const { id = "" as NodeId, code } = (task?.result ?? {}) as { id?: NodeId; code?: string };
    return { state: task?.state, id, code };
  };
  const childOf = async (who: Actor, folder: string, name: string) =>
    (await owners.namesIn(who, folder)).find((each) => each.name === name)?.id ?? "";
  const fresh = (who: Actor) => ({ ...who });
  const starred = async (who: Actor) =>
    (await listStarred(owners.shards, fresh(who), {})).items.map(({ id }) => id).toSorted();
  const watched = async (spaceId: string) => {
    const { rows } = await sql<{ user_id: string; node_id: string }>`
      select user_id, node_id from shard.watches where space_id = ${spaceId}`.execute(
      owners.dbOf(spaceId === ann.spaceId ? ann : bob),
    );
    return rows.map((row) => `${row.user_id} ${row.node_id}`).toSorted();
  };

  test("comments are transferred unchanged, and stars and watches for accounts that still see the node", async () => {
    const { world, shards, clock } = owners;
    const top = await owners.mkdir(ann, "work");
    const file = await owners.put(ann, "file", "text", top.id);
    const other = await owners.put(ann, "other", "not transferred");
    await owners.give(ann, top.id, { role: "commenter", grantee_id: cleo.userId });
    const comments = { ...world, queued: () => {} };
    for (let index = 0; index < 5; index += 1) {
      await createComment(comments, index % 2 === 0 ? ann : cleo, file.id, { text: `said ${index}` });
    }
    await createComment(comments, ann, top.id, { text: "of the folder", mentions: [cleo.userId] });
    for (const [who, id] of [
      [ann, file.id],
      [ann, other.id],
      [cleo, top.id],
    ] as const) {
      await addStar(shards, clock, fresh(who), id);
      await watch(shards, fresh(who), id);
    }
    const told = (rows: readonly CommentRow[]) =>
      rows.map(({ text, author, at, mentions }) => [text, author, at, mentions]);
    const of = async (who: Actor, spaceId: string) =>
      told(
        (
          await sql<CommentRow>`select * from shard.comments where space_id = ${spaceId} order by at`.execute(
            owners.dbOf(who),
          )
        ).rows,
      );
    const said = await of(ann, ann.spaceId);
    assert.equal(said.length, 6);
    const id = await offer(top.id);
    const job = await acceptTransfer(world, bob, id);
    await run(id);
    await queue.idle();
    const { id: newTop } = await resultOf(job);
    const newFile = await childOf(bob, newTop, "file");
    assert.deepEqual(await of(bob, bob.spaceId), said);
    const { items } = await listComments(shards, fresh(ann), newFile, {});
    assert.deepEqual(
      items.map(({ text }) => text),
      ["said 0", "said 1", "said 2", "said 3", "said 4"],
    );
    assert.deepEqual(await starred(ann), [newFile, other.id].toSorted());
    assert.deepEqual(await starred(cleo), [newTop]);
    assert.deepEqual(await watched(bob.spaceId), [`${ann.userId} ${newFile}`, `${cleo.userId} ${newTop}`].toSorted());
    const { rows } = await sql<{ watched_seq: number | null; seq: number }>`
      select watched_seq, seq from shard.spaces where id = ${bob.spaceId}`.execute(owners.dbOf(bob));
    assert.notEqual(rows[0]?.watched_seq, null, "who watches is told of what comes");
    for (const who of [ann, bob]) await checkInvariants(owners.dbOf(who), who.spaceId);
  });

  test("an offer notifies its recipient once", async () => {
    const top = await owners.mkdir(ann, "work");
    const id = await offer(top.id);
    assert.equal(await offer(top.id), id);
    await queue.idle();
    const { items } = await listNotifications(owners.shards, fresh(bob), {});
    assert.deepEqual(
      items.map(({ kind, actor, node, detail }) => [kind, actor?.id, node, detail]),
      [["share", ann.userId, undefined, { role: "owner", transfer: { id, name: "work", kind: "folder" } }]],
    );
  });

  test("an account with automatic mounts gets the transferred folder back as a mount", async () => {
    await sql`update shard.users set auto_mount = true where id = ${ann.userId}`.execute(owners.dbOf(ann));
    const top = await owners.mkdir(ann, "work");
    await owners.put(ann, "file", "text", top.id);
    const id = await offer(top.id);
    const job = await acceptTransfer(owners.world, bob, id);
    await run(id);
    await queue.idle();
    const { id: newTop } = await resultOf(job);
    const [mount] = await owners.namesIn(ann);
    assert.equal(mount?.name, "work");
    const { rows } = await sql<{ kind: string; target: string }>`
      select kind, target from shard.nodes where space_id = ${ann.spaceId} and id = ${mount?.id}`.execute(
      owners.dbOf(ann),
    );
    assert.deepEqual(rows, [{ kind: "mount", target: newTop }]);
    const found = await findNodes(owners.shards, fresh(ann), [newTop]);
    assert.deepEqual([found.get(newTop)?.role, found.get(newTop)?.path], ["editor", "/work"]);
  });

  for (const [name, who] of [
    ["accepted it", () => bob],
    ["owns it", () => ann],
  ] as const) {
    test(`if the account that ${name} is suspended during it, nothing changes`, async () => {
      const top = await owners.mkdir(ann, "work");
      for (let index = 0; index < 8; index += 1) await owners.put(ann, `f${index}`, `text ${index}`, top.id);
      const whole = await owners.treeOf(ann, top.id);
      const id = await offer(top.id);
      const job = await acceptTransfer(owners.world, bob, id);
      const suspend = (at: number | null) =>
        sql`update shard.users set disabled_at = ${at}::int8 where id = ${who().userId}`.execute(owners.dbOf(who()));
      let calls = 0;
      await run(id, {
        ...owners.world,
        blocks: {
          holdAlso: async (...all) => {
            if ((calls += 1) === 2) await suspend(1);
            await owners.blocks.service.holdAlso(...all);
          },
        },
      });
      assert.ok(calls >= 2, "it was not in the middle");
      assert.deepEqual([(await resultOf(job)).state, (await resultOf(job)).code], ["failed", "conflict"]);
      assert.deepEqual(await owners.treeOf(ann, top.id), whole);
      assert.deepEqual(await owners.namesIn(bob), []);
      await suspend(null);
      const again = await acceptTransfer(owners.world, bob, id);
      await run(id);
      assert.equal((await resultOf(again)).state, "done");
      for (const each of [ann, bob]) await checkInvariants(owners.dbOf(each), each.spaceId);
    });
  }

  test("a folder purged, restored or emptied by the old owner meanwhile arrives at most once, and nothing else is lost", async () => {
    for (let at = 1, isOver = false; !isOver; at += isLongTier ? 1 : 4) {
      assert.ok(at < 80, "it comes to its end");
      const others = ["restore the whole", "restore a child", "purge the whole"] as const;
      for (const how of ["purge a child", others[at % 3] ?? "purge the whole"] as const) {
        const earlier = await owners.namesIn(bob);
        const top = await owners.mkdir(ann, `${how} ${at}`);
        const files = [];
        for (let index = 0; index < 3; index += 1) {
          files.push(await owners.put(ann, `f${index}`, `text ${index}`, top.id));
        }
        const fileId = how.endsWith("whole") ? top.id : (files.at(-1)?.id ?? "");
        const id = await offer(top.id);
        const job = await acceptTransfer(owners.world, bob, id);
        let calls = 0;
        const disturb = async () => {
          if ((calls += 1) !== at) return;
          const op = how.startsWith("purge")
            ? ({ op: "purge", fileId, trashedOnly: false } as const)
            : ({ op: "restore", fileId, place: { parentId: "root", name: `${how} ${at} out` } } as const);
          await owners.inner.commit(ann, [op]);
        };
        await run(id, { ...owners.world, shards: afterEach(ann, disturb) }).catch((error: unknown) =>
          assert.ok(toHoldfastError(error).retryable, `${how} at ${at}: ${String(error)}`),
        );
        await run(id);
        const { state, id: newTop } = await resultOf(job);
        isOver = calls < at;
        const out = (await owners.namesIn(ann)).find(({ name }) => name === `${how} ${at} out`);
        const added = (await owners.namesIn(bob)).length - earlier.length;
        assert.equal(added, state === "done" ? 1 : 0, `${how} at ${at}`);
        if (state === "done") {
          const came = await owners.namesIn(bob, newTop);
          const texts = came.map(({ name }) => `text ${name.slice(1)}`);
          assert.deepEqual(await owners.read(bob, texts), texts);
          const names = new Set(came.map(({ name }) => name));
          if (how === "restore a child" && out !== undefined) names.add("f2");
          assert.ok(
            names.size === 3 || (how === "purge a child" && names.size === 2),
            `${how} at ${at}: ${names.size}`,
          );
        } else if (how === "restore the whole") {
          assert.ok(out !== undefined, `${how} at ${at}`);
          assert.equal((await owners.namesIn(ann, out.id)).length, 3);
          const texts = files.map((_, index) => `text ${index}`);
          assert.deepEqual(await owners.read(ann, texts), texts);
        } else assert.equal(how, "purge the whole");
        for (const each of [ann, bob]) await checkInvariants(owners.dbOf(each), each.spaceId);
      }
    }
  });

  /** Same shards, with an action after each read of the account's own shard. */
  function afterEach(who: Actor, happens: () => Promise<void>): Shards {
    const { shards } = owners;
    const plugin: KyselyPlugin = {
      transformQuery: ({ node }) => node,
      transformResult: async ({ result }) => {
        await happens();
        return result;
      },
    };
    const own = shards.ofId(who.spaceId);
    // Inside the transaction, it would wait for that transaction's lock.
    const db = new Proxy(own.db.withPlugin(plugin), {
      get: (target, name) => {
        const value: unknown = name === "transaction" ? () => own.db.transaction() : Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const disturbed: Shard = { ...own, db, primary: db };
    return { ...shards, ofId: (id) => (shards.ofId(id) === own ? disturbed : shards.ofId(id)) };
  }
});
