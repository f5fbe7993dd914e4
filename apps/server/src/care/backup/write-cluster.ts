import { mkdir, open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { toDiskError } from "@holdfast/disk/disk-error";
import type { BackedUpFile, Manifest } from "./manifest.ts";
import type { Pieces } from "./pieces.ts";
import { forEachBounded } from "@holdfast/core/task-group";
import type { StepProgress } from "./step-progress.ts";

/** Syncs nothing, because PostgreSQL syncs such a cluster before recovery. */
export async function writeCluster(
  { label, folders, files }: NonNullable<Manifest["database"]>,
  clusterFolder: string,
  pieces: Pieces,
  progress?: StepProgress,
): Promise<void> {
  progress?.begin("restoring the database", { bytes: files.reduce((sum, { size }) => sum + size, 0) });
  try {
    await mkdir(clusterFolder, { mode: 0o700 });
    for (const folder of folders) await mkdir(join(clusterFolder, folder), { mode: 0o700, recursive: true });
    await forEachBounded(files, filesAtOnceMax, (file) => writeOne(clusterFolder, file, pieces, progress));
    await writeFile(join(clusterFolder, "backup_label"), label, { mode: 0o600 });
  } catch (error) {
    throw toDiskError(error, "write below", clusterFolder);
  }
}

const filesAtOnceMax = 8;

async function writeOne(
  clusterFolder: string,
  { path, size, pieces: names }: BackedUpFile,
  pieces: Pieces,
  progress: StepProgress | undefined,
): Promise<void> {
  await using file = await open(join(clusterFolder, path), "wx", 0o600);
  let written = 0;
  for (const name of names) {
    const bytes = await pieces.get(name);
    await file.writeFile(bytes);
    written += bytes.length;
    progress?.done(bytes.length);
  }
  if (written === size) return;
  throw new HoldfastError(
    "damaged",
    `The backup is damaged: the database's file ${path} has ${written} bytes of ${size}.`,
  );
}
