import { type Kysely, sql } from "kysely";
import { readBackupSchedule } from "../packs/facts/backup-schedule.ts";
import { readLastBackup } from "../packs/facts/last-backup.ts";
import { readRun } from "../features/ldap/ldap-runs.ts";
import { readLastDrill } from "../packs/facts/last-drill.ts";
import { toBucket } from "@holdfast/core/ids";
import type { Clock } from "@holdfast/core/clock";
import type { CellTables } from "../base/db/cell-tables.ts";
import type { ShardTables } from "../base/db/shard-tables.ts";
import type { Databases, Shards } from "../base/db/shards.ts";
import type { Probe } from "../base/operation/health.ts";
import type { StoredBytes, WaitingBlocks } from "../base/operation/metrics.ts";
import type { Storage } from "./open-storage.ts";

/** Every database, and the keyring in every store. */
export function storageProbes({
  databases,
  cells,
}: Pick<Storage, "databases" | "cells">): Readonly<Record<string, Probe>> {
  const places = [...databases.shards.all(), ...databases.cells.all()];
  return {
    database: async () => {
      for (const { db } of places) await sql`select 1`.execute(db);
    },
    store: async () => {
      for (const { keyring } of cells.all()) await keyring.assertStoreThere();
    },
  };
}

const freshMs = 60_000;

/** Sums of all spaces, cached for a minute. */
export function storedBytes(shards: Shards): () => Promise<StoredBytes> {
  return readSometimes(() => readStored(shards));
}

/** Cached for a minute. Index: blocks_damaged. */
export function damagedBlocks({ cells }: Pick<Databases, "cells">): () => Promise<number> {
  return readSometimes(async () => {
    let damaged = 0;
    for (const { db } of cells.all()) {
      const { rows } = await sql<{ blocks: number }>`
        select count(*) as blocks from (select from cell.blocks where state = 'damaged' limit ${rowsMax}) as damaged`.execute(
        db,
      );
      damaged += rows[0]?.blocks ?? 0;
    }
    return damaged;
  });
}

/** @returns the time without a backup in the worst place, or undefined if no backup exists */
export function backupAge({ cells }: Pick<Databases, "cells">, clock: Clock): () => Promise<number | undefined> {
  const readOldest = readSometimes(async () => {
    const last = await Promise.all(cells.all().map(({ db }) => readLastBackup(db)));
    const times = last.flatMap((each) => (each === undefined ? [] : [Date.parse(each.consistent_at)]));
    return times.length === 0 ? undefined : Math.min(...times);
  });
  return async () => {
    const oldestMs = await readOldest();
    return oldestMs === undefined ? undefined : clock.nowMicros() / 1e6 - oldestMs / 1e3;
  };
}

export interface DrillFigures {
  /** Seconds since the last complete drill; undefined without any. */
  readonly age: number | undefined;
  /** Problems found by the last drill, or those that prevented it. */
  readonly problems: number;
}

/** @returns undefined without scheduled backups or before the first try */
export function lastDrill({ cells }: Pick<Databases, "cells">, clock: Clock): () => Promise<DrillFigures | undefined> {
  const read = readSometimes(async () => {
    const [cell] = cells.all();
    const isScheduled = cell !== undefined && (await readBackupSchedule(cell.db)) !== undefined;
    return isScheduled ? readLastDrill(cell.db) : undefined;
  });
  return async () => {
    const last = await read();
    if (last === undefined) return undefined;
    const doneAt = last.done_at === null ? undefined : Date.parse(last.done_at);
    const age = doneAt === undefined ? undefined : clock.nowMicros() / 1e6 - doneAt / 1e3;
    return { age, problems: last.problem_count };
  };
}

/** @returns undefined before the first run */
export function ldapFigures({ shards }: Pick<Databases, "shards">, clock: Clock) {
  const read = readSometimes(() => readRun(shards.of(toBucket(0))));
  return async () => {
    const run = await read();
    if (run === undefined) return undefined;
    const age = run.done_at === null ? undefined : (clock.nowMicros() - run.done_at) / 1e6;
    return { age, stopped: run.problem === null ? 0 : 1 };
  };
}

/** Blocks waiting for removal in spaces, then in cells. Cached for a minute. */
export function collectionBacklog({
  shards,
  cells,
}: Pick<Databases, "shards" | "cells">): () => Promise<readonly WaitingBlocks[]> {
  return readSometimes(async () => [
    { place: "space", ...sumOf(await Promise.all(shards.all().map(({ db }) => readUnreferenced(db)))) },
    { place: "cell", ...sumOf(await Promise.all(cells.all().map(({ db }) => readUnheld(db)))) },
  ]);
}

function readSometimes<Figures>(read: () => Promise<Figures>): () => Promise<Figures> {
  let last: { readonly atMs: number; readonly figures: Promise<Figures> } | undefined;
  return () => {
    if (last === undefined || performance.now() - last.atMs > freshMs)
      last = { atMs: performance.now(), figures: read() };
    return last.figures;
  };
}

interface Waiting {
  readonly blocks: number;
  readonly bytes: number;
}

function sumOf(all: readonly Waiting[]): Waiting {
  const sum = (pick: (each: Waiting) => number) => all.reduce((total, each) => total + pick(each), 0);
  return { blocks: sum(({ blocks }) => blocks), bytes: sum(({ bytes }) => bytes) };
}

/** Limits the cost: higher counts stay at this value. */
const rowsMax = 100_000;

/** Index: space_blocks_unreferenced. */
async function readUnreferenced(db: Kysely<ShardTables>): Promise<Waiting> {
  const { rows } = await sql<Waiting>`
    select count(*) as blocks, coalesce(sum(size), 0) as bytes
    from (select size from shard.space_blocks where refs = 0 limit ${rowsMax}) as waiting`.execute(db);
  return rows[0] ?? { blocks: 0, bytes: 0 };
}

/** Index: blocks_unreferenced. */
async function readUnheld(db: Kysely<CellTables>): Promise<Waiting> {
  const { rows } = await sql<Waiting>`
    select count(*) as blocks, coalesce(sum(stored_size), 0) as bytes
    from (select stored_size from cell.blocks where unreferenced_since is not null limit ${rowsMax}) as waiting`.execute(
    db,
  );
  return rows[0] ?? { blocks: 0, bytes: 0 };
}

async function readStored(shards: Shards): Promise<StoredBytes> {
  let used = 0;
  let stored = 0;
  for (const { db } of shards.all()) {
    const row = await db
      .selectFrom("shard.spaces")
      .select(({ fn }) => [
        fn.sum<string | null>("used_bytes").as("used"),
        fn.sum<string | null>("stored_bytes").as("stored"),
      ])
      .executeTakeFirst();
    used += Number(row?.used ?? 0);
    stored += Number(row?.stored ?? 0);
  }
  return { used, stored };
}
