import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import { DiskChanged } from "../model/disk-changed.ts";
import { mapBounded } from "@holdfast/core/task-group";
import { targetOf } from "../model/content.ts";
import { folderOf, joinPath, ownFolders } from "@holdfast/sync-ports/paths";
import type { LocalOperation } from "../plan/plan-types.ts";
import { createdPrivacy } from "../model/privacy.ts";
import { nameOnDisk } from "../model/trees.ts";
import { baseFromServer } from "./new-base.ts";
import { type FileDownload, type FileOperation, planDownloads } from "./file-download.ts";
import { folderFingerprint, statOrThrow, rowOf } from "./create.ts";
import type { Stashed } from "../state/stashed.ts";
import { isInNonDurableFolder, syncTogether } from "./durable.ts";
import { type Failures, tryEach } from "./failures.ts";
import { renameIntoPlace, type Placed } from "./rename-into-place.ts";
import { type ExecutionContext, randomName } from "./execution-context.ts";
import { KnownFolders } from "./known-folders.ts";
import { stashedBy } from "./replace.ts";
import { LocalSources } from "./sources.ts";
import { takeAssembled, writeLarge } from "./write-large.ts";
import { writeSmall, type Written } from "./write-small.ts";

/** Larger files are written block by block. A batch holds all bytes of its smaller files in memory. */
const largeFileBytesMin = 4 * 1024 * 1024;
const batchMax = { operations: 1000, bytes: 16 * 1024 * 1024 } as const;
const syncsAtOnce = 8;

/** Splits the plan in its order. Neighbors that only bring server content, or only delete, form one batch. */
export function* localBatchesOf(operations: readonly LocalOperation[]): Generator<readonly LocalOperation[]> {
  let batch: LocalOperation[] = [];
  let bytes = 0;
  for (const operation of operations) {
    const sizeBytes = writesContent(operation) ? operation.remote.sizeBytes : 0;
    const isLike = batch[0] !== undefined && togetherness(batch[0]) === togetherness(operation);
    const fits = isLike && batch.length < batchMax.operations && bytes + sizeBytes <= batchMax.bytes;
    if (!fits && batch.length > 0) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(operation);
    bytes += sizeBytes;
  }
  if (batch.length > 0) yield batch;
}

function togetherness(operation: LocalOperation): LocalOperation | "brings content" | "delete" {
  if (writesContent(operation)) return "brings content";
  return operation.op === "delete" ? "delete" : operation;
}

export function writesContent(operation: LocalOperation): operation is FileOperation {
  return operation.op === "create" || operation.op === "replace";
}

/**
 * Brings server content in this order:
 * - folders
 * - all files, durable under temporary names
 * - final names; each folder is checked once before and synced once after
 * - one commit of all rows
 *
 * The intents are already recorded.
 */
export async function writeContent(context: ExecutionContext, operations: readonly FileOperation[]): Promise<Failures> {
  const failures: Failures = new Map();
  const folders = new KnownFolders(context);
  const placed: Placed[] = [];
  for (const operation of operations.filter(({ remote }) => remote.kind === "folder")) {
    await tryEach(failures, operation, async () => void placed.push(await makeFolder(context, folders, operation)));
  }
  const written = await writeAll(
    context,
    operations.filter(({ remote }) => remote.kind !== "folder"),
  );
  for (const [operation, result] of written) if (result instanceof HoldfastError) failures.set(operation, result);
  const waiting = [...written].flatMap(([operation, result]) =>
    result instanceof HoldfastError ? [] : [{ operation, temporary: result.path }],
  );
  const stashed = waiting.flatMap(({ operation, temporary }) =>
    operation.op === "replace" ? stashEntry(stashedBy(context, operation, temporary)) : [],
  );
  if (stashed.length > 0) context.state.commit({ stashed });
  // The folders may have changed during the download, so they are checked again.
  const current = new KnownFolders(context);
  for (const { operation, path } of placed) if (!failures.has(operation)) current.add(operation.id, path);
  placed.push(...(await renameIntoPlace(context, current, waiting, failures)));
  await settle(context, placed, failures);
  return failures;
}

function stashEntry(stashed: Stashed): (readonly [string, Stashed])[] {
  return [[stashed.path, stashed]];
}

async function makeFolder(context: ExecutionContext, folders: KnownFolders, operation: FileOperation): Promise<Placed> {
  const { id, remote } = operation;
  const place = operation.op === "create" ? operation.place : operation.local;
  const path = joinPath(await folders.pathOf(place.parent), nameOnDisk(place));
  const isPrivate = createdPrivacy(context.state, id, remote);
  await context.disk.mkdir(path, { isPrivate: isPrivate === true });
  const stat = await statOrThrow(context, path);
  folders.add(id, path);
  const { parent, name, alias } = place;
  const row = {
    ...rowOf(context, { ...remote, isPrivate }, stat),
    parent,
    name,
    alias,
    fingerprint: folderFingerprint(stat.fingerprint),
  };
  return { operation, path, row };
}

async function writeAll(
  context: ExecutionContext,
  operations: readonly FileOperation[],
): Promise<ReadonlyMap<FileOperation, Written>> {
  const written = new Map<FileOperation, Written>();
  const files: FileOperation[] = [];
  for (const operation of operations.filter(({ remote }) => remote.kind === "file")) {
    const finished = context.finishedDownloads?.take(operation.id);
    if (finished === undefined) files.push(operation);
    else written.set(operation, finished.failure ?? (await takeAssembled(context, operation)));
  }
  for (const operation of operations.filter(({ remote }) => remote.kind === "symlink")) {
    written.set(operation, await writeLink(context, operation));
  }
  if (files.length === 0) return written;
  const sources = new LocalSources(context);
  const downloads: FileDownload[] = [];
  for (const [index, planned] of (await planAll(context, sources, files)).entries()) {
    const operation = files[index];
    if (planned instanceof HoldfastError) {
      if (operation !== undefined) written.set(operation, planned);
    } else downloads.push(planned);
  }
  const isLarge = ({ operation }: FileDownload): boolean => operation.remote.sizeBytes > largeBytesMin(context);
  const small = await writeSmall(
    context,
    sources,
    downloads.filter((each) => !isLarge(each)),
  );
  for (const [{ operation }, result] of small) written.set(operation, result);
  for (const download of downloads.filter(isLarge)) {
    written.set(download.operation, await writeLarge(context, sources, download));
  }
  return written;
}

/** Smaller in the simulator, whose files are short. */
function largeBytesMin({ patches }: ExecutionContext): number {
  return patches === undefined ? largeFileBytesMin : patches.fileBytesMin;
}

async function planAll(
  context: ExecutionContext,
  sources: LocalSources,
  files: readonly FileOperation[],
): Promise<readonly (FileDownload | HoldfastError)[]> {
  try {
    return await planDownloads(context, sources, files);
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return files.map(() => error);
  }
}

async function writeLink(context: ExecutionContext, { remote }: FileOperation): Promise<Written> {
  const path = joinPath(ownFolders.temporary, randomName(context));
  try {
    await context.disk.symlink(targetOf(remote.content), path);
    return { path };
  } catch (error) {
    if (error instanceof HoldfastError) return error;
    throw error;
  }
}

/** If a folder could not be synced, its new names may be lost, and the next scan decides. */
async function settle(context: ExecutionContext, placed: readonly Placed[], failures: Failures): Promise<void> {
  const { disk, state } = context;
  const folders = [...new Set(placed.map(({ path }) => folderOf(path)))];
  const isMoved = placed.some(({ operation }) => operation.remote.kind !== "folder");
  const unsynced = new Map<string, HoldfastError>();
  const attempt = async (paths: readonly string[], sync: () => Promise<void>): Promise<void> => {
    try {
      await sync();
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      for (const path of paths) unsynced.set(path, error);
    }
  };
  const paths = [...folders, ...(isMoved ? [ownFolders.temporary] : [])];
  const together = syncTogether(disk, paths.length);
  if (together !== undefined) await attempt(paths, together);
  else await mapBounded(paths, syncsAtOnce, (path) => attempt([path], () => disk.syncFolder(path)));
  const own = unsynced.get(ownFolders.temporary);
  const unsafe = new Map<NodeId, HoldfastError>();
  const inDoubt = new Set(
    [...new Set(placed.map(({ row }) => row.parent))].filter((id) => isInNonDurableFolder(state, id)),
  );
  const done = placed.filter(({ operation, path, row }) => {
    const above = unsafe.get(row.parent) ?? (inDoubt.has(row.parent) ? new DiskChanged(path) : undefined);
    const failure = unsynced.get(folderOf(path)) ?? above ?? (operation.op === "replace" ? own : undefined);
    if (failure === undefined) return true;
    failures.set(operation, failure);
    unsafe.set(operation.id, failure);
    return false;
  });
  const unsure = placed.filter(({ operation }) => failures.has(operation) && operation.op === "create");
  state.commit({
    local: [
      ...done.map(({ operation, row }) => [operation.id, row] as const),
      ...unsure.map(({ operation, row }) => [operation.id, { ...row, readState: "unsettled" }] as const),
    ],
    synced: done.map(({ operation, row }) => [operation.id, baseFromServer(state, operation.id, row)] as const),
    intents: done.map(({ operation }) => [operation.id, undefined] as const),
    parked: done.flatMap(({ operation }) =>
      state.parked.has(operation.id) ? [[operation.id, undefined] as const] : [],
    ),
  });
}
