import { setTimeout as delay } from "node:timers/promises";
import { toBucket } from "@holdfast/core/ids";
import type { Databases } from "../base/db/shards.ts";
import { noteMissingChanges } from "../packs/facts/missing-changes.ts";

/** The database of the cell may be failing over, too. */
const attemptsMax = 60;
const retryMs = 1000;

/** Stores losses of shards for `admin doctor`, until their epochs are renewed. */
export function reportMissingChanges({ configured, cells }: Pick<Databases, "configured" | "cells">): void {
  for (const { id, connection } of configured())
    connection.primary?.onMissing((bytes) => void note(cells, id, { noted_at: new Date().toISOString(), bytes }));
}

async function note(
  cells: Databases["cells"],
  shard: string,
  missing: Parameters<typeof noteMissingChanges>[2],
): Promise<void> {
  const { db } = cells.of(toBucket(0));
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    try {
      return await noteMissingChanges(db, shard, missing);
    } catch {
      // The loss is already in the log.
      await delay(retryMs, undefined, { ref: false });
    }
  }
}
