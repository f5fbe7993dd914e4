import { HoldfastError } from "@holdfast/core/errors";
import { isId, type UserId } from "@holdfast/core/ids";
import { formatTime } from "@holdfast/core/times";
import type { ShreddingJson } from "@holdfast/protocol/shred-routes";
import { type Kysely, sql } from "kysely";
import { findUserByEmail } from "../../features/accounts/context/directory.ts";
import { type LastBackup, readLastBackup } from "../../packs/facts/last-backup.ts";
import type { Cells, Shards } from "../../base/db/shards.ts";
import type { ShardQueries, ShardTables } from "../../base/db/shard-tables.ts";
import { type ShreddingRow, shredSteps } from "../../base/db/shredding-tables.ts";

export interface ShreddingStore {
  readonly shards: Shards;
  readonly cells: Cells;
}

/** By id, or by address while that is known. @throws HoldfastError not_found */
export async function describeShredding(store: ShreddingStore, idOrEmail: string): Promise<ShreddingJson> {
  const id = isId(idOrEmail) ? (idOrEmail as UserId) : (await findUserByEmail(store.shards, idOrEmail))?.id;
  const row = id === undefined ? undefined : await readShredding(store.shards.ofId(id).db, id);
  if (row !== undefined) return shreddingJson(row, await newestBackup(store));
  throw new HoldfastError(
    "not_found",
    `No account ${idOrEmail} is being or was shredded. Once its address has been removed, it can only be found by its ID.`,
  );
}

/** Index: primary key. */
export async function readShredding(db: ShardQueries, userId: UserId): Promise<ShreddingRow | undefined> {
  const { rows } = await sql<ShreddingRow>`select * from shard.shreddings where user_id = ${userId}`.execute(db);
  return rows[0];
}

/** Oldest first. Index: shreddings_running. */
export async function listRunning(db: ShardQueries): Promise<ShreddingRow[]> {
  const { rows } = await sql<ShreddingRow>`
    select * from shard.shreddings where done_at is null order by asked_at`.execute(db);
  return rows;
}

export async function noteWaiting(db: ShardQueries, { user_id }: ShreddingRow, waitsFor: string | null): Promise<void> {
  await sql`update shard.shreddings set waits_for = ${waitsFor}
    where user_id = ${user_id} and waits_for is distinct from ${waitsFor}`.execute(db);
}

/** @returns the row with the next step, or as done */
export async function noteStepDone(
  db: Kysely<ShardTables>,
  { user_id, step }: ShreddingRow,
  nowMicros: number,
): Promise<ShreddingRow> {
  const next = shredSteps[shredSteps.indexOf(step) + 1];
  // The address is needed while rows may contain it.
  const known = step === "rights" ? sql`known` : sql`null`;
  const { rows } = await sql<ShreddingRow>`
    update shard.shreddings set waits_for = null, known = ${known}, step = ${next ?? step},
      done_at = ${next === undefined ? nowMicros : null}::int8
    where user_id = ${user_id} returning *`.execute(db);
  return rows[0] as ShreddingRow;
}

/** A dry run has neither step nor time. */
type Described = Pick<ShreddingRow, "user_id" | "known" | "figures" | "waits_for" | "done_at"> &
  Partial<Pick<ShreddingRow, "step" | "asked_at">>;

export function shreddingJson(row: Described, backup: LastBackup | undefined): ShreddingJson {
  const { user_id, known, step, figures, waits_for, asked_at, done_at } = row;
  return {
    user_id,
    email: known?.email ?? null,
    state: stateOf(row),
    step: asked_at === undefined || done_at !== null ? null : (step ?? null),
    waits_for,
    asked_at: asked_at === undefined ? null : formatTime(asked_at),
    finished_at: done_at === null ? null : formatTime(done_at),
    ...figures,
    backup: backup === undefined ? null : { place: backup.place, consistent_at: backup.consistent_at },
  };
}

function stateOf({ asked_at, done_at, waits_for }: Described): ShreddingJson["state"] {
  if (asked_at === undefined) return "dry_run";
  if (done_at !== null) return "done";
  return waits_for === null ? "running" : "waiting";
}

export async function newestBackup({ cells }: Pick<ShreddingStore, "cells">): Promise<LastBackup | undefined> {
  const all = await Promise.all(cells.all().map(({ db }) => readLastBackup(db)));
  return all
    .filter((last) => last !== undefined)
    .toSorted((left, right) => left.consistent_at.localeCompare(right.consistent_at))
    .at(-1);
}
