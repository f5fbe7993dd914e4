import { basename } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { joinPath, splitPath } from "@holdfast/core/names";
import type { NodeJson } from "@holdfast/protocol/values";
import { assertMayPut } from "./may-put.ts";
import type { PutRoot } from "./put-root.ts";
import type { KnownRole, PutWork, RemoteFolder } from "./put-work.ts";

export type RootedWork = Pick<PutWork, "report"> & { readonly root: PutRoot };

export interface Known {
  readonly path: string;
  readonly node: NodeJson | undefined;
}

type Nearest = Pick<NodeJson, "id"> & KnownRole;

/** Returns undefined if a request is needed. */
function knownFolder(there: NodeJson | undefined, path: string, known: Known): Nearest | undefined {
  const parentId = there?.parent_id ?? undefined;
  if (parentId !== undefined) return { id: parentId, path };
  // A file that is shared alone has no visible folder, so nothing can be put beside it.
  if (there?.kind === "file") return there;
  return known.path === path && known.node?.kind === "folder" ? known.node : undefined;
}

/**
 * Falls back to the nearest existing ancestor.
 * @throws HoldfastError conflict if something else is in the way
 */
export async function nearestFolder(
  { root }: RootedWork,
  there: NodeJson | undefined,
  path: string,
  known: Known,
): Promise<Nearest | undefined> {
  return knownFolder(there, path, known) ?? folderAt(root, splitPath(path));
}

/**
 * Falls back to the nearest existing ancestor.
 * @throws HoldfastError conflict if something else is in the way
 */
export function folderAbove({ root }: RootedWork, path: string): Promise<NodeJson | undefined> {
  return folderAt(root, splitPath(path).slice(0, -1));
}

async function folderAt(root: PutRoot, path: readonly string[]): Promise<NodeJson | undefined> {
  for (let names = path; ; names = names.slice(0, -1)) {
    const found = await root.find(joinPath(names));
    if (found?.kind === "folder") return found;
    if (found !== undefined) throw notFolder(root.shown(joinPath(names)), found);
    if (names.length === 0) return undefined;
  }
}

/**
 * Returns the folder for a file, and creates it if missing. An existing file stays in its own folder.
 * @param refuses receives the nearest existing folder before a missing one is created
 * @returns undefined if the file is refused; no folder is created for it
 */
export async function folderFor(
  work: RootedWork,
  there: NodeJson | undefined,
  path: string,
  known: Known,
): Promise<RemoteFolder>;
export async function folderFor(
  work: RootedWork,
  there: NodeJson | undefined,
  path: string,
  known: Known,
  refuses: (above: NodeJson) => Promise<boolean>,
): Promise<RemoteFolder | undefined>;
export async function folderFor(
  work: RootedWork,
  there: NodeJson | undefined,
  path: string,
  known: Known,
  refuses?: (above: NodeJson) => Promise<boolean>,
): Promise<RemoteFolder | undefined> {
  const folder = knownFolder(there, path, known);
  if (folder !== undefined) return toRemoteFolder(folder);
  const found = await work.root.find(path);
  if (found === undefined && refuses !== undefined) {
    const above = await folderAbove(work, path);
    if (above !== undefined && (await refuses(above))) return undefined;
  }
  return toRemoteFolder(await ensureFolder(work, path, found));
}

/** @param there the node at the path @throws HoldfastError conflict if something else has the name */
export async function ensureFolder(work: RootedWork, path: string, there: NodeJson | undefined): Promise<NodeJson> {
  const { root, report } = work;
  if (there?.kind === "folder") return there;
  if (there !== undefined) throw notFolder(root.shown(path), there);
  report.foldersMade += 1;
  try {
    return await root.makeFolder(path);
  } catch (thrown) {
    const code = thrown instanceof HoldfastError ? thrown.code : undefined;
    // The server does not report the path of a file that is in the way.
    if (code === "forbidden" || code === "invalid_field") assertMayPut(await folderAbove(work, path));
    if (code !== "exists" && code !== "conflict") throw thrown;
    const made = await root.find(path);
    if (made?.kind === "folder") return made;
    throw new HoldfastError(
      "conflict",
      `${basename(path)} cannot be created: part of the path ${root.shown(path)} is not a folder.`,
      { cause: thrown },
    );
  }
}

export function toRemoteFolder({ id, ...at }: Nearest): RemoteFolder {
  return { id, failed: false, parent: undefined, at };
}

export function notFolder(path: string, { kind }: Pick<NodeJson, "kind">): HoldfastError {
  return new HoldfastError("conflict", `${path} is a ${kind} on the server, not a folder.`);
}
