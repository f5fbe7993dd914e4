import { HoldfastError } from "@holdfast/core/errors";
import { joinPath } from "../paths.ts";
import type { LocalStat } from "../ports.ts";
import { type Fingerprint, type LocalRow, nameOnDisk } from "../trees.ts";
import type { FileOperation } from "./arrival.ts";
import { rowOf } from "./create.ts";
import { type Failures, tryEach } from "./failures.ts";
import { DiskChanged, fingerprintOf, type Hands } from "./hands.ts";
import type { KnownFolders } from "./known-folders.ts";
import { lookAtEach } from "./look-at-each.ts";
import { replace } from "./replace.ts";

/** What the disk was made after an operation. */
export interface Placed {
  readonly operation: FileOperation;
  readonly path: string;
  readonly row: LocalRow;
}

/** A file that is durable beside. */
interface Waiting {
  readonly operation: FileOperation;
  readonly temporary: string;
}

/** Gives each file of a batch its name: a new one must be free, what stands under a known one is replaced. All that are new are looked at together, before and after. */
export async function giveNames(
  hands: Hands,
  folders: KnownFolders,
  waiting: readonly Waiting[],
  failures: Failures,
): Promise<Placed[]> {
  const placed: Placed[] = [];
  const named: Named[] = [];
  const fresh = waiting.flatMap(({ operation, temporary }) => (operation.op === "create" ? [temporary] : []));
  const before = await lookAtEach(hands.disk, fresh);
  for (const { operation, temporary } of waiting) {
    await tryEach(failures, operation, async () => {
      if (operation.op === "create") {
        named.push(await giveName(hands, folders, { operation, temporary, stat: before.get(temporary) }));
      } else placed.push(await replaceAt(hands, folders, operation, temporary));
    });
  }
  return [...placed, ...(await rowsOf(hands, named, failures))];
}

type Creation = FileOperation & { readonly op: "create" };
type Replacement = FileOperation & { readonly op: "replace" };

/** Has its name, and was this before. */
interface Named {
  readonly operation: Creation;
  readonly path: string;
  readonly before: Fingerprint;
}

async function giveName(
  { disk, faults }: Hands,
  folders: KnownFolders,
  { operation, temporary, stat }: Waiting & { operation: Creation; stat: LocalStat | undefined | HoldfastError },
): Promise<Named> {
  if (stat instanceof HoldfastError) throw stat;
  if (stat === undefined) throw new DiskChanged(temporary);
  const { place } = operation;
  const path = joinPath(await folders.pathOf(place.parent), nameOnDisk(place));
  if (faults.has("a new file goes over what is there") && (await disk.stat(path))?.kind === "file")
    await disk.unlink(path);
  await disk.rename(temporary, path);
  return { operation, path, before: stat.fingerprint };
}

async function replaceAt(
  hands: Hands,
  folders: KnownFolders,
  operation: Replacement,
  temporary: string,
): Promise<Placed> {
  const { local } = operation;
  const path = joinPath(await folders.pathOf(local.parent), nameOnDisk(local));
  return { operation, path, row: await replace(hands, operation, { path, temporary }) };
}

async function rowsOf(hands: Hands, named: readonly Named[], failures: Failures): Promise<Placed[]> {
  const paths = named.map(({ path }) => path);
  const after = await lookAtEach(hands.disk, paths);
  return named.flatMap(({ operation, path, before }) => {
    const stat = after.get(path);
    if (stat instanceof HoldfastError) {
      failures.set(operation, stat);
      return [];
    }
    const row = rowOf(hands, operation.remote, fingerprintOf(stat, before));
    return [{ operation, path, row: { ...row, ...operation.place } }];
  });
}
