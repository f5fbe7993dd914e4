import { existsSync } from "node:fs";
import { join } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import type { Random } from "@holdfast/core/clock";
import type { Disk } from "@holdfast/disk/disk";
import { writeFileDurably } from "@holdfast/disk/write-durably";

/** Marker in a data folder during the whole restore. */
const markerName = "restore-unfinished";

export async function markUnfinished(disk: Disk, dataFolder: string, random: Random): Promise<void> {
  const text = "A restore or a rebuild is in progress here, or was interrupted. No server starts on this folder.\n";
  await writeFileDurably(disk, join(dataFolder, markerName), Buffer.from(text), {
    mode: 0o600,
    random: (sizeBytes) => random(sizeBytes),
  });
}

/** Called when everything else is durable. */
export async function markFinished(disk: Disk, dataFolder: string): Promise<void> {
  await disk.unlink(join(dataFolder, markerName));
  await disk.syncFolder(dataFolder);
}

export function isUnfinished(dataFolder: string): boolean {
  return existsSync(join(dataFolder, markerName));
}

/** @throws HoldfastError failed with advice, for a partly restored folder */
export function refuseUnfinished(dataFolder: string): void {
  if (!isUnfinished(dataFolder)) return;
  throw new HoldfastError(
    "failed",
    `The restore into ${dataFolder} was interrupted, so its data is incomplete. Run 'holdfast admin restore-backup', or 'holdfast admin rebuild', ` +
      "with the same folders again, or remove the folder.",
  );
}
