import { HoldfastError } from "@holdfast/core/errors";
import { DiskChanged } from "../model/disk-changed.ts";
import { brakeKey, rewriteSides } from "../model/brake-record.ts";
import type { LocalOperation } from "../plan/plan-types.ts";
import type { LocalStat } from "@holdfast/sync-ports/ports";
import type { Stashed } from "../state/stashed.ts";
import type { LocalRow } from "../model/trees.ts";
import { mustStat, rowOf } from "./create.ts";
import { fingerprintAfter, type Hands, isWhatWasSeen, recheck, syncFolders } from "./hands.ts";
import { stashOf } from "./stash.ts";

type Replacement = LocalOperation & { readonly op: "replace" };

interface Paths {
  readonly path: string;
  /** Where the new bytes are, durably. */
  readonly temporary: string;
}

/** What the old bytes are, which will wait aside where the new ones were, or beside that. */
export function stashedBy(
  hands: Pick<Hands, "nowMs" | "lacks" | "state">,
  operation: Replacement,
  temporary: string,
): Stashed {
  const { id, local, remote } = operation;
  const contents = [local.content, remote.content];
  const path = hands.lacks.has("exchange") ? stashBeside(temporary) : temporary;
  // No version on the server has what a person wanted undone.
  const keep = rewriteSides
    .map((side) => hands.state.brakes.get(brakeKey({ side, nodeId: id })))
    .some((record) => record?.standing === "undone" && record.base === local.content);
  return stashOf(hands, local, { path, id, contents, keep });
}

function stashBeside(temporary: string): string {
  return `${temporary}.replaced`;
}

/**
 * The new bytes are durable beside before they take the place of the old ones, as the disk can do it best. What was replaced
 * waits in the engine's folder until it was looked at again.
 */
export async function replace(hands: Hands, operation: Replacement, paths: Paths): Promise<LocalRow> {
  const { local, remote, executable, isPrivate } = operation;
  const { disk, lacks } = hands;
  const written = await mustStat(hands, paths.temporary);
  const row = (fingerprint: LocalRow["fingerprint"]): LocalRow => {
    const { parent, name, alias } = local;
    return { ...rowOf(hands, { ...remote, parent, name, executable, isPrivate }, { ...written, fingerprint }), alias };
  };
  if (!lacks.has("exchange")) await exchangeSeen(hands, local, paths);
  // Without a number nothing tells in the same call what it takes the place of.
  else if (lacks.has("hard links") || lacks.has("stable inodes")) await byParking(hands, operation, paths);
  else await byLink(hands, operation, paths);
  return row(await fingerprintAfter(disk, paths.path, written.fingerprint));
}

/** In one call; what comes out is compared with what was looked at, and goes back if somebody was faster. */
export async function exchangeSeen(hands: Hands, local: LocalRow, { path, temporary }: Paths): Promise<void> {
  const { disk } = hands;
  await recheck(hands, path, local);
  await disk.exchange(temporary, path);
  const old = await mustStat(hands, temporary);
  if (isWhatWasSeen(hands, old, local)) return;
  await disk.exchange(temporary, path);
  await syncFolders(hands, path, temporary);
  throw new DiskChanged(path);
}

/**
 * The old bytes get a name aside before they lose their own, so that there never is nothing at the path. Whoever puts another file there between the last
 * look and the rename, which are one after the other in one call, loses it: such a disk has nothing that would tell.
 */
async function byLink(hands: Hands, { local }: Replacement, { path, temporary }: Paths): Promise<void> {
  const { disk } = hands;
  const stash = stashBeside(temporary);
  await recheck(hands, path, local);
  await disk.link(path, stash);
  // A write that came too late to be seen must not go with a power cut.
  await syncFolders(hands, stash);
  const old = await mustStat(hands, stash);
  if (isWhatWasSeen(hands, old, local) && (await disk.supersede(temporary, path, old.fingerprint.inode))) return;
  await dropLink(hands, stash);
  throw new DiskChanged(path);
}

/** Only while it has another name too. */
async function dropLink({ disk }: Hands, stash: string): Promise<void> {
  const stat: LocalStat | undefined = await disk.stat(stash);
  if (stat !== undefined && stat.links > 1) await disk.unlink(stash);
}

/** While nothing stands at the path a record says what belongs there; whoever starts again puts it back. */
async function byParking(hands: Hands, { id, local }: Replacement, { path, temporary }: Paths): Promise<void> {
  const { disk, state } = hands;
  const stash = stashBeside(temporary);
  await recheck(hands, path, local);
  state.commit({ parked: [[id, { nodeId: id, path: stash }]] });
  try {
    await disk.rename(path, stash);
    const old = await mustStat(hands, stash);
    if (!isWhatWasSeen(hands, old, local)) throw new DiskChanged(path);
    await disk.rename(temporary, path);
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    // Somebody else's file stands there: what is aside is looked at as all that is stashed.
    throw error.code === "exists" ? new DiskChanged(path) : error;
  }
}
