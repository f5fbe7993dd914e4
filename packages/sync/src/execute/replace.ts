import { HoldfastError } from "@holdfast/core/errors";
import { DiskChanged } from "../model/disk-changed.ts";
import { brakeKey, rewriteSides } from "../model/brake-record.ts";
import type { LocalOperation } from "../plan/plan-types.ts";
import type { LocalStat } from "@holdfast/sync-ports/ports";
import type { Stashed } from "../state/stashed.ts";
import type { LocalRow } from "../model/trees.ts";
import { statOrThrow, rowOf } from "./create.ts";
import { fingerprintAfter, type ExecutionContext, isUnchangedItem, recheck, syncFolders } from "./execution-context.ts";
import { stashOf } from "./stash.ts";

type Replacement = LocalOperation & { readonly op: "replace" };

interface Paths {
  readonly path: string;
  /** Durable path of the new bytes. */
  readonly temporary: string;
}

export function stashedBy(
  context: Pick<ExecutionContext, "nowMs" | "missingFeatures" | "state">,
  operation: Replacement,
  temporary: string,
): Stashed {
  const { id, local, remote } = operation;
  const contents = [local.content, remote.content];
  const path = context.missingFeatures.has("exchange") ? stashBeside(temporary) : temporary;
  // No version on the server has the content that a person chose to undo.
  const keep = rewriteSides
    .map((side) => context.state.brakes.get(brakeKey({ side, nodeId: id })))
    .some((record) => record?.standing === "undone" && record.base === local.content);
  return stashOf(context, local, { path, id, contents, keep });
}

function stashBeside(temporary: string): string {
  return `${temporary}.replaced`;
}

/**
 * Replaces a file with new bytes that are already durable. The old file stays in the engine's folder until it is
 * checked again.
 */
export async function replace(context: ExecutionContext, operation: Replacement, paths: Paths): Promise<LocalRow> {
  const { local, remote, executable, isPrivate } = operation;
  const { disk, missingFeatures } = context;
  const written = await statOrThrow(context, paths.temporary);
  const row = (fingerprint: LocalRow["fingerprint"]): LocalRow => {
    const { parent, name, alias } = local;
    return {
      ...rowOf(context, { ...remote, parent, name, executable, isPrivate }, { ...written, fingerprint }),
      alias,
    };
  };
  if (!missingFeatures.has("exchange")) await exchangeIfUnchanged(context, local, paths);
  // Without inode numbers, one call cannot verify the file that it replaces.
  else if (missingFeatures.has("hard links") || missingFeatures.has("stable inodes"))
    await byParking(context, operation, paths);
  else await byLink(context, operation, paths);
  return row(await fingerprintAfter(disk, paths.path, written.fingerprint));
}

/** Exchanges both in one call, and exchanges back an old file that is not the one checked before. */
export async function exchangeIfUnchanged(
  context: ExecutionContext,
  local: LocalRow,
  { path, temporary }: Paths,
): Promise<void> {
  const { disk } = context;
  await recheck(context, path, local);
  await disk.exchange(temporary, path);
  const old = await statOrThrow(context, temporary);
  if (isUnchangedItem(context, old, local)) return;
  await disk.exchange(temporary, path);
  await syncFolders(context, path, temporary);
  throw new DiskChanged(path);
}

/**
 * Links the old bytes to a second name before replacing them, so the path is never empty. Another file put there
 * between the last check and the rename, which follow each other in one call, is lost. The disk cannot detect it.
 */
async function byLink(context: ExecutionContext, { local }: Replacement, { path, temporary }: Paths): Promise<void> {
  const { disk } = context;
  const stash = stashBeside(temporary);
  await recheck(context, path, local);
  await disk.link(path, stash);
  // A write too late to be seen must survive a power failure.
  await syncFolders(context, stash);
  const old = await statOrThrow(context, stash);
  if (isUnchangedItem(context, old, local) && (await disk.supersede(temporary, path, old.fingerprint.inode))) return;
  await dropLink(context, stash);
  throw new DiskChanged(path);
}

/** Removes the link only if the file has another name. */
async function dropLink({ disk }: ExecutionContext, stash: string): Promise<void> {
  const stat: LocalStat | undefined = await disk.stat(stash);
  if (stat !== undefined && stat.links > 1) await disk.unlink(stash);
}

/** Renames twice. While the path is empty, a record describes its owner for the next run. */
async function byParking(
  context: ExecutionContext,
  { id, local }: Replacement,
  { path, temporary }: Paths,
): Promise<void> {
  const { disk, state } = context;
  const stash = stashBeside(temporary);
  await recheck(context, path, local);
  state.commit({ parked: [[id, { nodeId: id, path: stash }]] });
  try {
    await disk.rename(path, stash);
    const old = await statOrThrow(context, stash);
    if (!isUnchangedItem(context, old, local)) throw new DiskChanged(path);
    await disk.rename(temporary, path);
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    // Another file is at the path. The parked one is handled as stashed.
    throw error.code === "exists" ? new DiskChanged(path) : error;
  }
}
