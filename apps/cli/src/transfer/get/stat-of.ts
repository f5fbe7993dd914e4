import { isNotFound } from "@holdfast/disk/disk-error";
import type { Disk, DiskStat } from "@holdfast/disk/disk";

export async function statOf(disk: Pick<Disk, "stat">, path: string): Promise<DiskStat | undefined> {
  try {
    return await disk.stat(path);
  } catch (thrown) {
    if (isNotFound(thrown)) return undefined;
    throw thrown;
  }
}
