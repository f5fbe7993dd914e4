import { HoldfastError } from "@holdfast/core/errors";
import { nameProblem } from "@holdfast/core/names";
import { mapBounded } from "../bounded.ts";
import { joinPath, ownFolder } from "../paths.ts";
import type { LocalDisk, LocalStat } from "../ports.ts";
import type { NodeKind } from "../trees.ts";

/** What stands at one path. */
export interface Entry {
  readonly path: string;
  readonly name: string;
  readonly kind: NodeKind;
  readonly stat: LocalStat;
  readonly folder: Entry | undefined;
  readonly children: Entry[];
  /** Of a symbolic link. */
  readonly target: string | undefined;
}

export interface Walk {
  /** Folders stand before what is in them. */
  readonly entries: readonly Entry[];
  /** Folders, and names in them, of which it is not known what is there. */
  readonly unknown: ReadonlySet<string>;
  /** What no node can be: path and reason. */
  readonly skipped: ReadonlyMap<string, string>;
}

/** Of one folder, side by side. */
const looksAtOnce = 16;

/** Looks at everything below the root but the engine's own folder. An error makes a path unknown, never absent. */
export async function walk(disk: LocalDisk): Promise<Walk> {
  const entries: Entry[] = [];
  const unknown = new Set<string>();
  const skipped = new Map<string, string>();
  const folders: (Entry | undefined)[] = [undefined];
  for (let next = 0; next < folders.length; next += 1) {
    const folder = folders[next];
    const path = folder?.path ?? "";
    const names = await attempt(unknown, path, () => disk.list(path));
    const found = await mapBounded(names ?? [], looksAtOnce, (name) => look(disk, { unknown, skipped }, folder, name));
    for (const entry of found) {
      if (entry === undefined) continue;
      entries.push(entry);
      folder?.children.push(entry);
      if (entry.kind === "folder") folders.push(entry);
    }
  }
  return { entries, unknown, skipped };
}

/** Whether two looks saw the same things at the same places, so that what both miss was not just on its way. */
export function sawTheSame(one: Walk, other: Walk): boolean {
  if (one.entries.length !== other.entries.length || one.unknown.size + other.unknown.size > 0) return false;
  const inodes = new Map(one.entries.map(({ path, stat }) => [path, stat.fingerprint.inode]));
  return other.entries.every(({ path, stat }) => inodes.get(path) === stat.fingerprint.inode);
}

async function look(
  disk: LocalDisk,
  { unknown, skipped }: { unknown: Set<string>; skipped: Map<string, string> },
  folder: Entry | undefined,
  name: string,
): Promise<Entry | undefined> {
  const path = joinPath(folder?.path ?? "", name);
  if (path === ownFolder) return undefined;
  const problem = nameProblem(name);
  if (problem !== undefined) {
    skipped.set(path, `its name ${problem}`);
    return undefined;
  }
  const stat = await attempt(unknown, path, () => disk.stat(path));
  if (stat === undefined) return undefined;
  if (stat.kind === "other") {
    skipped.set(path, "it is neither a file nor a folder nor a symbolic link");
    return undefined;
  }
  const target = stat.kind === "symlink" ? await attempt(unknown, path, () => disk.readLink(path)) : undefined;
  if (stat.kind === "symlink" && target === undefined) return undefined;
  return { path, name, kind: stat.kind, stat, folder, children: [], target };
}

/** A thing that vanishes while it is looked at is unknown too: the next look will tell. */
async function attempt<Result>(
  unknown: Set<string>,
  path: string,
  act: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    unknown.add(path);
    return undefined;
  }
}
