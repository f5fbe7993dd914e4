import { HoldfastError } from "@holdfast/core/errors";
import { joinPath, markerPath, ownFolder } from "@holdfast/sync-ports/paths";
import type { LocalDisk } from "@holdfast/sync-ports/ports";

const markerBytesMax = 4096;

/** Whether a marker was copied together with its folder, so that no client syncs the folder it was found in. */
export type IsCopiedMarker = (folder: string, marker: string) => Promise<boolean>;

/** What is known of folders with a marker. */
export interface RootSigns {
  readonly isCopied: IsCopiedMarker;
  /** Whether this sync has content of the folder already: it goes on, or what is edited there would reach no server from now on. */
  readonly isSyncedHere: (folder: string) => boolean;
}

/**
 * Whether a folder below the root is the synced folder of another client. That client may use another configuration or
 * belong to another user, so the marker on the disk is the only sign.
 * @param names in the folder: only one that contains `.holdfast` is looked at more closely
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
    // `.holdfast` is private: another user's cannot be entered.
    if (thrown.body["denied"] === true) return true;
    if (thrown.code === "not_found") return false;
    throw thrown;
  }
}
