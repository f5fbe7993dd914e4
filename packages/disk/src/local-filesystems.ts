/**
 * statfs(2) types of filesystems that this kernel alone manages: ext2 to 4, XFS, Btrfs, F2FS, ZFS, overlays of those,
 * and tmpfs. On others (networks, FUSE), changes by other machines or programs are unknown.
 */
export const localFilesystems: ReadonlySet<number> = new Set([
  0xef53, 0x5846_5342, 0x9123_683e, 0xf2f5_2010, 0x2fc1_2fc1, 0x794c_7630, 0x0102_1994,
]);

/** On FAT, exFAT, NTFS (ntfs3), bcachefs and HFS+, the kernel knows open files too. */
export const writersKnown: ReadonlySet<number> = new Set([
  ...localFilesystems,
  0x4d44,
  0x2011_bab0,
  0x7366_746e,
  0xca45_1a4e,
  0x482b,
]);
