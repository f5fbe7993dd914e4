import { type BigIntStats, statfsSync } from "node:fs";

/**
 * Types (statfs(2)) of filesystems without own modes, which show the modes of the mount: vfat, exfat, both ntfs
 * drivers, cifs and smb2.
 */
const withoutModes = new Set([0x4d44, 0x2011bab0, 0x5346544e, 0x7366746e, 0xff534d42, 0xfe534d42]);
const keepsModes = new Map<bigint, boolean>();

/**
 * True if only the owner has permissions and the filesystem stores modes. A mount with `umask=077` shows such a mode
 * for every file.
 */
export function isPrivate(
  path: string,
  { mode, dev }: Pick<BigIntStats, "mode" | "dev">,
  typeAt: (path: string) => number = (at) => statfsSync(at).type,
): boolean {
  if ((mode & 0o077n) !== 0n) return false;
  const known = keepsModes.get(dev) ?? !withoutModes.has(typeAt(path) >>> 0);
  keepsModes.set(dev, known);
  return known;
}
