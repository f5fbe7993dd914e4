import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statfsSync,
} from "node:fs";
import { join } from "node:path";
import { ownFolder } from "@holdfast/sync-ports/paths";
import { ownErrnoOf } from "@holdfast/disk/disk-error";
import { toFolderError } from "./folder-error.ts";
import { nativeBytes } from "@holdfast/disk/native-name";
import { linux, type Native, renameExchange, renameNoReplace } from "@holdfast/disk/native";
import { RootFolder } from "@holdfast/disk/root-folder";

/** Features of a synced folder's filesystem. */
export interface FolderAbilities {
  /** `A` and `a` are the same name. */
  readonly foldsCase: boolean;
  /** Both Unicode forms of é are the same name. */
  readonly foldsNormalForms: boolean;
  /** Names are returned unchanged. */
  readonly keepsNames: boolean;
  /** Names with `"*:<>?\|`, or with a dot or space at the end. */
  readonly allNames: boolean;
  readonly executableBit: boolean;
  /** Others' permissions are stored. */
  readonly privateModes: boolean;
  /** New files are accessible to others despite umask and folder. */
  readonly openModes: boolean;
  readonly symbolicLinks: boolean;
  readonly hardLinks: boolean;
  readonly exchange: boolean;
  /** A rename that never replaces is supported. */
  readonly exclusiveRename: boolean;
  /** Precision of modification times: 1 is exact, 2,000,000,000 is FAT. */
  readonly timestampGrainNs: bigint;
  /** Inode numbers survive renames and mounts. */
  readonly stableInodes: boolean;
  /** A copy can share the original's storage. */
  readonly reflink: boolean;
}

/**
 * Tests all features in `.holdfast/probe`, which is emptied before and removed afterwards.
 * @throws HoldfastError store_full, failed, unavailable if not even a file can be written
 */
export function probeFolder(
  rootPath: string,
  { native = linux() }: { readonly native?: Native } = {},
): FolderAbilities {
  try {
    const folder = join(realpathSync(rootPath), ownFolder, "probe");
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    try {
      return probe(new RootFolder(folder, native), native);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  } catch (thrown) {
    throw toFolderError(thrown, "probe the filesystem of", rootPath);
  }
}

function probe(root: RootFolder, native: Native): FolderAbilities {
  makeFile(root, "file");
  return {
    foldsCase: isThere(root, "FILE"),
    foldsNormalForms: foldsNormalForms(root),
    keepsNames: keepsName(root, "Letters \u00e9") && keepsName(root, "Others e\u0301"),
    allNames: can(() => keepsName(root, '"*:<>?\\|') && keepsName(root, "end.") && keepsName(root, "end ")),
    executableBit: keepsExecutableBit(root),
    privateModes: can(() => !isPrivateWith(root, 0o644) && isPrivateWith(root, 0o600)),
    openModes: opensNewFiles(root),
    symbolicLinks: can(() => {
      root.withName("link", (at) => native.makeSymlink(nativeBytes("a/../target"), at));
      return readlinkSync(join(root.path, "link")) === "a/../target";
    }),
    hardLinks: can(() => {
      root.withName("file", (from) => root.withName("hard", (to) => native.makeHardLink(from, to)));
      return root.look("file").nlink === 2n && root.look("hard").ino === root.look("file").ino;
    }),
    exchange: canExchange(root),
    exclusiveRename: refusesToReplace(root),
    timestampGrainNs: grainOf(root),
    stableInodes: keepsInodes(root),
    reflink: can(() => {
      copyFileSync(join(root.path, "file"), join(root.path, "clone"), constants.COPYFILE_FICLONE_FORCE);
      return true;
    }),
  };
}

function makeFile(root: RootFolder, name: string): void {
  closeSync(root.open(name, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600));
}

function isThere(root: RootFolder, name: string): boolean {
  return can(() => root.look(name).isFile());
}

function keepsName(root: RootFolder, name: string): boolean {
  makeFile(root, name);
  return readdirSync(root.path).includes(name);
}

/** A full or failing disk is an error, not an unsupported call. */
function can(act: () => boolean): boolean {
  try {
    return act();
  } catch (thrown) {
    if (ownErrnoOf(thrown) === undefined || ["EIO", "ENOSPC", "EDQUOT", "EROFS"].includes(ownErrnoOf(thrown) ?? ""))
      throw thrown;
    return false;
  }
}

function foldsNormalForms(root: RootFolder): boolean {
  const [composed, decomposed] = ["\u00e9", "e\u0301"];
  makeFile(root, composed);
  return isThere(root, decomposed);
}

function keepsExecutableBit(root: RootFolder): boolean {
  const isExecutable = (mode: number): boolean => {
    chmodSync(join(root.path, "file"), mode);
    return (root.look("file").mode & 0o100n) !== 0n;
  };
  return can(() => isExecutable(0o700) && !isExecutable(0o600));
}

function isPrivateWith(root: RootFolder, mode: number): boolean {
  chmodSync(join(root.path, "file"), mode);
  return isPrivate(root, "file");
}

function isPrivate(root: RootFolder, name: string): boolean {
  return (root.look(name).mode & 0o077n) === 0n;
}

function opensNewFiles(root: RootFolder): boolean {
  closeSync(root.open("new", constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o666));
  return !isPrivate(root, "new");
}

function canExchange(root: RootFolder): boolean {
  makeFile(root, "one");
  makeFile(root, "other");
  return can(() => {
    const one = root.look("one").ino;
    root.withName("one", (from) => root.withName("other", (to) => root.native.rename(from, to, renameExchange)));
    return root.look("other").ino === one;
  });
}

function refusesToReplace(root: RootFolder): boolean {
  makeFile(root, "taken");
  makeFile(root, "mover");
  const rename = (from: string, to: string): void =>
    root.withName(from, (source) => root.withName(to, (target) => root.native.rename(source, target, renameNoReplace)));
  return can(() => {
    rename("mover", "free");
    try {
      rename("free", "taken");
      return false;
    } catch (thrown) {
      return ownErrnoOf(thrown) === "EEXIST";
    }
  });
}

/** An odd second with nine decimals; the stored value shows the precision. */
const wantedNs = 1_600_000_001_123_456_789n;
const grainsNs = [2_000_000_000n, 1_000_000_000n, 10_000_000n, 1_000_000n, 1000n, 100n];

function grainOf(root: RootFolder): bigint {
  const descriptor = root.open("file", constants.O_WRONLY);
  try {
    root.native.setModifiedTime(descriptor, wantedNs);
  } finally {
    closeSync(descriptor);
  }
  const { mtimeNs } = root.look("file");
  return grainsNs.find((grain) => mtimeNs % grain === 0n) ?? 1n;
}

/** Inode numbers are temporary: FAT, exFAT and user-space filesystems (FUSE). */
const madeUpTypes: ReadonlySet<number> = new Set([0x4d44, 0x2011bab0, 0x65735546]);

function keepsInodes(root: RootFolder): boolean {
  makeFile(root, "before");
  const { ino } = root.look("before");
  root.withName("before", (from) => root.withName("after", (to) => root.native.rename(from, to, 0)));
  return root.look("after").ino === ino && !madeUpTypes.has(statfsSync(root.path).type);
}
