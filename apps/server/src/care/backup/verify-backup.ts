import { createHash } from "node:crypto";
import { HoldfastError } from "@holdfast/core/errors";
import { packKey } from "../../packs/format/pack-format.ts";
import type { BackupPlace } from "./backup-place.ts";
import type { BackedUpPack, Manifest } from "./manifest.ts";
import type { Pieces } from "./pieces.ts";
import { forEachBounded } from "@holdfast/core/task-group";
import { type StepProgress, totalOf } from "./step-progress.ts";

/** @throws HoldfastError damaged, with the first wrong piece */
export async function verifyDatabase(
  manifest: Pick<Manifest, "database">,
  pieces: Pieces,
  progress?: StepProgress,
): Promise<void> {
  const names = piecesOf(manifest);
  progress?.begin("checking the database in the backup", { bytes: pieces.bytesOf(names) });
  await forEachBounded(names, atOnceMax, async (name) => {
    await pieces.get(name);
    progress?.done(pieces.bytesOf([name]));
  });
}

export function piecesOf({ database }: Pick<Manifest, "database">): Set<string> {
  return new Set(database?.files.flatMap((file) => file.pieces));
}

/** @returns sentences about differences */
export async function verifyPacks(place: BackupPlace, { packs }: Manifest, progress?: StepProgress): Promise<string[]> {
  const problems: string[] = [];
  progress?.begin("checking packs in the backup", totalOf(packs));
  await forEachBounded(packs, atOnceMax, async (pack) => {
    const read = await readBackedUp(place, pack);
    if (read.problem !== undefined) problems.push(read.problem);
    progress?.done(pack.size);
  });
  return problems.toSorted();
}

/** Returns damaged bytes too, because most of a pack may be readable. */
export async function readBackedUp(
  { store }: BackupPlace,
  { id, sha256 }: Pick<BackedUpPack, "id" | "sha256">,
): Promise<{ readonly bytes?: Uint8Array; readonly problem?: string }> {
  try {
    const bytes = await store.get(packKey(id));
    const isSame = createHash("sha256").update(bytes).digest("hex") === sha256;
    return isSame ? { bytes } : { bytes, problem: `pack ${id} is damaged in the backup: its bytes are different` };
  } catch (error) {
    if (!(error instanceof HoldfastError) || !["not_found", "failed", "unavailable"].includes(error.code)) throw error;
    const how = error.code === "not_found" ? "is missing from the backup" : "cannot be read from the backup";
    return { problem: `pack ${id} ${how}` };
  }
}

const atOnceMax = 8;
