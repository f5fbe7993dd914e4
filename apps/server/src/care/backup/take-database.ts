import type { Connection } from "../../base/db/database.ts";
import type { BackupPlace } from "./backup-place.ts";
import { type BackupSlots, type BaseBackup, takeBaseBackup } from "./base-backup.ts";
import type { Manifest } from "./manifest.ts";
import type { Pieces } from "./pieces.ts";
import type { StepProgress } from "./step-progress.ts";

export interface Cluster {
  readonly connection: Connection;
  readonly folder: string;
  readonly password: string;
}

interface Ports {
  readonly cluster: Cluster;
  readonly place: Pick<BackupPlace, "box">;
  readonly run: string;
  readonly slots: BackupSlots;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: StepProgress | undefined;
}

interface TakenDatabase {
  readonly base: BaseBackup;
  readonly manifest: NonNullable<Manifest["database"]>;
}

export async function takeDatabase(
  { cluster, place, run, slots, signal, progress }: Ports,
  pieces: Pieces,
): Promise<TakenDatabase> {
  const { connection, folder: clusterFolder } = cluster;
  const base = await takeBaseBackup({ connection, clusterFolder, slots, signal, progress }, pieces);
  const password = await place.box.seal(passwordLabel, Buffer.from(cluster.password));
  const { label, walEnd, folders, files } = base;
  return {
    base,
    manifest: {
      label,
      wal_end: walEnd,
      stopped_at: new Date(base.stoppedAtMs).toISOString(),
      run,
      password: Buffer.from(password).toString("base64"),
      folders: [...folders],
      files: [...files],
    },
  };
}

export const passwordLabel = "database-password";
