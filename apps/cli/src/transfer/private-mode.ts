import { type BigIntStats, statfsSync } from "node:fs";

/** Types of statfs(2) of filesystems that have no modes of their own and show those of the mount: vfat, exfat, both of ntfs, cifs and smb2. */
const withoutModes = new Set([0x4d44, 0x2011bab0, 0x5346544e, 0x7366746e, 0xff534d42, 0xfe534d42]);
const keepsModes = new Map<bigint, boolean>();

/** Nobody but its owner has any right, and somebody wanted that: a mount with `umask=077` shows it of everything. */
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
