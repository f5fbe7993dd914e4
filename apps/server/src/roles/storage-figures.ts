import { sql } from "kysely";
import type { Shards } from "../db/shards.ts";
import type { Probe } from "../operation/health.ts";
import type { Storage } from "./open-storage.ts";

/** What readiness asks: every database, and every store for its keyring. */
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

const ratioFreshMs = 60_000;

/** All bytes that versions hold by all bytes that were stored for them, over all spaces; read at most once a minute. */
export function deduplicationRatio(shards: Shards): () => Promise<number | undefined> {
  let last: { readonly atMs: number; readonly ratio: Promise<number | undefined> } | undefined;
  return () => {
    if (last === undefined || performance.now() - last.atMs > ratioFreshMs) {
      last = { atMs: performance.now(), ratio: readRatio(shards) };
    }
    return last.ratio;
  };
}

async function readRatio(shards: Shards): Promise<number | undefined> {
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
  return stored === 0 ? undefined : used / stored;
}
