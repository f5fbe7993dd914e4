import { statfs } from "node:fs/promises";
import type { StorageJson } from "@holdfast/protocol/admin-routes";
import { sql } from "kysely";
import type { Databases } from "../db/shards.ts";

const freshMs = 60_000;

/** Sums over all accounts and packs, cached for a minute. */
export function openStorageFigures(
  databases: Pick<Databases, "shards" | "cells">,
  dataFolder: string,
): () => Promise<StorageJson> {
  let last: { readonly atMs: number; readonly figures: Promise<StorageJson> } | undefined;
  return () => {
    const isFresh = last !== undefined && performance.now() - last.atMs < freshMs;
    const asked = isFresh ? last : { atMs: performance.now(), figures: readFigures(databases, dataFolder) };
    last = asked;
    // Failures are not cached.
    asked?.figures.catch(() => (last = undefined));
    return (asked as { readonly figures: Promise<StorageJson> }).figures;
  };
}

async function readFigures(
  { shards, cells }: Pick<Databases, "shards" | "cells">,
  dataFolder: string,
): Promise<StorageJson> {
  const [ofShards, ofCells, database_bytes, disk] = await Promise.all([
    Promise.all(shards.all().map(readShard)),
    Promise.all(cells.all().map(readCell)),
    databaseBytes([...shards.all(), ...cells.all()]),
    readDisk(dataFolder),
  ]);
  return { ...sumOf(ofShards), ...sumOf(ofCells), database_bytes, ...disk };
}

type Place = ReturnType<Databases["shards"]["all"]>[number] | ReturnType<Databases["cells"]["all"]>[number];

async function readShard({ db }: ReturnType<Databases["shards"]["all"]>[number]) {
  const { rows } = await sql<Pick<StorageJson, "accounts" | "accounts_disabled" | "used_bytes" | "stored_bytes">>`
    select (select count(*) from shard.users) as accounts,
      (select count(*) from shard.users where disabled_at is not null) as accounts_disabled,
      coalesce(sum(used_bytes), 0) as used_bytes, coalesce(sum(stored_bytes), 0) as stored_bytes
    from shard.spaces`.execute(db);
  return rows[0] ?? { accounts: 0, accounts_disabled: 0, used_bytes: 0, stored_bytes: 0 };
}

/** Packs are few, one for 16 MiB. Only damaged blocks are counted. Index: blocks_damaged. */
async function readCell({ db }: ReturnType<Databases["cells"]["all"]>[number]) {
  const { rows } = await sql<
    Pick<StorageJson, "packs" | "pack_bytes" | "live_bytes" | "unreadable_packs" | "damaged_blocks">
  >`
    select count(*) as packs, coalesce(sum(size), 0) as pack_bytes, coalesce(sum(live_bytes), 0) as live_bytes,
      count(*) filter (where state = 'unreadable') as unreadable_packs,
      (select count(*) from cell.blocks where state = 'damaged') as damaged_blocks
    from cell.packs where state <> 'doomed'`.execute(db);
  return rows[0] ?? { packs: 0, pack_bytes: 0, live_bytes: 0, unreadable_packs: 0, damaged_blocks: 0 };
}

/** Shards and cells may share a database. */
async function databaseBytes(places: readonly Place[]): Promise<number> {
  const sizes = new Map<string, number>();
  for (const { db } of places) {
    const { rows } = await sql<{ name: string; bytes: number }>`
      select coalesce(inet_server_addr()::text, '') || ' ' || current_setting('port') || ' ' || current_database() as name,
        pg_database_size(current_database()) as bytes`.execute(db);
    const [row] = rows;
    if (row !== undefined) sizes.set(row.name, row.bytes);
  }
  return [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
}

async function readDisk(folder: string): Promise<Pick<StorageJson, "disk_bytes" | "disk_free_bytes">> {
  try {
    const { bsize, blocks, bavail } = await statfs(folder);
    return { disk_bytes: bsize * blocks, disk_free_bytes: bsize * bavail };
  } catch {
    return { disk_bytes: null, disk_free_bytes: null };
  }
}

function sumOf<Figures extends Readonly<Record<string, number>>>(all: readonly Figures[]): Figures {
  const sums: Record<string, number> = {};
  for (const figures of all) {
    for (const [name, value] of Object.entries(figures)) sums[name] = (sums[name] ?? 0) + value;
  }
  return sums as Figures;
}
