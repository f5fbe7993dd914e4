import type { ManifestEntry } from "@holdfast/core/manifest";
import { contentOfBlocks } from "../model/content.ts";
import { DiskChanged } from "../model/disk-changed.ts";
import { joinPath, ownFolders } from "@holdfast/sync-ports/paths";
import type { LocalOperation } from "../plan/plan-types.ts";
import { isPrivateIn } from "../model/privacy.ts";
import type { Part } from "@holdfast/sync-ports/ports";
import { nameOnDisk } from "../model/trees.ts";
import { statOrThrow, readStateOf } from "./create.ts";
import {
  fingerprintAfter,
  type ExecutionContext,
  knownFolder,
  knownPath,
  randomName,
  recheck,
  syncFolders,
} from "./execution-context.ts";
import { exchangeIfUnchanged } from "./replace.ts";
import { stashOf } from "./stash.ts";

/** Copies the losing bytes to a new name. The source stays unchanged. */
export async function copyAside(
  context: ExecutionContext,
  operation: LocalOperation & { op: "copy_aside" },
): Promise<void> {
  const { id, local, parent: into, name, onto } = operation;
  const from = await knownPath(context, id);
  await recheck(context, from, local);
  const { blocks } = await context.disk.cut(from);
  if (contentOfBlocks(blocks) !== local.content) {
    // The bytes changed without a change of the times, so the file must be read again.
    context.state.commit({ local: [[id, { ...local, readState: "racy" }]] });
    throw new DiskChanged(from);
  }
  const parts = copiesOf(from, blocks);
  // The bytes exist on this disk only. A copy that never gets its name stays in the local trash.
  const temporary = joinPath(ownFolders.trash, randomName(context));
  const { fingerprint: old, executable } = local;
  const over = context.missingFeatures.has("exchange") ? undefined : onto;
  // Neither the source nor the former copy becomes public.
  const isPrivate = [operation, local, over?.local].some(isPrivateIn) || local.isPrivate;
  await context.disk.create(temporary, parts, {
    mtimeNs: old.mtimeNs,
    executable,
    isPrivate: isPrivate || undefined,
    attributesFrom: from,
    shares: from,
  });
  await context.disk.syncFile(temporary);
  const before = await statOrThrow(context, temporary);
  const folder = await knownFolder(context, into);
  const placed = over ?? { id: context.makeNodeId(), local: { ...local, parent: into, name, alias: undefined } };
  const path = joinPath(folder, nameOnDisk(placed.local));
  if (over === undefined) await context.disk.rename(temporary, path);
  else {
    // The old copy's content is a version on the server. Bytes written to it meanwhile reappear beside it.
    const stashed = { path: temporary, contents: [over.local.content, local.content], keep: true };
    context.state.commit({ stashed: [[temporary, stashOf(context, over.local, stashed)]] });
    await exchangeIfUnchanged(context, over.local, { path, temporary });
  }
  await syncFolders(context, path, temporary);
  const fingerprint = await fingerprintAfter(context.disk, path, before.fingerprint);
  const { parent, name: given, alias } = placed.local;
  const row = {
    ...local,
    parent,
    name: given,
    alias,
    isPrivate,
    fingerprint,
    readState: readStateOf(context, fingerprint),
  };
  context.state.commit({ local: [[placed.id, row]] });
}

function copiesOf(from: string, blocks: readonly ManifestEntry[]): Part[] {
  let offset = 0;
  return blocks.map(({ hash, size }) => {
    const part = { kind: "copy", hash, sizeBytes: size, from, offset } as const;
    offset += size;
    return part;
  });
}
