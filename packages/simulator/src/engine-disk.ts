import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import { type MissingFeatures, noMissingFeatures } from "@holdfast/sync/model/missing-features";
import type { CutBlock, LocalDisk, LocalStat, Part, ReadBlock } from "@holdfast/sync-ports/ports";
import type { Inode, SimulatedRoot } from "./simulated-root.ts";
import { cutSmall } from "./small-blocks.ts";

export interface DiskWatch {
  /** Waits, possibly forever. An error is thrown by the call. */
  readonly before: (call: string, path: string) => Promise<void>;
  readonly after: (call: string, path: string) => Promise<void>;
  /** The last name of these bytes is about to be removed. */
  readonly dropping: (inode: Inode, path: string) => void;
  readonly copied: () => void;
  readonly shown: (inode: Inode, path: string) => void;
  readonly replacing: (old: Inode, by: Inode, path: string) => void;
  readonly opening: (inode: Inode, path: string) => void;
}

/** Engine's view of a simulated filesystem. Nothing is durable before it is synced. */
export function makeEngineDisk(
  root: SimulatedRoot,
  watch: DiskWatch,
  missingFeatures: MissingFeatures = noMissingFeatures,
): LocalDisk {
  const call = async <Result>(name: string, path: string, act: () => Result): Promise<Result> => {
    await watch.before(name, path);
    const result = act();
    await watch.after(name, path);
    return result;
  };
  return { ...looks(root, call), ...makings(root, call, watch), ...changes(root, call, watch, missingFeatures) };
}

type Call = <Result>(name: string, path: string, act: () => Result) => Promise<Result>;

function looks(
  root: SimulatedRoot,
  call: Call,
): Pick<LocalDisk, "stat" | "list" | "cut" | "readAt" | "readLink" | "hasWriters" | "now"> {
  return {
    stat: (path) =>
      call("stat", path, () => {
        const inode = root.at(path);
        return inode === undefined ? undefined : toStat(root, inode);
      }),
    list: (path) => call("list", path, () => root.list(path).map(({ name }) => name)),
    async cut(path, sink) {
      const inode = await call("open", path, () => root.mustBeAt(path));
      if (inode.kind !== "file") throw new HoldfastError("failed", `${path} is no file.`);
      const before = toStat(root, inode);
      const half = Math.ceil(inode.now.bytes.length / 2);
      const head = await call("read", path, () => inode.now.bytes.slice(0, half));
      const [tail, after] = await call("read", path, () => [inode.now.bytes.slice(half), toStat(root, inode)] as const);
      const bytes = Buffer.concat([head, tail]);
      const blocks = cutSmall(bytes);
      if (sink !== undefined && (await sink.hasRoom())) void sink.take(withBytes(blocks, bytes));
      return { blocks, before, after };
    },
    readAt: (path, offset, sizeBytes) => call("readAt", path, () => bytesAt(root, path, offset, sizeBytes)),
    readLink: (path) =>
      call("readLink", path, () => {
        const { kind, target } = root.mustBeAt(path);
        if (kind !== "symlink") throw new HoldfastError("unavailable", `${path} is no link.`);
        return target;
      }),
    // Takes no time, because the call changes nothing, and stories depend on their calls.
    hasWriters: async (path) => root.writers.has(root.mustBeAt(path)),
    now: (path) =>
      call("now", path, () => {
        const inode = root.at(path) ?? root.create(path, "file", false);
        root.write(inode, {}, false);
        return inode.ctimeNs;
      }),
  };
}

function withBytes(blocks: readonly CutBlock[], bytes: Uint8Array): ReadBlock[] {
  let offset = 0;
  return blocks.map((block) => {
    offset += block.size;
    return { ...block, bytes: bytes.subarray(offset - block.size, offset) };
  });
}

function makings(root: SimulatedRoot, call: Call, watch: DiskWatch): Pick<LocalDisk, "create" | "symlink" | "mkdir"> {
  const bytesOf = async (part: Part): Promise<Uint8Array> => {
    const { hash } = part;
    const bytes =
      part.kind === "bytes"
        ? part.bytes
        : await call("readAt", part.from, () => bytesAt(root, part.from, part.offset, part.sizeBytes));
    if (part.kind === "copy") watch.copied();
    if (sha256(bytes) === hash) return bytes;
    throw new HoldfastError("hash_mismatch", "A part is not what it should be.", { body: { hash } });
  };
  return {
    async create(path, parts, { mtimeNs, executable, isPrivate: wanted, attributesFrom }) {
      const model = attributesFrom === undefined ? undefined : root.at(attributesFrom);
      const inode = await call("create", path, () => root.create(path, "file", false));
      try {
        for await (const part of parts) {
          const bytes = await bytesOf(part);
          await call("write", path, () => root.write(inode, { bytes: Buffer.concat([inode.now.bytes, bytes]) }, false));
          if (part.kind === "bytes") part.release?.();
        }
        const isPrivate = wanted ?? model?.now.isPrivate ?? false;
        root.write(inode, { executable, isPrivate, ...(mtimeNs !== undefined && { mtimeNs }) }, false);
      } catch (error) {
        root.remove(path, false);
        throw error;
      }
    },
    symlink: (target, path) => call("symlink", path, () => void root.create(path, "symlink", false, target)),
    mkdir: (path, { isPrivate } = { isPrivate: false }) =>
      call("mkdir", path, () => {
        const inode = root.create(path, "folder", false);
        if (!isPrivate) return;
        // Set in the same step as the creation.
        root.write(inode, { isPrivate }, false);
        root.sync(inode);
      }),
  };
}

function changes(
  root: SimulatedRoot,
  call: Call,
  watch: DiskWatch,
  missingFeatures: MissingFeatures,
): Omit<LocalDisk, keyof ReturnType<typeof looks> | keyof ReturnType<typeof makings>> {
  const show = (path: string): void => {
    if (!path.startsWith(".holdfast/")) watch.shown(root.mustBeAt(path), path);
  };
  return {
    setExecutable: (path, executable) =>
      call("setExecutable", path, () => root.write(root.mustBeAt(path), { executable }, false)),
    setPrivate: (path, isPrivate) =>
      call("setPrivate", path, () => {
        const inode = root.mustBeAt(path);
        if (!isPrivate) watch.opening(inode, path);
        root.write(inode, { isPrivate }, false);
      }),
    rename: (from, to) =>
      call("rename", `${from} -> ${to}`, () => {
        root.rename(from, to, { over: false, isPersons: false });
        show(to);
      }),
    exchange: (one, other) =>
      call("exchange", `${one} <-> ${other}`, () => {
        if (missingFeatures.has("exchange")) throw new HoldfastError("failed", "This disk cannot exchange names.");
        watch.replacing(root.mustBeAt(other), root.mustBeAt(one), other);
        root.exchange(one, other);
        show(one);
        show(other);
      }),
    link: (from, to) =>
      call("link", `${from} -> ${to}`, () => {
        if (missingFeatures.has("hard links")) throw new HoldfastError("failed", "This disk has no links.");
        root.link(from, to);
      }),
    supersede: (from, to, inode) =>
      call("supersede", `${from} -> ${to}`, () => {
        const old = root.at(to);
        if (old === undefined || BigInt(old.number) !== inode) return false;
        if (root.linksOf(old) === 1) watch.dropping(old, to);
        watch.replacing(old, root.mustBeAt(from), to);
        root.rename(from, to, { over: true, isPersons: false });
        show(to);
        return true;
      }),
    unlink: (path) =>
      call("unlink", path, () => {
        const inode = root.mustBeAt(path);
        if (root.linksOf(inode) === 1) watch.dropping(inode, path);
        root.remove(path, false);
      }),
    rmdir: (path) => call("rmdir", path, () => root.remove(path, false)),
    syncFile: (path) => call("syncFile", path, () => root.sync(root.mustBeAt(path))),
    syncFolder: (path) => call("syncFolder", path, () => root.syncFolder(path)),
    syncAll: () => call("syncAll", "", () => root.syncAll()),
  };
}

function toStat(root: SimulatedRoot, inode: Inode): LocalStat {
  const { kind, now, ctimeNs, birthNs, number } = inode;
  const sizeBytes = kind === "symlink" ? Buffer.byteLength(inode.target) : now.bytes.length;
  return {
    kind,
    fingerprint: { inode: BigInt(number), sizeBytes, mtimeNs: now.mtimeNs, ctimeNs, birthNs },
    executable: now.executable,
    isPrivate: now.isPrivate,
    links: root.linksOf(inode),
    device: root.mounts.get(number) ?? 1n,
  };
}

function bytesAt(root: SimulatedRoot, path: string, offset: number, sizeBytes: number): Uint8Array {
  const inode = root.mustBeAt(path);
  if (inode.kind !== "file") throw new HoldfastError("failed", `${path} is no file.`);
  return inode.now.bytes.slice(offset, offset + sizeBytes);
}
