/**
 * Types of filesystems, of statfs(2), that the kernel of this machine keeps by itself: ext2 to 4, XFS, Btrfs, F2FS, ZFS, overlays of
 * those, and tmpfs. Of others (networks, FUSE) it does not know what another machine or program does.
 */
export const localFilesystems: ReadonlySet<number> = new Set([
  0xef53, 0x5846_5342, 0x9123_683e, 0xf2f5_2010, 0x2fc1_2fc1, 0x794c_7630, 0x0102_1994,
]);
