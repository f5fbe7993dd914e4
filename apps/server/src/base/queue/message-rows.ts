import type { MessageId } from "@holdfast/core/ids";
import { type Kysely, type RawBuilder, sql } from "kysely";
import { int4Array, textArray, uuidArray } from "../db/array-parameters.ts";
import { keyed } from "../db/database.ts";
import { codeOf } from "../db/database-error.ts";
import type { ShardTables } from "../db/shard-tables.ts";
import type { Kind } from "./kind.ts";

/** These three fields prove ownership: a takeover has another worker or attempt. */
export interface Claimed {
  readonly id: MessageId;
  readonly worker: string;
  readonly kind: string;
  readonly key: string | null;
  readonly payload: unknown;
  readonly attempts: number;
  readonly triedAt: number;
}

type Db = Kysely<ShardTables>;

const columns = sql`m.id, m.worker, m.kind, m.key, m.payload, m.attempts, m.tried_at as "triedAt"`;

/** Free places for messages of a kind. */
export interface Room {
  readonly count: number;
  readonly perOwner: Kind["perOwner"];
}

export interface Claim {
  readonly worker: string;
  readonly rooms: ReadonlyMap<string, Room>;
  readonly nowMicros: number;
  readonly leasedUntil: number;
}

/**
 * Claims due messages, the longest due first. Skips a key that is in work: with simultaneous claims, the claimant of a
 * key's second message sees the first as running, because it was enqueued later. Also skips owners at their limit; the
 * next claim takes messages behind theirs. Indexes: messages_due, messages_leases.
 */
export async function claimDue(db: Db, { worker, rooms, nowMicros, leasedUntil }: Claim): Promise<Claimed[]> {
  const places = [...rooms.values()];
  const counts = int4Array(places.map(({ count }) => count));
  const fields = textArray(places.map(({ perOwner }) => perOwner?.field ?? ""));
  const mosts = int4Array(places.map(({ perOwner }) => perOwner?.most ?? 0));
  const { rows } = await sql<Claimed>`
    with wanted as materialized (
      select * from unnest(${textArray([...rooms.keys()])}, ${counts}, ${fields}, ${mosts}) as w (kind, room, field, most)
    ), owners as materialized (
      select r.kind, r.payload->>wanted.field as owner, count(*)::int as running
      from shard.messages r join wanted on wanted.kind = r.kind and wanted.most > 0
      where r.state = 'running' group by r.kind, owner
    ), due as materialized (
      select wanted.kind, wanted.most, due.* from wanted
      cross join lateral (
        select w.id, w.due_at, w.number, w.payload->>wanted.field as owner from shard.messages w
        where w.state = 'waiting' and w.kind = wanted.kind and w.due_at <= ${nowMicros} and not exists (
          select from shard.messages r where r.state = 'running' and r.key is not null and r.kind = w.kind and r.key = w.key)
        and not exists (
          select from owners o where o.kind = wanted.kind and o.owner = w.payload->>wanted.field and o.running >= wanted.most)
        order by w.due_at, w.number limit wanted.room for update of w skip locked
      ) due
    ), ranked as (
      select due.id, due.most, coalesce(owners.running, 0)
        + row_number() over (partition by due.kind, due.owner order by due.due_at, due.number) as place
      from due left join owners on owners.kind = due.kind and owners.owner = due.owner
    )
    update shard.messages m
    set state = 'running', worker = ${worker}, leased_until = ${leasedUntil}, attempts = m.attempts + 1,
      tried_at = coalesce(m.tried_at, ${nowMicros}::int8)
    where m.id = any(array(select id from ranked where most = 0 or place <= most))
    returning ${columns} ${keyed}`.execute(db);
  return rows;
}

export interface Held extends Claimed {
  /** The lease expired. */
  readonly isAbandoned: boolean;
}

/** Messages with an expired lease, and those of other workers, dead or alive. Index: messages_leases. */
export async function findHeld(db: Db, worker: string, nowMicros: number): Promise<Held[]> {
  const { rows } = await sql<Held>`
    select ${columns}, m.leased_until <= ${nowMicros} as "isAbandoned" from shard.messages m
    where m.state = 'running' and (m.leased_until <= ${nowMicros} or m.worker <> ${worker})
    order by m.leased_until limit 200 ${keyed}`.execute(db);
  return rows;
}

export async function nextDueMicros(db: Db, kinds: readonly string[], nowMicros: number): Promise<number | undefined> {
  const { rows } = await sql<{ due: number | null }>`
    select min(next.due_at) as due from unnest(${textArray(kinds)}) as wanted (kind)
    cross join lateral (
      select w.due_at from shard.messages w
      where w.state = 'waiting' and w.kind = wanted.kind and w.due_at > ${nowMicros} order by w.due_at limit 1
    ) next ${keyed}`.execute(db);
  return rows[0]?.due ?? undefined;
}

/** @returns the ids that the worker still owns */
export async function renewLeases(
  db: Db,
  { worker, ids, leasedUntil }: { worker: string; ids: readonly MessageId[]; leasedUntil: number },
): Promise<Set<MessageId>> {
  const { rows } = await sql<{ id: MessageId }>`
    update shard.messages set leased_until = ${leasedUntil}
    where id = any(${uuidArray(ids)}) and state = 'running' and worker = ${worker} returning id`.execute(db);
  return new Set(rows.map(({ id }) => id));
}

export async function removeDone(db: Db, message: Claimed): Promise<void> {
  await sql`delete from shard.messages where ${isStill(message)} ${keyed}`.execute(db);
}

export interface PutBack {
  readonly dueMicros: number;
  readonly problem?: string;
  /** This process stopped the attempt. */
  readonly uncounted?: boolean;
}

/** A newer message with the same key replaces the returned one. */
export async function putBack(db: Db, message: Claimed, { dueMicros, problem, uncounted }: PutBack): Promise<void> {
  await leaveRunning(
    db,
    message,
    sql`state = 'waiting', due_at = ${dueMicros}, problem = coalesce(${problem ?? null}, problem),
      attempts = attempts - ${uncounted === true ? 1 : 0}`,
  );
}

/** @returns false if another worker owns it or a newer one with its key replaces it */
export async function bury(db: Db, message: Claimed, problem: string, nowMicros: number): Promise<boolean> {
  return leaveRunning(db, message, sql`state = 'dead', died_at = ${nowMicros}, problem = ${problem}`);
}

const uniqueViolation = "23505";

async function leaveRunning(db: Db, message: Claimed, change: RawBuilder<unknown>): Promise<boolean> {
  try {
    const { numAffectedRows } = await sql`
      update shard.messages set ${change}, worker = null, leased_until = null where ${isStill(message)}`.execute(db);
    return numAffectedRows === 1n;
  } catch (error) {
    if (codeOf(error) !== uniqueViolation) throw error;
    await removeDone(db, message);
    return false;
  }
}

function isStill({ id, worker, attempts }: Claimed): RawBuilder<boolean> {
  return sql`id = ${id} and state = 'running' and worker = ${worker} and attempts = ${attempts}`;
}
