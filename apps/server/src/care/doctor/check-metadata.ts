import { logPrefix, metadataPartOf, newestSnapshot, timeOfBackup } from "../../packs/facts/stored-metadata.ts";
import type { SnapshotSettings } from "../../base/config/snapshot-settings.ts";
import type { CellWorld, DoctorWorld } from "./doctor-world.ts";
import { type Finding, ok, warn } from "./finding.ts";

/** The store must have recent metadata to rebuild the database. */
export async function checkMetadata({ config, cells, clock }: DoctorWorld): Promise<Finding[]> {
  const [cell] = cells;
  if (cell === undefined || config.databaseUrl !== undefined || config.topology !== undefined) return [];
  return [judgeMetadata(await inspect(cell), config.snapshots, clock.nowMs())];
}

export interface StoredMetadata {
  /** Creation of the newest snapshot in milliseconds since 1970; undefined: none. */
  readonly madeMs: number | undefined;
  /** The metadata is complete up to here. */
  readonly saidMs: number;
  readonly logBytes: number;
}

const graceMs = 15 * 60_000;
/** With a larger log there should be a snapshot. */
const logBytesMax = 1024 * 1024;

export function judgeMetadata(
  { madeMs, saidMs, logBytes }: StoredMetadata,
  { snapshotMs, journalMs }: SnapshotSettings,
  nowMs: number,
): Finding {
  if (snapshotMs === undefined) {
    const detail = "HOLDFAST_SNAPSHOT_INTERVAL is off: metadata is not copied to the store";
    return warn("metadata", detail, "Make backups: without either, a lost database cannot be recovered.");
  }
  if (madeMs === undefined) {
    return ok(
      "metadata",
      "the store has no snapshot yet; the server makes the first one a few minutes after it starts",
    );
  }
  const detail = `snapshot of ${new Date(madeMs).toISOString()}, log up to ${new Date(saidMs).toISOString()}`;
  // The log is updated every ten minutes, even without changes.
  if (journalMs !== undefined && nowMs - saidMs > graceMs + 3 * journalMs) {
    return warn(
      "metadata",
      `${detail}: later changes, if any, are not in the store`,
      "If the server is running, see its log; otherwise this is fixed at its next start.",
    );
  }
  if (logBytes > logBytesMax && nowMs - madeMs > graceMs + 3 * snapshotMs) {
    const advice = "If the server is running, see its log. Until then a rebuild takes longer.";
    return warn("metadata", `${detail}: there should be a newer snapshot`, advice);
  }
  return ok("metadata", detail);
}

async function inspect({ store }: CellWorld): Promise<StoredMetadata> {
  const opened = await store();
  const part = metadataPartOf(opened);
  const madeMs = timeOfBackup((await newestSnapshot(opened)) ?? "");
  let saidMs = madeMs ?? 0;
  let logBytes = 0;
  for await (const { key, sizeBytes, modifiedAtMs } of part.list(logPrefix)) {
    if (key.endsWith("/head")) saidMs = Math.max(saidMs, modifiedAtMs);
    else logBytes += sizeBytes;
  }
  return { madeMs, saidMs, logBytes };
}
