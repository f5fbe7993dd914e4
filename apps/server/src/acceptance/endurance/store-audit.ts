import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { cutBlocks } from "@holdfast/core/chunker";
import { findPackFiles } from "../pack-files.ts";
import { hashOf } from "../batches.ts";
import { eventually, jobResult, queryDatabase } from "../testing.ts";
import type { TwoStoreScene } from "../two-store-scene.ts";
import type { Person } from "./person.ts";

const settledMsMax = 240_000;

/**
 * The stores hold exactly the blocks of these people's files, cut again here: no other block, row or pack. Unused data
 * must be collected first.
 */
export async function auditStores(scene: TwoStoreScene, people: readonly Person[]): Promise<void> {
  const expected = new Map<string, string[]>();
  for (const { email, live } of people) {
    const hashes = [...live.values()].flatMap(({ content }) =>
      cutBlocks(content, true).blocks.map(({ start, end }) => hashOf(content.subarray(start, end))),
    );
    expected.set(email, [...new Set(hashes)].toSorted());
  }
  const all = [...new Set([...expected.values()].flat())].toSorted();
  const heldCount = [...expected.values()].reduce((sum, hashes) => sum + hashes.length, 0);
  const last = await settled(scene, all.length, heldCount);
  assert.deepEqual(last.unneeded, [], "blocks that nobody needs are kept");
  for (const [email, hashes] of expected) {
    const held = await queryDatabase(
      scene.data,
      `select encode(b.hash, 'hex') as hash from shard.space_blocks b join shard.users u on u.space_id = b.space_id
       where u.email = '${email}' order by 1`,
    );
    assert.deepEqual(
      held.map(({ hash }) => hash),
      hashes,
      `the blocks of ${email}`,
    );
  }
  assert.deepEqual(last.blocks, all, "the blocks of the cell");
  const { packs } = last;
  for (const store of scene.stores) assert.deepEqual(packsIn(store), packs, `the packs of ${store}`);
  const stored = [...findPackFiles(scene.stores[0]).values()].reduce((sum, path) => sum + statSync(path).size, 0);
  const overhead = 200 * (all.length + packs.length) + 4096;
  assert.ok(stored <= 2 * last.liveBytes + overhead, `${stored} bytes are stored of ${last.liveBytes} that are needed`);
}

function packsIn(store: string): string[] {
  return [...findPackFiles(store).keys()].toSorted();
}

/**
 * Collects until nothing changes. A pack without rows, left by a kill, is adopted some time after the start and then
 * removed.
 * @param heldCount counts the rows of all spaces, because one space may still hold what another released
 */
async function settled(scene: TwoStoreScene, count: number, heldCount: number) {
  let before = "";
  return eventually("all is given back", settledMsMax, async () => {
    await jobResult(scene.api, "/admin/gc", {});
    const found = await readCell(scene);
    const isStill = JSON.stringify(found) === before;
    before = JSON.stringify(found);
    const hasNoOther = scene.stores.every((store) => JSON.stringify(packsIn(store)) === JSON.stringify(found.packs));
    const isDone =
      found.blocks.length === count && found.heldCount === heldCount && found.unneeded.length === 0 && hasNoOther;
    return isStill && isDone ? found : undefined;
  }).catch(async (error: unknown) => {
    // The remains show more than a timeout.
    const found = await readCell(scene);
    assert.equal(found.blocks.length, count, `${String(error)}: ${found.unneeded.length} blocks are not needed`);
    return found;
  });
}

async function readCell({ data }: TwoStoreScene) {
  const blocks = await queryDatabase(data, "select encode(hash, 'hex') as hash from cell.blocks order by 1");
  const packs = await queryDatabase(data, "select replace(id::text, '-', '') as id from cell.packs order by 1");
  const unneeded = await queryDatabase(
    data,
    `select encode(b.hash, 'hex') as hash from cell.blocks b
     where b.state <> 'live' or not exists (select from cell.holders h where h.hash = b.hash)
     union all select encode(h.hash, 'hex') from cell.holders h where not exists (
       select from shard.space_blocks s where s.space_id = h.space_id and s.hash = h.hash)`,
  );
  const held = await queryDatabase(data, "select count(*)::int8 as count from shard.space_blocks");
  const live = await queryDatabase(data, "select coalesce(sum(stored_size), 0)::int8 as bytes from cell.blocks");
  return {
    blocks: [...new Set(blocks.map(({ hash }) => String(hash)))],
    packs: packs.map(({ id }) => String(id)),
    unneeded: unneeded.map(({ hash }) => String(hash)),
    heldCount: Number(held[0]?.count),
    liveBytes: Number(live[0]?.bytes),
  };
}
