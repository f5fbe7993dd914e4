import { openStoreAt } from "../admin-storage/open-admin-cells.ts";
import type { portsFor } from "../admin-storage/open-admin-storage.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { BlockCell } from "../../packs/cells/block-cell.ts";
import type { LastBackup } from "../../packs/facts/last-backup.ts";
import type { BlockPool } from "../../packs/format/block-tasks.ts";
import { archiveLog } from "./archive-log.ts";
import { copyPacksSince } from "./archive-packs.ts";
import { openPlace } from "./backup-place.ts";
import { noteShredded } from "./shredded-ids.ts";
import { backupSlots } from "./take-backup.ts";

interface ArchiveParts extends ReturnType<typeof portsFor> {
  readonly cell: BlockCell;
  readonly shards: Shards;
  readonly pool: BlockPool;
  readonly clusterFolder: string;
  readonly signal: AbortSignal;
}

/** Adds the changes since the last backup to the place of that backup. */
export async function archiveSince(
  last: LastBackup,
  { cell, shards, pool, clusterFolder, signal, ...ports }: ArchiveParts,
): Promise<void> {
  const { clock, random } = ports;
  const { db, keyring } = cell;
  const store = await openStoreAt(last.place, ports, `The backup folder ${last.place}`);
  const place = await openPlace({ store, keyring, random }, last.place_id);
  await noteShredded(place, shards);
  await archiveLog({
    db,
    archive: { place, run: last.run },
    slot: backupSlots.archive,
    clusterFolder,
    clock,
    bringBefore: (sinceMs) => copyPacksSince({ cell, place, pool, clock, signal }, sinceMs),
    signal,
  });
}
