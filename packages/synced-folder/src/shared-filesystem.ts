import { statfsSync } from "node:fs";

/** Types of statfs(2) of filesystems that change without a call of this kernel: by another machine, or in what lies underneath. */
const names: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0x517b, "SMB"],
  [0xff534d42, "SMB"],
  [0xfe534d42, "SMB"],
  [0x65735546, "FUSE"],
  [0x01021997, "9P"],
  [0x794c7630, "overlay"],
  [0x61756673, "aufs"],
  [0xf15f, "eCryptfs"],
  [0x00c36400, "Ceph"],
  [0x5346414f, "AFS"],
  [0x73757245, "Coda"],
  [0x01161970, "GFS2"],
  [0x7461636f, "OCFS2"],
  [0x0bd00bd0, "Lustre"],
  [0x786f4256, "a shared folder of VirtualBox"],
  [0xbacbacbc, "a shared folder of VMware"],
]);

/** Name of the filesystem of a folder if inotify does not report all that changes in it; undefined for an ordinary disk. */
export function sharedFilesystem(
  path: string,
  statfs: (path: string) => { type: number } = statfsSync,
): string | undefined {
  try {
    // Some kernels extend the sign of the type.
    return names.get(statfs(path).type >>> 0);
  } catch {
    // A folder that cannot be looked at is reported by the watch itself.
    return undefined;
  }
}
