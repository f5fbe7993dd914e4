import { statfsSync } from "node:fs";

/** Filesystem types of statfs(2) that change without a call to this kernel, by another machine or in their underlying storage. */
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

/** Returns the filesystem's name if inotify does not report all its changes; undefined for an ordinary disk. */
export function sharedFilesystem(
  path: string,
  statfs: (path: string) => { type: number } = statfsSync,
): string | undefined {
  try {
    // Some kernels sign-extend the type.
    return names.get(statfs(path).type >>> 0);
  } catch {
    // The watch itself reports an unreadable folder.
    return undefined;
  }
}
