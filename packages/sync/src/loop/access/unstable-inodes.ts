import type { HoldfastError } from "@holdfast/core/errors";
import { overrideMethods } from "./override-methods.ts";
import type { LocalDisk, LocalStat } from "@holdfast/sync-ports/ports";
import { unnumberedInode } from "../../model/trees.ts";

/**
 * Wraps a disk that assigns new inode numbers at each mount and sometimes during one, such as FAT and exFAT through
 * FUSE. Files have no number here: path identifies them, and after a move content. Folders keep theirs while the engine
 * runs; the next run, perhaps on a new mount, uses others.
 * @param random returns the requested number of random bytes, at least 8
 */
export function withUnstableInodes(disk: LocalDisk, random: (sizeBytes: number) => Uint8Array): LocalDisk {
  const base = Buffer.from(random(8)).readBigUInt64LE() >> 2n;
  const renumbered = (stat: LocalStat): LocalStat => {
    const inode = stat.kind === "folder" ? base + BigInt.asUintN(62, stat.fingerprint.inode) : unnumberedInode;
    return { ...stat, fingerprint: { ...stat.fingerprint, inode } };
  };
  const [statIn, readBetween] = [disk.statIn?.bind(disk), disk.readBetween?.bind(disk)];
  return overrideMethods(disk, {
    stat: async (path) => {
      const stat = await disk.stat(path);
      return stat === undefined ? undefined : renumbered(stat);
    },
    ...(statIn !== undefined && {
      statIn: async (folder, names) =>
        (await statIn(folder, names)).map((each) => (isStat(each) ? renumbered(each) : each)),
    }),
    ...(readBetween !== undefined && {
      readBetween: async (path, offset, sizeBytes) => {
        const { bytes, before, after } = await readBetween(path, offset, sizeBytes);
        return { bytes, before: renumbered(before), after: renumbered(after) };
      },
    }),
    cut: async (path, sink) => {
      const { blocks, before, after } = await disk.cut(path, sink);
      return { blocks, before: renumbered(before), after: renumbered(after) };
    },
  });
}

function isStat(each: LocalStat | undefined | HoldfastError): each is LocalStat {
  return each !== undefined && "fingerprint" in each;
}
