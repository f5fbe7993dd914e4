import { joinPath, ownFolders } from "@holdfast/sync-ports/paths";
import type { LocalOperation } from "../plan/plan-types.ts";
import { nameOnDisk } from "../model/trees.ts";
import { DiskChanged } from "../model/disk-changed.ts";
import { agreedPlace, agreedWithServer } from "./agreed.ts";
import { isInDoubt } from "./durable.ts";
import { fingerprintAfter, type Hands, knownFolder, knownPath, randomName, recheck, syncFolders } from "./hands.ts";

/** Renames once and never overwrites. */
export async function moveNode(hands: Hands, operation: LocalOperation & { op: "move" }): Promise<void> {
  const { id, local, place } = operation;
  const from = await knownPath(hands, id);
  const current = hands.state.local.get(id) ?? local;
  await recheck(hands, from, current);
  const to = joinPath(await knownFolder(hands, place.parent), nameOnDisk(place));
  // A power failure would lose the file with that folder, and its absence would be uploaded.
  if (isInDoubt(hands.state, place.parent)) throw new DiskChanged(to);
  await hands.disk.rename(from, to);
  await syncFolders(hands, from, to);
  const fingerprint =
    local.kind === "folder" ? local.fingerprint : await fingerprintAfter(hands.disk, to, current.fingerprint);
  const row = { ...local, ...place, alias: place.alias, fingerprint };
  const synced = agreedPlace(hands.state, id, row);
  hands.state.commit({
    local: [[id, row]],
    synced: [[id, synced]],
    parked: [[id, undefined]],
    intents: [[id, undefined]],
  });
}

/** The record is written before the name is removed, so that the next run finds the item. */
export async function park(hands: Hands, operation: LocalOperation & { op: "park" }): Promise<void> {
  const { id, local } = operation;
  const from = await knownPath(hands, id);
  await recheck(hands, from, local);
  const path = joinPath(ownFolders.parked, randomName(hands));
  hands.state.commit({ parked: [[id, { nodeId: id, path }]] });
  try {
    await hands.disk.rename(from, path);
  } catch (error) {
    hands.state.commit({ parked: [[id, undefined]] });
    throw error;
  }
  await syncFolders(hands, from, path);
  if (local.kind === "folder") return;
  const fingerprint = await fingerprintAfter(hands.disk, path, local.fingerprint);
  hands.state.commit({ local: [[id, { ...local, fingerprint }]] });
}

export async function setNode(hands: Hands, operation: LocalOperation & { op: "set" }): Promise<void> {
  const { id, local, executable, isPrivate } = operation;
  const { disk, lacks } = hands;
  const path = await knownPath(hands, id);
  await recheck(hands, path, local);
  // On a disk without such modes, only the row stores them.
  const isFlipped = executable !== local.executable && !lacks.has("executable bits");
  const isOther = isPrivate !== undefined && isPrivate !== local.isPrivate && !lacks.has("private modes");
  if (isFlipped) await disk.setExecutable(path, executable);
  if (isOther) await disk.setPrivate(path, isPrivate);
  if (isFlipped || isOther) await disk.syncFile(path);
  const fingerprint = await fingerprintAfter(hands.disk, path, local.fingerprint);
  const row = { ...local, executable, isPrivate, fingerprint };
  const synced = agreedWithServer(hands.state, id, row);
  hands.state.commit({ local: [[id, row]], synced: [[id, synced]], intents: [[id, undefined]] });
}
