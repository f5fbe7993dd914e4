import { type HashHex, isId, type NodeId, type SpaceId, type UploadId, type UserId } from "@holdfast/core/ids";
import { HoldfastError } from "@holdfast/core/errors";
import { type Kysely, sql } from "kysely";
import { inTransaction } from "../../base/db/database.ts";
import type { Actor } from "../../tree/actor.ts";
import { lockSpace } from "../../tree/commit/load.ts";
import { changeMetadataBytes, rowWeight } from "../../tree/weight/metadata-bytes.ts";
import type { ShardTables, UploadSessionRow } from "../../base/db/shard-tables.ts";
import type { UploadRequest } from "./upload-request.ts";
import type { UploadState } from "./upload-state.ts";

export interface Session extends UploadState {
  readonly spaceId: SpaceId;
  readonly id: UploadId;
  readonly userId: UserId;
  readonly request: UploadRequest;
  readonly generation: number;
  /** End of the last block; later durable bytes are in `upload_tail`. */
  readonly blocksEnd: number;
  readonly nodeId: NodeId | null;
  /** SHA-256 of all bytes; null until computed. */
  readonly sha256: HashHex | null;
  readonly expiresAt: number;
  readonly tailRows: number;
}

type Db = Kysely<ShardTables>;

/** Same error for an unknown, expired or somebody else's upload. */
export function noSuchUpload(): HoldfastError {
  return new HoldfastError("not_found", "There is no such upload, or it has expired. Start a new one.");
}

/** Index: upload_sessions_id: the upload may be in another owner's space. @throws HoldfastError not_found */
export async function findSession(
  db: Db,
  caller: Pick<Actor, "userId">,
  id: string,
  nowMicros: number,
): Promise<Session> {
  if (!isId(id)) throw noSuchUpload();
  const { rows } = await sql<UploadSessionRow & { tail_rows: number }>`
    select s.*, (
      select count(*) from shard.upload_tail t where t.space_id = s.space_id and t.session_id = s.id
    ) as tail_rows
    from shard.upload_sessions s
    where s.id = ${id} and s.user_id = ${caller.userId}
      and s.expires_at > ${nowMicros}`.execute(db);
  const row = rows[0];
  if (row === undefined) throw noSuchUpload();
  return {
    spaceId: row.space_id,
    id: row.id,
    userId: row.user_id,
    request: row.request as UploadRequest,
    generation: row.generation,
    blocksEnd: row.blocks_end,
    durable: row.durable,
    total: row.total,
    nodeId: row.node_id,
    sha256: row.sha256 === null ? null : (row.sha256.toString("hex") as HashHex),
    expiresAt: row.expires_at,
    tailRows: row.tail_rows,
  };
}

export interface NewSession {
  readonly id: UploadId;
  readonly request: UploadRequest;
  readonly total: number | null;
  readonly expiresAt: number;
  readonly operationId: Buffer | null;
  readonly requestHash: Buffer | null;
}

/**
 * @returns false if a concurrent start with the same key was first
 * @throws HoldfastError quota
 */
export async function insertSession(db: Db, caller: Actor, session: NewSession, nowMicros: number): Promise<boolean> {
  const request = JSON.stringify(session.request);
  return inTransaction(db, async (transaction) => {
    await lockSpace(transaction, caller.spaceId);
    const { rows } = await sql`
      insert into shard.upload_sessions
        (space_id, id, user_id, device_id, request, total, operation_id, request_hash, expires_at, created_at)
      values (${caller.spaceId}, ${session.id}, ${caller.userId}, ${caller.deviceId}, ${request}::json,
        ${session.total}::int8, ${session.operationId}::bytea, ${session.requestHash}::bytea,
        ${session.expiresAt}, ${nowMicros})
      on conflict (space_id, user_id, operation_id) where operation_id is not null do nothing
      returning id`.execute(transaction);
    if (rows.length > 0) await changeMetadataBytes(transaction, caller.spaceId, rowWeight(Buffer.byteLength(request)));
    return rows.length > 0;
  });
}

/**
 * Finds the upload that was started with this key. An expired one releases the key. Index: upload_sessions_operation.
 */
export async function findStarted(
  db: Db,
  { spaceId, userId }: Actor,
  operationId: Buffer,
  nowMicros: number,
): Promise<{ readonly id: UploadId; readonly requestHash: Buffer; readonly expiresAt: number } | undefined> {
  const { rows } = await sql<{ id: UploadId; request_hash: Buffer; expires_at: number }>`
    select id, request_hash, expires_at from shard.upload_sessions
    where space_id = ${spaceId} and user_id = ${userId} and operation_id = ${operationId}`.execute(db);
  const row = rows[0];
  if (row === undefined) return undefined;
  if (row.expires_at > nowMicros) return { id: row.id, requestHash: row.request_hash, expiresAt: row.expires_at };
  await sql`update shard.upload_sessions set operation_id = null
    where space_id = ${spaceId} and id = ${row.id} and expires_at <= ${nowMicros}`.execute(db);
  return undefined;
}

/**
 * Makes the caller the only writer.
 * @returns the new generation; undefined if the upload has changed since the caller read it
 */
export async function takeOver(
  db: Db,
  { spaceId, id, durable, blocksEnd }: Session,
  total: number | null,
  nowMicros: number,
): Promise<number | undefined> {
  const { rows } = await sql<{ generation: number }>`
    update shard.upload_sessions
    set generation = generation + 1, total = coalesce(total, ${total}::int8)
    where space_id = ${spaceId} and id = ${id} and durable = ${durable} and blocks_end = ${blocksEnd}
      and node_id is null and expires_at > ${nowMicros} and (total is null or ${total}::int8 is null or total = ${total}::int8)
    returning generation`.execute(db);
  return rows[0]?.generation;
}

export interface Writer {
  readonly session: Session;
  readonly generation: number;
  readonly lifetimeMs: number;
}

export interface Advance {
  /** Required state; a different one means another writer. */
  readonly from: { readonly blocksEnd: number; readonly durable: number };
  readonly to: { readonly blocksEnd: number; readonly durable: number };
}

/** Locks the session's row and advances it. @throws HoldfastError superseded, not_found */
export async function advance(
  transaction: Db,
  { session, generation, lifetimeMs }: Writer,
  { from, to }: Advance,
  nowMicros: number,
): Promise<void> {
  const { rows } = await sql`
    update shard.upload_sessions
    set blocks_end = ${to.blocksEnd}, durable = ${to.durable}, expires_at = ${nowMicros + lifetimeMs * 1000}
    where space_id = ${session.spaceId} and id = ${session.id} and generation = ${generation}
      and blocks_end = ${from.blocksEnd} and durable = ${from.durable} and node_id is null and expires_at > ${nowMicros}
    returning id`.execute(transaction);
  if (rows.length > 0) return;
  throw await notMine(transaction, session, nowMicros);
}

/** These bytes no longer change, so any request may store the hash. */
export async function rememberHash(db: Db, { spaceId, id }: Session, sha256: HashHex): Promise<void> {
  await sql`update shard.upload_sessions set sha256 = ${Buffer.from(sha256, "hex")}
    where space_id = ${spaceId} and id = ${id}`.execute(db);
}

async function notMine(db: Db, { spaceId, id }: Session, nowMicros: number): Promise<HoldfastError> {
  const { rows } = await sql`select from shard.upload_sessions
    where space_id = ${spaceId} and id = ${id} and expires_at > ${nowMicros}`.execute(db);
  return rows.length === 0 ? noSuchUpload() : superseded();
}

export function superseded(): HoldfastError {
  return new HoldfastError("superseded", "Another request has taken over this upload.");
}
