import type { SpaceId, UploadId } from "@holdfast/core/ids";
import { type Kysely, sql } from "kysely";
import { emailKey } from "../../features/accounts/context/email-address.ts";
import { uuidArray } from "../../base/db/array-parameters.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { CommentRow, ShardTables } from "../../base/db/shard-tables.ts";
import type { ShreddingRow } from "../../base/db/shredding-tables.ts";
import { addressHashOf } from "../../features/mail/send-mail.ts";
import { lockSpace } from "../../tree/commit/load.ts";
import { changeMetadataBytes, commentWeight } from "../../tree/weight/metadata-bytes.ts";
import { removeUpload } from "../../features/uploads/remove-uploads.ts";
import { doneElsewhereTables, foreignTables, spaceTables, userTables } from "./account-tables.ts";
import { removeMentions } from "./remove-mentions.ts";
import type { ShredWorld } from "./shred-world.ts";

const rowsAtOnce = 2000;

/** Includes rows of others that contain the account's data. The space's own row is last in the space. */
export async function removeRows(world: ShredWorld, row: ShreddingRow, signal: AbortSignal): Promise<undefined> {
  await removeMentions(world, row, signal);
  for (const { db } of world.shards.all()) {
    await forgetMountNames(db, row);
    await removeComments(db, row);
    await removeUploads(world, db, row);
    for (const table of foreignTables) await removeAll(db, table, "space_id", row.space_id, signal);
    for (const table of doneElsewhereTables) await removeAll(db, table, "user_id", row.user_id, signal);
    await removeAddress(db, row);
  }
  await removeSpace(world, row, signal);
  const { db } = world.shards.ofId(row.user_id);
  for (const table of userTables) await removeAll(db, table, "user_id", row.user_id, signal);
  await removeAll(db, "received", "grantee_id", row.user_id, signal);
  await removeAll(db, "access_rules", "subject_id", row.user_id, signal);
  await sql`delete from shard.users where id = ${row.user_id}`.execute(db);
  await world.thumbs.clear();
  await world.removeOldDatabases();
}

type Db = Kysely<ShardTables>;

async function removeAll(db: Db, name: string, column: string, id: string, signal: AbortSignal): Promise<void> {
  const [table, key] = [sql.table(`shard.${name}`), sql.ref(column)];
  for (let more = true; more;) {
    signal.throwIfAborted();
    const { numAffectedRows = 0n } = await sql`
      delete from ${table} where ctid = any(array(
        select ctid from ${table} where ${key} = ${id}::uuid limit ${rowsAtOnce}))`.execute(db);
    more = numAffectedRows > 0n;
  }
}

/**
 * Each piece is deleted under the space's lock. The last transaction removes later additions and the space, which
 * prevents new ones.
 */
async function removeSpace(world: ShredWorld, { space_id: spaceId }: ShreddingRow, signal: AbortSignal): Promise<void> {
  const { db } = world.shards.ofId(spaceId);
  for (const name of spaceTables) await removeAll(db, name, "space_id", spaceId, signal);
  await inTransaction(db, async (transaction) => {
    const { rows } = await sql`select from shard.spaces where id = ${spaceId} for update`.execute(transaction);
    if (rows.length === 0) return;
    for (const name of spaceTables)
      await sql`delete from ${sql.table(`shard.${name}`)} where space_id = ${spaceId}`.execute(transaction);
    await sql`delete from shard.spaces where id = ${spaceId}`.execute(transaction);
  });
}

/** Mounts bear the name of their folder. The journal keeps their end without the name. */
async function forgetMountNames(db: Db, { known }: ShreddingRow): Promise<void> {
  await sql`update shard.journal set from_name = null
    where of_mount and from_name <> '' and node_id = any(${uuidArray(known?.mounts ?? [])})`.execute(db);
}

/** Comments on files of others. */
async function removeComments(db: Db, { user_id: userId }: ShreddingRow): Promise<void> {
  const { rows: spaces } = await sql<{ spaceId: SpaceId }>`
    select distinct space_id as "spaceId" from shard.comments where author = ${userId}`.execute(db);
  for (const { spaceId } of spaces)
    await inTransaction(db, async (transaction) => {
      await lockSpace(transaction, spaceId);
      const { rows } = await sql<CommentRow>`
        delete from shard.comments where space_id = ${spaceId} and author = ${userId} returning *`.execute(transaction);
      await sql`
        delete from shard.events where space_id = ${spaceId} and verb = 'commented' and actor = ${userId}`.execute(
        transaction,
      );
      const weightBytes = rows.reduce((sum, comment) => sum + commentWeight(comment), 0);
      await changeMetadataBytes(transaction, spaceId, -weightBytes);
    });
}

/** Unfinished uploads to folders of others. */
async function removeUploads(world: ShredWorld, db: Db, { user_id, space_id }: ShreddingRow): Promise<void> {
  const { rows } = await sql<{ spaceId: SpaceId; id: UploadId }>`
    select space_id as "spaceId", id from shard.upload_sessions
    where user_id = ${user_id} and space_id <> ${space_id}`.execute(db);
  for (const { spaceId, id } of rows) await removeUpload(world, spaceId, id);
}

/** A later account with this address is a new one. */
async function removeAddress(db: Db, { user_id: userId, known }: ShreddingRow): Promise<void> {
  const email = known?.email ?? "";
  await sql`delete from shard.directory where email_key = ${emailKey(email)} and user_id = ${userId}`.execute(db);
  await sql`delete from shard.mail_refusals where address_hash = ${addressHashOf(email)}`.execute(db);
}
