import { joinPath, ownFolders } from "@holdfast/sync-ports/paths";
import type { LocalOperation } from "../plan/plan-types.ts";
import { nameOnDisk } from "../model/trees.ts";
import { DiskChanged } from "../model/disk-changed.ts";
import { baseAfterMove, baseFromServer } from "./new-base.ts";
import { isInNonDurableFolder } from "./durable.ts";
import {
  fingerprintAfter,
  type ExecutionContext,
  knownFolder,
  knownPath,
  randomName,
  recheck,
  syncFolders,
} from "./execution-context.ts";

/** Renames once and never overwrites. */
export async function moveNode(context: ExecutionContext, operation: LocalOperation & { op: "move" }): Promise<void> {
  const { id, local, place } = operation;
  const from = await knownPath(context, id);
  const current = context.state.local.get(id) ?? local;
  await recheck(context, from, current);
  const to = joinPath(await knownFolder(context, place.parent), nameOnDisk(place));
  // A power failure would lose the file with that folder, and its absence would be uploaded.
  if (isInNonDurableFolder(context.state, place.parent)) throw new DiskChanged(to);
  await context.disk.rename(from, to);
  await syncFolders(context, from, to);
  const fingerprint =
    local.kind === "folder" ? local.fingerprint : await fingerprintAfter(context.disk, to, current.fingerprint);
  const row = { ...local, ...place, alias: place.alias, fingerprint };
  const synced = baseAfterMove(context.state, id, row);
  context.state.commit({
    local: [[id, row]],
    synced: [[id, synced]],
    parked: [[id, undefined]],
    intents: [[id, undefined]],
  });
}

/** The record is written before the name is removed, so that the next run finds the item. */
export async function park(context: ExecutionContext, operation: LocalOperation & { op: "park" }): Promise<void> {
  const { id, local } = operation;
  const from = await knownPath(context, id);
  await recheck(context, from, local);
  const path = joinPath(ownFolders.parked, randomName(context));
  context.state.commit({ parked: [[id, { nodeId: id, path }]] });
  try {
    await context.disk.rename(from, path);
  } catch (error) {
    context.state.commit({ parked: [[id, undefined]] });
    throw error;
  }
  await syncFolders(context, from, path);
  if (local.kind === "folder") return;
  const fingerprint = await fingerprintAfter(context.disk, path, local.fingerprint);
  context.state.commit({ local: [[id, { ...local, fingerprint }]] });
}

export async function setNode(context: ExecutionContext, operation: LocalOperation & { op: "set" }): Promise<void> {
  const { id, local, executable, isPrivate } = operation;
  const { disk, missingFeatures } = context;
  const path = await knownPath(context, id);
  await recheck(context, path, local);
  // On a disk without such modes, only the row stores them.
  const isFlipped = executable !== local.executable && !missingFeatures.has("executable bits");
  const isOther = isPrivate !== undefined && isPrivate !== local.isPrivate && !missingFeatures.has("private modes");
  if (isFlipped) await disk.setExecutable(path, executable);
  if (isOther) await disk.setPrivate(path, isPrivate);
  if (isFlipped || isOther) await disk.syncFile(path);
  const fingerprint = await fingerprintAfter(context.disk, path, local.fingerprint);
  const row = { ...local, executable, isPrivate, fingerprint };
  const synced = baseFromServer(context.state, id, row);
  context.state.commit({ local: [[id, row]], synced: [[id, synced]], intents: [[id, undefined]] });
}
