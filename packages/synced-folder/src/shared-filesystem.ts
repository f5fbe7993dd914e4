import { statfsSync, statSync } from "node:fs";
import { readMountInfo } from "./mount-points.ts";

/** Types of statfs(2) that change without a call to this kernel, by another machine or in their underlying storage. */
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

export interface FilesystemFacts {
  readonly type: (path: string) => number;
  /** Device number of stat(2). */
  readonly device: (path: string) => bigint;
  /** Text of `/proc/self/mountinfo` (proc_pid_mountinfo(5)). */
  readonly mountInfo: () => string;
}

const kernelFacts: FilesystemFacts = {
  type: (path) => statfsSync(path).type,
  device: (path) => statSync(path, { bigint: true }).dev,
  mountInfo: readMountInfo,
};

/** Filesystem's name if inotify does not report all its changes; undefined for an ordinary disk. */
export function sharedFilesystem(path: string, facts = kernelFacts): string | undefined {
  try {
    // Some kernels sign-extend the type.
    const name = names.get(facts.type(path) >>> 0);
    return name === "FUSE" && isOnBlockDevice(path, facts) ? undefined : name;
  } catch {
    // The watch itself reports an unreadable folder.
    return undefined;
  }
}

/** True for FUSE drivers of local disks (NTFS, exFAT), whose files nobody else changes. */
function isOnBlockDevice(path: string, { device, mountInfo }: FilesystemFacts): boolean {
  const number = numbersOf(device(path));
  return mountInfo()
    .split("\n")
    .some((line) => line.split(" ")[2] === number && / - fuseblk(\.| )/.test(line));
}

/** Device number as in mountinfo: "major:minor". Decoding: makedev(3) of glibc. */
function numbersOf(device: bigint): string {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
  const minor = (device & 0xffn) | ((device >> 12n) & ~0xffn & 0xffff_ffffn);
  return `${major}:${minor}`;
}
