import { silentLog } from "@holdfast/server/base/db/testing";
import { openDatabases } from "@holdfast/server/base/db/shards";
import { bucketOf, type NodeId, type SpaceId, type UserId } from "@holdfast/core/ids";
import type { Actor } from "@holdfast/server/tree/actor";
import { findNode } from "@holdfast/server/tree/read/look-up";
import type { Row } from "../report.ts";
import { at } from "./latencies.ts";
import { addPeople, idAt, idSql } from "./made-rows.ts";
import type { SharingServer } from "./sharing-server.ts";

const goalMs = 1;
const levels = 128;
const grants = 1000;
const groups = 8;
const checks = 2000;

/**
 * Measures the access check of a deep file with many permissions above: all but one for others, then all for the
 * account's groups.
 */
export async function measureRightsCheck(world: SharingServer): Promise<Row[]> {
  await addPeople(world, grants);
  await makeChain(world);
  const { home, fill } = world;
  // One each for others, and the requesting account's at the top.
  await fill(`
    insert into shard.grants (space_id, id, node_id, kind, grantee_id, role, created_by, created_at)
    select '${home.spaceId}', ${idSql(home, "grant")}, ${idSql(home, "folder", `n % ${levels - 1} + 1`)}, 'user', ${idSql(home, "user")}, 'viewer', '${home.userId}', 1
    from generate_series(1, ${grants}) n`);
  // The same number for groups of another requesting account.
  await fill(`
    insert into shard.grants (space_id, id, node_id, kind, grantee_id, role, created_by, created_at)
    select '${home.spaceId}', ${idSql(home, "grant", "n + 100000")}, ${idSql(home, "folder", `n / ${groups} + 1`)}, 'group',
      ${idSql(home, "group", `n % ${groups}`)}, 'viewer', '${home.userId}', 1
    from generate_series(0, ${grants - 1}) n`);
  await fill("analyze");
  const databases = openDatabases({ defaultConnection: world.connection, log: silentLog });
  try {
    const deepest = idAt(home, "folder", levels) as NodeId;
    const groupIds = Array.from({ length: groups }, (_, index) => idAt(home, "group", index));
    const rows: Row[] = [];
    for (const [whose, grantees] of [
      ["of others", []],
      ["of own groups", groupIds],
    ] as const) {
      const userId = idAt(home, "user", levels - 1) as UserId;
      const actor: Actor = {
        userId,
        deviceId: null,
        bucket: bucketOf(userId),
        spaceId: idAt(home, "space", levels - 1) as SpaceId,
        rootId: idAt(home, "root", levels - 1) as NodeId,
        owns: true,
        grantees: [userId, ...grantees],
        receives: true,
      };
      const tookMs: number[] = [];
      for (let check = 0; check < checks; check += 1) {
        const startMs = performance.now();
        await findNode(databases.shards, { ...actor }, deepest);
        tookMs.push(performance.now() - startMs);
      }
      const work = `right at ${levels} levels with ${grants} permissions ${whose} on the way, median`;
      const note = `of ${checks}, p99 ${at(tookMs, 0.99).toFixed(2)} ms`;
      rows.push({ work, by: "holdfast", value: at(tookMs, 0.5), unit: "ms", goal: { atMost: goalMs }, note });
    }
    return rows;
  } finally {
    await databases.close();
  }
}

/** Inserts nested folders, the first in the owner's root. */
async function makeChain({ fill, home }: SharingServer): Promise<void> {
  const folder = idSql(home, "folder");
  await fill(`
    insert into shard.nodes (space_id, id, parent_id, name, name_key, kind, modified_at, revision, seq, created_at, updated_at)
    select '${home.spaceId}', ${folder}, case when n = 1 then '${home.rootId}'::uuid else ${idSql(home, "folder", "n - 1")} end,
      'level ' || n, 'level ' || n, 'folder', 1, 'made', 0, 1, 1 from generate_series(1, ${levels}) n`);
}
