import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Random } from "@holdfast/core/clock";
import { isId, type UserId } from "@holdfast/core/ids";
import type { Disk } from "@holdfast/disk/disk";
import { writeFileDurably } from "@holdfast/disk/write-durably";

/**
 * Accounts that were shredded after the restored state, one per line. Exists until the first start of the restored
 * server.
 */
const fileName = "shred-again";

export async function writeShredAgain(
  disk: Disk,
  dataFolder: string,
  ids: readonly UserId[],
  random: Random,
): Promise<void> {
  const text = ids.map((id) => `${id}\n`).join("");
  await writeFileDurably(disk, join(dataFolder, fileName), Buffer.from(text), {
    mode: 0o600,
    random: (sizeBytes) => random(sizeBytes),
  });
}

export function readShredAgain(dataFolder: string): UserId[] {
  const path = join(dataFolder, fileName);
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .flatMap((line) => (isId(line) ? [line as UserId] : []));
}

/** Called when the database knows these accounts. */
export async function removeShredAgain(disk: Disk, dataFolder: string): Promise<void> {
  if (!existsSync(join(dataFolder, fileName))) return;
  await disk.unlink(join(dataFolder, fileName));
  await disk.syncFolder(dataFolder);
}
