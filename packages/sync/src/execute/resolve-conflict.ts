import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import { splitName, withSuffix } from "@holdfast/core/name-suffix";
import { nameKey } from "@holdfast/core/names";
import { labelOf, originalName } from "../model/conflicted-name.ts";
import { originalFrom } from "../model/repositories.ts";
import { folderOf, joinPath, nameOf } from "@holdfast/sync-ports/paths";
import type { Part } from "@holdfast/sync-ports/ports";
import { sameFingerprint } from "../model/fingerprints.ts";
import { type ExecutionContext, syncFolders } from "./execution-context.ts";
import { type TrashContext, TrashPlaces } from "./local-trash.ts";
import { stashOf } from "./stash.ts";
import { contentAt } from "./recover.ts";
import { type ContentKey, type LocalRow, nameOnDisk } from "../model/trees.ts";

/**
 * - copy: the copy replaces the original
 * - original: the original stays and the copy is removed
 * - both: both stay under ordinary names
 */
export type ConflictChoice = "copy" | "original" | "both";

export interface ResolvedConflict {
  /** Path of the copy if both are kept. */
  readonly newPath?: string;
  readonly trashPath?: string;
}

type ResolveContext = TrashContext & Pick<ExecutionContext, "missingFeatures">;

export function originalPath(copy: string): string {
  return joinPath(folderOf(copy), originalFrom(nameOf(copy)));
}

/** The original's path may use another Unicode form than the copy's name. */
export async function originalOnDisk(
  disk: { stat(path: string): Promise<unknown>; list(path: string): Promise<readonly string[]> },
  copy: string,
): Promise<string> {
  const original = originalPath(copy);
  const folder = folderOf(copy);
  if (folderOf(original) !== folder || (await disk.stat(original)) !== undefined) return original;
  const key = nameKey(nameOf(original));
  const name = (await disk.list(folder)).find((each) => nameKey(each) === key);
  return name === undefined ? original : joinPath(folder, name);
}

/**
 * Resolves one conflict on the disk, as a person would; the next scan finds the result. The discarded file goes to the
 * local trash as it is at that moment. A replacing file moves only its content, as the next version, so that versions,
 * links and shares stay.
 *
 * @param path path of the conflicted copy
 * @throws HoldfastError not_found if there is no conflicted copy, or the file to keep is missing
 * @throws HoldfastError exists if a folder has the original's name
 * @throws HoldfastError conflict for a copy inside a git repository, whose files only fit together
 */
export async function resolveConflict(
  context: ResolveContext,
  path: string,
  keep: ConflictChoice,
): Promise<ResolvedConflict> {
  const { disk } = context;
  const copyKind = (await disk.stat(path))?.kind;
  if (originalPath(path) === path || (copyKind !== "file" && copyKind !== "symlink")) {
    throw new HoldfastError("not_found", `${path} is not a conflicted copy and has no conflicted copy.`);
  }
  if (keep === "copy" && originalFrom(nameOf(path)).includes("/")) {
    const message = `${path} belongs to a git repository, whose files depend on each other. To keep the commits of the other device, create a branch from the commit that is in the copy of the branch file or of packed-refs ('git branch NAME COMMIT'). Then keep the original.`;
    throw new HoldfastError("conflict", message);
  }
  if (keep === "both") return { newPath: await giveOwnName(context, path) };
  const at = await originalOnDisk(disk, path);
  const original = { path: at, kind: (await disk.stat(at))?.kind };
  const trashPath =
    keep === "original"
      ? await keepOriginal(context, path, original)
      : await keepCopy(context, { path, kind: copyKind }, original);
  return trashPath === undefined ? {} : { trashPath };
}

type Kind = NonNullable<Awaited<ReturnType<ExecutionContext["disk"]["stat"]>>>["kind"];

interface Original {
  readonly path: string;
  /** undefined: the item no longer exists */
  readonly kind: Kind | undefined;
}

async function keepOriginal(context: ResolveContext, copy: string, original: Original): Promise<string> {
  if (original.kind !== undefined) return toTrash(context, copy);
  throw new HoldfastError("not_found", `${original.path} no longer exists: keep the copy, or both.`);
}

async function keepCopy(
  context: ResolveContext,
  copy: { readonly path: string; readonly kind: Kind },
  { path: original, kind: originalKind }: Original,
): Promise<string | undefined> {
  if (originalKind === undefined) {
    await give(context, copy.path, original);
    return undefined;
  }
  if (originalKind !== "file" && originalKind !== "symlink") {
    const message = `${original} is a folder, so the copy cannot take its place: holdfast conflicts keep both PATH`;
    throw new HoldfastError("exists", message);
  }
  if (originalKind === "file" && copy.kind === "file") return asNextVersion(context, copy.path, original);
  const trashPath = await toTrash(context, original);
  await give(context, copy.path, original);
  return trashPath;
}

/**
 * Writes the new content to the trash path of the old one, then exchanges both. Writes to the original until then end
 * up in the trash. Neither path is ever empty.
 */
async function asNextVersion(context: ResolveContext, copy: string, original: string): Promise<string> {
  const { disk, missingFeatures } = context;
  const places = new TrashPlaces(context);
  const place = await places.placeFor(original);
  const { blocks, after } = await disk.cut(copy);
  const { executable, isPrivate, fingerprint } = after;
  const oldNs = (await disk.stat(original))?.fingerprint.mtimeNs ?? 0n;
  // New bytes with the old time look like damage to Holdfast and to backup programs. Copies from the server have
  // microsecond times.
  const isSameTime = oldNs / 1000n === fingerprint.mtimeNs / 1000n;
  const mtimeNs = isSameTime ? BigInt(context.nowMs()) * 1_000_000n : fingerprint.mtimeNs;
  const attributes = { mtimeNs, executable, isPrivate: isPrivate || undefined, attributesFrom: original };
  await disk.create(place, partsOf(copy, blocks), attributes);
  await disk.syncFile(place);
  let old = place;
  if (missingFeatures.has("exchange")) {
    old = await places.placeFor(original);
    await disk.rename(original, old);
    await disk.rename(place, original);
  } else {
    await disk.exchange(place, original);
  }
  await syncFolders(context, place, original);
  await stash(context, original, old);
  // Changes to the copy since it was read exist only there, so it stays as a conflict.
  const now = await disk.stat(copy);
  if (now !== undefined && sameFingerprint(now.fingerprint, fingerprint)) await toTrash(context, copy);
  return old;
}

function partsOf(from: string, blocks: Awaited<ReturnType<ExecutionContext["disk"]["cut"]>>["blocks"]): Part[] {
  let offset = 0;
  return blocks.map(({ hash, size }) => {
    const part: Part = { kind: "copy", hash, sizeBytes: size, from, offset };
    offset += size;
    return part;
  });
}

async function toTrash(context: ResolveContext, path: string): Promise<string> {
  const place = await new TrashPlaces(context).placeFor(path);
  await give(context, path, place);
  await stash(context, path, place);
  return place;
}

/** A program may still write to a trashed file; the changes then reappear at the old place. */
async function stash(context: TrashContext, path: string, place: string): Promise<void> {
  let contents: ContentKey[];
  try {
    const isLink = (await context.disk.stat(place))?.kind === "symlink";
    const content = await contentAt(context, place, isLink);
    // A program is writing to it now. Content from now on is an edit and must reappear.
    contents = content === undefined ? [] : [content];
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    // The file is in the trash as requested. Later bytes could not be distinguished from these.
    return;
  }
  const parent = folderAt(context.state, folderOf(path));
  const row = { parent, name: nameOf(path), isPrivate: undefined };
  context.state.commit({ stashed: [[place, stashOf(context, row, { path: place, contents, keep: true })]] });
}

/** Returns the root if the folder is not known yet. */
function folderAt({ local, rootId }: ExecutionContext["state"], path: string): NodeId {
  let folder: NodeId | undefined = rootId;
  for (const name of path.split("/").filter((each) => each !== "")) {
    const found: readonly [NodeId, LocalRow] | undefined =
      folder === undefined ? undefined : local.rowsIn(folder).find(([, row]) => nameOnDisk(row) === name);
    folder = found?.[0];
  }
  return folder ?? rootId;
}

async function give(context: TrashContext, path: string, name: string): Promise<void> {
  await context.disk.rename(path, name);
  await syncFolders(context, path, name);
}

const namesMax = 1000;

/**
 * Renames `plan (bert's conflicted copy 2026-01-31).txt` to `plan (bert 2026-01-31).txt`, with a number if that is
 * taken.
 * @returns the new path
 */
async function giveOwnName(context: TrashContext, path: string): Promise<string> {
  const name = nameOf(path);
  const words = labelOf(name)?.replace("'s conflicted copy ", " ").replace(" conflict", "") ?? "";
  const original = originalName(name);
  const isOfRepository = originalFrom(name) !== original;
  const parts = isOfRepository ? { stem: original, extension: "" } : splitName(original);
  for (let number = 1; number < namesMax; number += 1) {
    const own = joinPath(folderOf(path), withSuffix(parts, ` (${words}${number === 1 ? "" : `, ${number}`})`));
    if ((await context.disk.stat(own)) !== undefined) continue;
    await give(context, path, own);
    return own;
  }
  throw new HoldfastError("exists", `There is no free name for ${path}.`);
}
