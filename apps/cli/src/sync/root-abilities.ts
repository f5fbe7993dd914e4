import { HoldfastError } from "@holdfast/core/errors";
import { nameKey } from "@holdfast/core/names";
import type { DiskFeature, MissingFeatures } from "@holdfast/sync/model/missing-features";
import type { FolderAbilities } from "@holdfast/synced-folder/probe-folder";

/** A sync would see changed names as renames. @throws HoldfastError failed */
export function requireAbilities(root: string, { keepsNames }: Pick<FolderAbilities, "keepsNames">): void {
  if (keepsNames) return;
  throw new HoldfastError(
    "failed",
    `${root} is on a filesystem that changes the letters of names. Choose a folder on another one, such as ext4, XFS or Btrfs.`,
  );
}

type ReportedAbility =
  | "executableBit"
  | "privateModes"
  | "openModes"
  | "symbolicLinks"
  | "hardLinks"
  | "exchange"
  | "stableInodes"
  | "allNames"
  | "timestampGrainNs";

/** Times in steps of up to 50 ms are as precise as a kernel's clock. */
const fineGrainNs = 50_000_000n;

export function missingFeaturesOf(abilities: Pick<FolderAbilities, ReportedAbility>): MissingFeatures {
  const missingFeatures: readonly (readonly [DiskFeature, boolean])[] = [
    ["executable bits", !abilities.executableBit],
    ["private modes", !abilities.privateModes],
    ["open modes", !abilities.openModes],
    ["symbolic links", !abilities.symbolicLinks],
    ["hard links", !abilities.hardLinks],
    ["exchange", !abilities.exchange],
    ["stable inodes", !abilities.stableInodes],
    ["all names", !abilities.allNames],
    ["fine times", abilities.timestampGrainNs > fineGrainNs],
  ];
  return new Set(missingFeatures.flatMap(([lack, is]) => (is ? [lack] : [])));
}

/** Names with equal keys are one name on this disk. */
export function slotKeyOf({ foldsCase }: Pick<FolderAbilities, "foldsCase">): (name: string) => string {
  // The upper case unifies ß and ss, and the two forms of σ, as some filesystems do.
  return foldsCase ? (name) => nameKey(nameKey(name).toUpperCase().toLowerCase()) : nameKey;
}
