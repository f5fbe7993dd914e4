import { readMissingChanges } from "../../packs/facts/missing-changes.ts";
import type { DoctorWorld } from "./doctor-world.ts";
import { type Finding, of, warn } from "./finding.ts";

/** Shards whose promoted standby lacked changes. */
export async function checkMissingChanges({
  shards,
  cells,
}: Pick<DoctorWorld, "shards" | "cells">): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { id } of shards) {
    for (const { db } of cells) {
      const missing = await readMissingChanges(db, id);
      if (missing === undefined) continue;
      const detail = `shard ${id} lost changes at its failover (noticed at ${missing.noted_at})`;
      const advice = `Run holdfast admin shards renew-epochs ${id}, so that devices upload again what is missing.`;
      findings.push(of(id, warn("database", detail, advice)));
    }
  }
  return findings;
}
