import { HoldfastError } from "@holdfast/core/errors";
import { joinPath } from "@holdfast/sync-ports/paths";
import type { Fingerprint, LocalDisk, LocalStat } from "@holdfast/sync-ports/ports";
import { DiskChanged } from "../model/disk-changed.ts";
import { type LocalRow, nameOnDisk } from "../model/trees.ts";
import type { FileOperation } from "./file-download.ts";
import { rowOf } from "./create.ts";
import { type Failures, tryEach } from "./failures.ts";
import { fingerprintOf, type ExecutionContext } from "./execution-context.ts";
import type { KnownFolders } from "./known-folders.ts";
import { asDiskError, statEach } from "./stat-each.ts";
import { replace } from "./replace.ts";

export interface Placed {
  readonly operation: FileOperation;
  readonly path: string;
  readonly row: LocalRow;
}

/** File that is durable under a temporary name. */
interface Waiting {
  readonly operation: FileOperation;
  readonly temporary: string;
}

/** Gives each file of a batch its name. A new name must be free; the item at a known name is replaced. */
export async function renameIntoPlace(
  context: ExecutionContext,
  folders: KnownFolders,
  waiting: readonly Waiting[],
  failures: Failures,
): Promise<Placed[]> {
  const placed: Placed[] = [];
  const ready: Named[] = [];
  const fresh = waiting.flatMap(({ operation, temporary }) => (operation.op === "create" ? [temporary] : []));
  const before = await statEach(context.disk, fresh);
  for (const { operation, temporary } of waiting) {
    await tryEach(failures, operation, async () => {
      if (operation.op === "create") {
        ready.push(await makeReady(folders, { operation, temporary, stat: before.get(temporary) }));
      } else placed.push(await replaceAt(context, folders, operation, temporary));
    });
  }
  const results = await renameAll(context.disk, ready);
  const named = ready.filter(({ operation }, index) => {
    const failure = results[index];
    if (failure !== undefined) failures.set(operation, failure);
    return failure === undefined;
  });
  return [...placed, ...(await rowsOf(context, named, failures))];
}

type Creation = FileOperation & { readonly op: "create" };
type Replacement = FileOperation & { readonly op: "replace" };

interface Named {
  readonly operation: Creation;
  readonly from: string;
  readonly to: string;
  readonly before: Fingerprint;
}

async function makeReady(
  folders: KnownFolders,
  { operation, temporary, stat }: Waiting & { operation: Creation; stat: LocalStat | undefined | HoldfastError },
): Promise<Named> {
  if (stat instanceof HoldfastError) throw stat;
  if (stat === undefined) throw new DiskChanged(temporary);
  const { place } = operation;
  const path = joinPath(await folders.pathOf(place.parent), nameOnDisk(place));
  return { operation, from: temporary, to: path, before: stat.fingerprint };
}

async function renameAll(disk: LocalDisk, named: readonly Named[]): Promise<readonly (HoldfastError | undefined)[]> {
  if (disk.renameEach !== undefined) return disk.renameEach(named);
  const results: (HoldfastError | undefined)[] = [];
  for (const { from, to } of named) results.push(await disk.rename(from, to).then(() => undefined, asDiskError));
  return results;
}

async function replaceAt(
  context: ExecutionContext,
  folders: KnownFolders,
  operation: Replacement,
  temporary: string,
): Promise<Placed> {
  const { local } = operation;
  const path = joinPath(await folders.pathOf(local.parent), nameOnDisk(local));
  return { operation, path, row: await replace(context, operation, { path, temporary }) };
}

async function rowsOf(context: ExecutionContext, named: readonly Named[], failures: Failures): Promise<Placed[]> {
  const paths = named.map(({ to }) => to);
  const after = await statEach(context.disk, paths);
  return named.flatMap(({ operation, to: path, before }) => {
    const stat = after.get(path);
    if (stat instanceof HoldfastError) {
      failures.set(operation, stat);
      return [];
    }
    const fingerprint = fingerprintOf(stat, before);
    const row = rowOf(context, operation.remote, { fingerprint, isPrivate: stat?.isPrivate === true });
    return [{ operation, path, row: { ...row, ...operation.place } }];
  });
}
