import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Random } from "@holdfast/core/clock";
import { isId, type UserId } from "@holdfast/core/ids";
import type { Disk } from "@holdfast/disk/disk";
import { writeFileDurably } from "@holdfast/disk/write-durably";

/** Stands in a data folder that was restored, from then until its first start: accounts that were shredded after that moment, a line each. */
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

/** Once the database knows of them. */
export async function removeShredAgain(disk: Disk, dataFolder: string): Promise<void> {
  if (!existsSync(join(dataFolder, fileName))) return;
  await disk.unlink(join(dataFolder, fileName));
  await disk.syncFolder(dataFolder);
}
