/** Features that a synced folder's filesystem may lack. Values that it cannot store stay as last synced. */
export type DiskFeature =
  /** Atomic exchange of two names. */
  | "exchange"
  | "hard links"
  | "executable bits"
  /** Permissions of others that differ by file. */
  | "private modes"
  /** New public files: the umask or folder makes all new files private, whatever the server has. */
  | "open modes"
  | "symbolic links"
  /** Inode numbers that never change. */
  | "stable inodes"
  /** Times finer than two seconds. */
  | "fine times"
  /** Names with `"*:<>?\|`, or a dot or space at the end. */
  | "all names";

export type MissingFeatures = ReadonlySet<DiskFeature>;

export const noMissingFeatures: MissingFeatures = new Set();

/** Returns the time within which two changes may leave the same file times. */
export function grainNsOf(missingFeatures: MissingFeatures): bigint {
  return missingFeatures.has("fine times") ? 2_000_000_000n : 50_000_000n;
}
