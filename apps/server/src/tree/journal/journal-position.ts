import { HoldfastError } from "@holdfast/core/errors";
import type { ChangeJson } from "@holdfast/protocol/change-routes";
import type { NodeJson } from "@holdfast/protocol/values";
import { sql } from "kysely";
import { keyed } from "../../base/db/database.ts";
import type { JournalRow, SpaceRow } from "../../base/db/shard-tables.ts";
import type { ReadShard } from "../../base/db/shards.ts";
import type { Actor } from "../actor.ts";
import { decodeToken, type JournalPosition } from "./change-token.ts";

/**
 * Position of a token in the caller's journal.
 * @throws HoldfastError bad_request, or reset for a token of another view
 */
export function positionIn({ spaceId }: Pick<Actor, "spaceId">, token: string, field = "since_token"): JournalPosition {
  const position = decodeToken(token, field).find((each) => each.spaceId === spaceId);
  if (position === undefined) throw reset("epoch");
  return position;
}

export interface CheckedHead extends Pick<SpaceRow, "epoch" | "seq"> {
  /** Number of the last notification to the space's owner. */
  readonly notified: number;
}

/**
 * @returns the head
 * @throws HoldfastError reset unless the position is in this journal and still stored
 */
export async function checkPosition(shard: ReadShard, position: JournalPosition): Promise<CheckedHead> {
  const { rows } = await sql<CheckedHead & { tag: Buffer | null }>`
    select s.epoch, s.seq, j.tag, coalesce(h.number, 0) as notified from shard.spaces s
    left join shard.journal j on j.space_id = s.id and j.seq = ${position.seq}
    left join shard.notification_heads h on h.user_id = s.owner_id
    where s.id = ${position.spaceId} ${keyed}`.execute(shard.primary);
  const space = rows[0];
  if (space === undefined || space.epoch !== position.epoch || position.seq > space.seq) throw reset("epoch");
  if (position.seq === 0) {
    const { rows: first } = await sql<{ seq: number }>`
      select seq from shard.journal where space_id = ${position.spaceId} order by seq limit 1`.execute(shard.primary);
    if (space.seq > 0 && first[0]?.seq !== 1) throw reset("expired");
    return space;
  }
  if (space.tag === null) throw reset("expired");
  if (space.tag.toString("hex") !== position.tag) throw reset("epoch");
  return space;
}

export function reset(reason: "epoch" | "expired"): HoldfastError {
  const why =
    reason === "epoch"
      ? "The token belongs to a different history of the server (the server was restored, or the token is from another server)."
      : "The token is older than the history that the server keeps.";
  return new HoldfastError("reset", `${why} List everything again, then continue with a new start token.`, {
    body: { reason },
  });
}

/**
 * Names every column, because a prepared plan must survive a migration that adds one. The type makes the list complete.
 */
const columns: Readonly<Record<keyof JournalRow, true>> = {
  space_id: true,
  seq: true,
  tag: true,
  node_id: true,
  kind: true,
  from_parent: true,
  from_name: true,
  from_trashed_at: true,
  from_modified_at: true,
  from_executable: true,
  from_private: true,
  of_mount: true,
  rewind_id: true,
  actor: true,
  device_id: true,
  at: true,
  grantee_id: true,
  approved: true,
};
const journalColumns = sql.raw(Object.keys(columns).join(", "));

/** The head and the entries after the position. @throws HoldfastError reset */
export async function readFrom(
  shard: ReadShard,
  position: JournalPosition,
  limit: number,
): Promise<readonly [CheckedHead, readonly JournalRow[]]> {
  // Both queries run at the same time, so entries beyond the head are left for the next call.
  const [head, rows] = await Promise.all([
    checkPosition(shard, position),
    limit === 0 ? [] : readEntries(shard, position, limit),
  ]);
  return [head, rows.filter(({ seq }) => seq <= head.seq)];
}

/** Index: primary key of the journal. */
export async function readEntries(
  shard: ReadShard,
  { spaceId, seq }: JournalPosition,
  limit: number,
): Promise<readonly JournalRow[]> {
  const { rows } = await sql<JournalRow>`
    select ${journalColumns} from shard.journal where space_id = ${spaceId} and seq > ${seq} order by seq limit ${limit} ${keyed}`.execute(
    shard.db,
  );
  return rows;
}

export function reachedBy(position: JournalPosition, rows: readonly JournalRow[]): JournalPosition {
  const last = rows.at(-1);
  return last === undefined ? position : { ...position, seq: last.seq, tag: last.tag.toString("hex") };
}

/** Nodes that the calling device did not send. */
export function foreignOf(caller: Actor, changes: readonly ChangeJson[]): NodeJson[] {
  return changes.flatMap(({ node }) => (node === undefined || isOwn(caller, node) ? [] : [node]));
}

export function isOwn({ deviceId }: Actor, { device_id }: { readonly device_id?: string | null | undefined }): boolean {
  return deviceId !== null && device_id === deviceId;
}
