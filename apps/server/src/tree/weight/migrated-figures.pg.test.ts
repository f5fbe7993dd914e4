import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { openDatabase } from "../../base/db/database.ts";
import { migrate } from "../../base/db/migrate.ts";
import { shardMigrations } from "../../base/db/shard-migrations/index.ts";
import type { ShardTables } from "../../base/db/shard-tables.ts";
import { silentLog, startTestDatabase } from "../../base/db/testing.ts";
import { checkInvariants } from "../testing/invariants.ts";
import { newTestId } from "../testing/testing.ts";

test("a space from before the figures were stored has correct ones after its migration", async () => {
  const database = await startTestDatabase({ fsync: false });
  const names = Object.keys(shardMigrations.migrations).slice(0, 3);
  const first = Object.fromEntries(names.map((name) => [name, shardMigrations.migrations[name]!]));
  await migrate(database.connection, { ...shardMigrations, migrations: first }, silentLog);
  const { db, close } = openDatabase<ShardTables>({
    connection: database.connection,
    schema: "shard",
    applicationName: "test",
    log: silentLog,
  });
  const [space, root, a, b, file, detached, inside, version] = Array.from({ length: 8 }, () => newTestId());
  const node = (id: string | undefined, parent: string | null | undefined, name: string, more: object = {}) => ({
    space_id: space,
    id,
    parent_id: parent,
    name,
    name_key: name,
    kind: "folder",
    modified_at: 0,
    revision: "r",
    seq: 0,
    created_at: 0,
    updated_at: 0,
    ...more,
  });
  const gone = { purged_at: 1, trashed_at: 1 };
  const head = { kind: "file", head_version: version, version_number: 1, size: 5, content_id: Buffer.alloc(32, 9) };
  const manifest = Buffer.concat([Buffer.alloc(32, 1), Buffer.of(0, 0, 0, 5)]);
  await db.transaction().execute(async (transaction) => {
    await sql`insert into shard.spaces (id, owner_id, root_id, epoch, used_bytes, stored_bytes, created_at)
      values (${space}, ${root}, ${root}, 'e', 5, 1000000, 0)`.execute(transaction);
    const nodes = [
      node(root, null, ""),
      node(a, root, "a", { metadata: JSON.stringify({ key: "value" }) }),
      node(b, a, "\u00e9b"),
      node(file, b, "file", head),
      node(detached, null, "copy", gone),
      node(inside, detached, "inside"),
    ];
    for (const row of nodes)
      await transaction
        .insertInto("shard.nodes")
        .values(row as never)
        .execute();
    await sql`insert into shard.versions (space_id, id, node_id, number, content_id, size, manifest, created_by, created_at)
      values (${space}, ${version}, ${file}, 1, ${head.content_id}, 5, ${manifest}, ${root}, 0)`.execute(transaction);
    for (const [fill, size, refs] of [
      [1, 5, 1],
      [2, 70, 0],
    ] as const) {
      await sql`insert into shard.space_blocks (space_id, hash, size, refs, stamp, since, uploader)
        values (${space}, ${Buffer.alloc(32, fill)}, ${size}, ${refs}, 1, 0, ${root})`.execute(transaction);
    }
    await sql`insert into shard.upload_sessions (space_id, id, user_id, request, expires_at, created_at)
      values (${space}, ${a}, ${root}, '{"a": 1}', 1, 0)`.execute(transaction);
    await sql`insert into shard.upload_tail (space_id, session_id, "offset", size, epoch, salt, generation, sealed)
      values (${space}, ${a}, 0, 11, 1, '', 1, '')`.execute(transaction);
  });
  await migrate(database.connection, shardMigrations, silentLog);
  // The database writes JSON with spaces. The weight is recomputed with the next change of the node.
  await sql`update shard.nodes set weight = weight - 1 where id = ${a}`.execute(db);
  await sql`update shard.spaces set metadata_bytes = metadata_bytes - 1`.execute(db);
  await checkInvariants(db, space as never);
  const { rows } = await sql<{ stored_bytes: number; reach: number[] }>`
    select s.stored_bytes, array[n.names_below, n.bytes_below] as reach from shard.spaces s
    join shard.nodes n on n.id = s.root_id`.execute(db);
  assert.deepEqual(rows, [{ stored_bytes: 5 + 11, reach: [3, 2 + 4 + 5] }]);
  await close();
  await database.stop();
});
