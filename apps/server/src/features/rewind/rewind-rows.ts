import type { RewindId, SpaceId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { int4Array, textArray } from "../../base/db/array-parameters.ts";
import type { RewindRow } from "../../base/db/rewind-tables.ts";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import type { RewindStep } from "./node-state.ts";

export type StepOutcome = { readonly revision: string } | { readonly left: string };

export interface NumberedStep {
  readonly number: number;
  readonly step: RewindStep;
}

type RewindKey = Pick<RewindRow, "space_id" | "id">;

const rowsAtOnce = 5000;

/** @returns false if another rewind undoes the same one or has the same Idempotency-Key */
export async function insertRewind(
  transaction: ShardQueries,
  row: Omit<RewindRow, "done_at">,
  steps: readonly RewindStep[],
): Promise<boolean> {
  const { rows } = await sql`
    insert into shard.rewinds (space_id, id, node_id, user_id, moment, undoes, seq, job, answer, undo_answer, operation_id,
      request_hash, created_at)
    values (${row.space_id}, ${row.id}, ${row.node_id}, ${row.user_id}, ${row.moment}, ${row.undoes}, ${row.seq}, ${row.job},
      ${row.answer}, ${row.undo_answer}, ${row.operation_id}, ${row.request_hash}, ${row.created_at})
    on conflict do nothing returning id`.execute(transaction);
  if (rows.length === 0) return false;
  for (let from = 0; from < steps.length; from += rowsAtOnce) {
    const part = steps.slice(from, from + rowsAtOnce);
    await sql`
      insert into shard.rewind_steps (space_id, rewind_id, number, step)
      select ${row.space_id}::uuid, ${row.id}::uuid, v.number, v.step
      from unnest(${int4Array(part.map((_, index) => from + index))},
        ${textArray(part.map((step) => JSON.stringify(step)))}) as v (number, step)`.execute(transaction);
  }
  return true;
}

/** Index: rewinds_id. */
export async function readRewind(reader: ShardQueries, id: RewindId): Promise<RewindRow | undefined> {
  const { rows } = await sql<RewindRow>`select * from shard.rewinds where id = ${id}`.execute(reader);
  return rows[0];
}

/** Index: rewinds_undoes. */
export async function readUndo(reader: ShardQueries, { space_id, id }: RewindKey): Promise<RewindRow | undefined> {
  const { rows } = await sql<RewindRow>`
    select * from shard.rewinds where space_id = ${space_id} and undoes = ${id}`.execute(reader);
  return rows[0];
}

/** Index: rewinds_operation. */
export async function readByOperation(
  reader: ShardQueries,
  { spaceId, userId, operationId }: { spaceId: SpaceId; userId: string; operationId: Buffer },
): Promise<RewindRow | undefined> {
  const { rows } = await sql<RewindRow>`
    select * from shard.rewinds where space_id = ${spaceId} and user_id = ${userId} and operation_id = ${operationId}`.execute(
    reader,
  );
  return rows[0];
}

/** Index: primary key. */
export async function readSteps(
  reader: ShardQueries,
  { space_id, id }: RewindKey,
  { from, limit }: { readonly from: number; readonly limit: number },
): Promise<(NumberedStep & { readonly outcome: StepOutcome | undefined })[]> {
  const { rows } = await sql<{ number: number; step: string; outcome: string | null }>`
    select number, step, outcome from shard.rewind_steps
    where space_id = ${space_id} and rewind_id = ${id} and number >= ${from} order by number limit ${limit}`.execute(
    reader,
  );
  return rows.map(({ number, step, outcome }) => ({
    number,
    step: JSON.parse(step) as RewindStep,
    outcome: outcome === null ? undefined : (JSON.parse(outcome) as StepOutcome),
  }));
}

export async function noteOutcomes(
  reader: ShardQueries,
  { space_id, id }: RewindKey,
  outcomes: readonly { readonly number: number; readonly outcome: StepOutcome }[],
): Promise<void> {
  await sql`
    update shard.rewind_steps s set outcome = v.outcome
    from unnest(${int4Array(outcomes.map(({ number }) => number))},
      ${textArray(outcomes.map(({ outcome }) => JSON.stringify(outcome)))}) as v (number, outcome)
    where s.space_id = ${space_id} and s.rewind_id = ${id} and s.number = v.number`.execute(reader);
}

/** @returns true for the first call, which counts */
export async function noteDone(
  reader: ShardQueries,
  { space_id, id }: RewindKey,
  { answer, undo_answer, done_at }: Pick<RewindRow, "answer" | "undo_answer" | "done_at">,
): Promise<boolean> {
  const { numAffectedRows = 0n } = await sql`
    update shard.rewinds set answer = ${answer}, undo_answer = ${undo_answer}, done_at = ${done_at}
    where space_id = ${space_id} and id = ${id} and done_at is null`.execute(reader);
  return numAffectedRows > 0n;
}
