import { HoldfastError } from "@holdfast/core/errors";
import { joinPath, markerPath, ownFolder } from "@holdfast/sync-ports/paths";
import type { LocalDisk } from "@holdfast/sync-ports/ports";

const markerBytesMax = 4096;

/** True if the marker was copied with its folder, which no client syncs. */
export type IsCopiedMarker = (folder: string, marker: string) => Promise<boolean>;

export interface RootSigns {
  readonly isCopied: IsCopiedMarker;
  /** True if this sync has content of the folder and continues with it. Edits there would otherwise reach no server. */
  readonly isSyncedHere: (folder: string) => boolean;
}

/**
 * True for another client's synced folder. That client may use another configuration or user, so the marker on the disk
 * is the only sign.
 * @param names checked only if they include `.holdfast`
 * @throws HoldfastError unavailable if the marker cannot be read now
 */
export async function isOtherRoot(
  disk: Pick<LocalDisk, "stat" | "readAt">,
  folder: string,
  names: readonly string[],
  { isCopied, isSyncedHere }: RootSigns,
): Promise<boolean> {
  if (folder === "" || !names.includes(ownFolder) || isSyncedHere(folder)) return false;
  if ((await disk.stat(joinPath(folder, ownFolder)))?.kind !== "folder") return false;
  try {
    const path = joinPath(folder, markerPath);
    if ((await disk.stat(path))?.kind !== "file") return false;
    const marker = Buffer.from(await disk.readAt(path, 0, markerBytesMax)).toString();
    return !(await isCopied(folder, marker));
  } catch (thrown) {
    if (!(thrown instanceof HoldfastError)) throw thrown;
    // `.holdfast` is private, so another user's is inaccessible.
    if (thrown.body["denied"] === true) return true;
    if (thrown.code === "not_found") return false;
    throw thrown;
  }
}
