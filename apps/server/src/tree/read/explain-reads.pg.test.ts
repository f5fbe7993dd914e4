import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { VersionId } from "@holdfast/core/ids";
import { type CompiledQuery, sql } from "kysely";
import type { Shards } from "../../base/db/shards.ts";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import { listChanges } from "../journal/changes.ts";
import { startToken } from "../journal/start-token.ts";
import { readHeads, readNewestChange } from "../journal/newest-change.ts";
import { readSnapshot } from "../journal/snapshot.ts";
import { blockSizes } from "../content/block-sizes.ts";
import { listFolder } from "./list-folder.ts";
import { findNode, findNodeByPath } from "./look-up.ts";
import { findVisible } from "./own-nodes.ts";
import { findVersion, findVersionHeads, knownVersions, readLists, readSegments } from "../content/manifests.ts";
import { recorded } from "../testing/recorded-shards.ts";
import { makeTestSpace, type TestSpace } from "../testing/testing.ts";
import { listTrash } from "../trash/trash-list.ts";
import { listVersions } from "./versions-list.ts";

/** Explains every statement of the reading routes with large tables. None may scan a whole table. */
describe("Statements of the reading routes", () => {
  const rows = 60_000;
  let databases: TestDatabases;
  let space: TestSpace;
  let folderId: string;
  let fileId: string;
  let beginning: string;
  const compiled: CompiledQuery[] = [];
  let shards: Shards;

  before(async () => {
    databases = await startTestDatabases({ fsync: false });
    space = await makeTestSpace(databases.shards);
    beginning = await startToken(databases.shards, space.caller);
    folderId = (await space.mkdir("root", "folder")).id;
    const inner = await space.mkdir(folderId, "inner");
    fileId = (await space.put(inner.id, "file", "content")).id;
    await fill(space, rows);
    shards = recorded(databases.shards, compiled);
  });
  after(() => databases.stop());

  const routesRead: Record<string, () => Promise<unknown>> = {
    "by id": () => findNode(shards, space.caller, fileId),
    "by path": () => findNodeByPath(shards, space.caller, "/folder/inner/file"),
    ...Object.fromEntries(
      (["name", "-name", "modified_at", "-created_at", "size", "natural", "-natural"] as const).map((sort) => [
        `a folder by ${sort}`,
        async () => {
          const folder = await findNode(shards, space.caller, "root");
          const { next_cursor } = await listFolder(shards, space.caller, folder, {
            sort,
            limit: 50,
            includeBlocks: true,
          });
          // The root contains nearly every row here, so counting them must scan the table.
          const counts = compiled.findIndex((query) => query.sql.includes("count(*) as total"));
          compiled.splice(counts, 1);
          await listFolder(shards, space.caller, folder, { sort, limit: 50, cursor: next_cursor! });
        },
      ]),
    ),
    "how many a folder has": async () => {
      await listFolder(shards, space.caller, await findNode(shards, space.caller, folderId), { limit: 1 });
    },
    "all below a folder": async () => {
      const folder = await findNode(shards, space.caller, "root");
      const { next_cursor } = await listFolder(shards, space.caller, folder, { recursive: true, limit: 50 });
      await listFolder(shards, space.caller, folder, { recursive: true, limit: 50, cursor: next_cursor! });
      await listFolder(shards, space.caller, await findNode(shards, space.caller, folderId), { recursive: true });
    },
    versions: async () =>
      listVersions(shards, await findNode(shards, space.caller, fileId), { userId: space.caller.userId, limit: 10 }),
    "a version by number": async () => findVersion(shards, (await findNode(shards, space.caller, fileId)).row, "1"),
    manifests: async () => {
      const { row } = await findNode(shards, space.caller, fileId);
      const shard = shards.of(space.caller.bucket);
      const ids = [row.head_version as VersionId];
      await findVersionHeads(shard, row.space_id, ids);
      await readLists(shard, row.space_id, ids);
      await knownVersions(shard, row.space_id, [row.head_version as VersionId]);
      await findVisible(shard, space.caller, [row.id]);
      await readSegments(shard, row.space_id, [Buffer.alloc(32)]).catch(() => {});
    },
    trash: async () => {
      const { next_cursor } = await listTrash(shards, space.caller, { limit: 20 });
      await listTrash(shards, space.caller, { limit: 20, cursor: next_cursor! });
    },
    changes: async () => {
      await listChanges(shards, space.caller, { since_token: await startToken(shards, space.caller) });
      await listChanges(shards, { ...space.caller, deviceId: null }, { since_token: beginning, include: "blocks" });
      await listChanges(shards, space.caller, { since_token: beginning, own: "brief" });
    },
    snapshot: async () => {
      const { next_cursor } = await readSnapshot(shards, space.caller, { limit: 1000 });
      await readSnapshot(shards, space.caller, { limit: 1000, cursor: next_cursor! });
    },
    "the newest change": async () => {
      const shard = shards.of(space.caller.bucket);
      await readNewestChange(shard, space.caller.spaceId);
      await readHeads(shard, [space.caller.spaceId]);
    },
    "sizes of blocks": () => blockSizes(shards, space.caller.spaceId, ["0".repeat(64) as never]),
  };

  for (const [name, read] of Object.entries(routesRead)) {
    test(`${name}: no sequential scan`, async () => {
      compiled.length = 0;
      await read();
      assert.ok(compiled.length > 0);
      for (const query of compiled.slice()) {
        const { rows: plan } = await space.db.executeQuery<{ "QUERY PLAN": unknown }>({
          ...query,
          sql: `explain (format json) ${query.sql}`,
        });
        const text = JSON.stringify(plan);
        for (const table of ["nodes", "versions", "segments", "space_blocks", "journal"]) {
          assert.doesNotMatch(
            text,
            new RegExp(`"Seq Scan"[^{}]*"Relation Name":"${table}"`),
            `${query.sql}\n${JSON.stringify(plan, undefined, 1)}`,
          );
        }
      }
    });
  }

  test("the check detects a sequential scan", async () => {
    const { rows: plan } = await sql`explain (format json) select * from shard.nodes where updated_at = 7`.execute(
      space.db,
    );
    assert.match(JSON.stringify(plan), /"Seq Scan"[^{}]*"Relation Name":"nodes"/);
  });
});

async function fill({ db, caller }: TestSpace, count: number): Promise<void> {
  const { spaceId, rootId, userId } = caller;
  const id = (offset: number) =>
    sql`('01000000-0000-8007-8000-' || lpad(to_hex(g + ${sql.lit(offset)}), 12, '0'))::uuid`;
  await sql`
    insert into shard.nodes (space_id, id, parent_id, name, name_key, sort_key, folded_name, kind, head_version, version_number, size, modified_at, revision, seq, trashed_at, created_at, updated_at)
    select ${spaceId}, ${id(0)}, ${rootId}, 'n' || g, 'n' || g, convert_to('n' || g, 'UTF8'), 'n' || g, 'file', ${id(1_000_000)}, 1, g % 1000, g % 5000, 'r', g, case when g % 10 = 0 then g end, g % 7000, 0
    from generate_series(1, ${count}::int) g`.execute(db);
  await sql`
    insert into shard.versions (space_id, id, node_id, number, content_id, size, manifest, created_by, created_at)
    select ${spaceId}, ${id(1_000_000)}, ${id(0)}, 1, '\\x00', g % 1000, '\\x', ${userId}, 0 from generate_series(1, ${count}::int) g`.execute(
    db,
  );
  await sql`
    insert into shard.space_blocks (space_id, hash, size, refs, stamp, since, uploader)
    select ${spaceId}, sha256(g::text::bytea), 1, 1, 1, 0, ${userId} from generate_series(1, ${count}::int) g`.execute(
    db,
  );
  await sql`
    insert into shard.segments (space_id, hash, entries, refs, since)
    select ${spaceId}, sha256(g::text::bytea), '\\x', 1, 0 from generate_series(1, ${count}::int) g`.execute(db);
  await sql`
    insert into shard.journal (space_id, seq, tag, node_id, kind, actor, at)
    select ${spaceId}, g + 1000, '\\x0000000000000000', ${id(0)}, 'changed', ${userId}, 0 from generate_series(1, ${count}::int) g`.execute(
    db,
  );
  await sql`update shard.spaces set seq = ${count + 1000} where id = ${spaceId}`.execute(db);
  for (const table of ["nodes", "versions", "space_blocks", "segments", "journal"])
    await sql`analyze ${sql.table(`shard.${table}`)}`.execute(db);
}
