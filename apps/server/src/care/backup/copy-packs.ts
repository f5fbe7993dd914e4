import { createHash } from "node:crypto";
import { type Kysely, sql } from "kysely";
import type { BlockCell } from "../../packs/cells/block-cell.ts";
import type { BlockPool } from "../../packs/format/block-tasks.ts";
import { type ListedPack, listPacks } from "../../packs/index/list-packs.ts";
import { type PackId, packKey } from "../../packs/format/pack-format.ts";
import type { CellTables } from "../../base/db/cell-tables.ts";
import type { BackupPlace } from "./backup-place.ts";
import type { BackedUpPack } from "./manifest.ts";
import { readPack } from "./read-pack.ts";
import { forEachBounded } from "@holdfast/core/task-group";
import { type StepProgress, totalOf } from "./step-progress.ts";
import { packFault } from "./whole-pack.ts";

export interface PackPorts {
  readonly cell: BlockCell;
  readonly place: BackupPlace;
  readonly pool: BlockPool;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: StepProgress | undefined;
}

export interface CopiedPacks {
  readonly packs: readonly BackedUpPack[];
  readonly addedBytes: number;
  readonly problems: readonly string[];
}

/**
 * Copies packs that the backup lacks. Each is checked completely, also one from an interrupted backup.
 * @param known packs of earlier backups, by id
 * @param startedAt microseconds since 1970; packs with older rows must be in the store
 */
export async function copyPacks(
  { cell, place, pool, signal, progress }: PackPorts,
  known: ReadonlyMap<string, BackedUpPack>,
  startedAt: number,
): Promise<CopiedPacks> {
  progress?.begin("listing packs");
  const there = await listSizes(place);
  const packs: BackedUpPack[] = [];
  const problems: string[] = [];
  let addedBytes = 0;

  const fromStore = async (id: PackId): Promise<BackedUpPack | undefined> => {
    const found = await readPack({ cell, pool }, id, startedAt);
    if (found === undefined) return undefined;
    if ("reason" in found) {
      problems.push(`pack ${id} is not in the backup: ${found.reason}`);
      return undefined;
    }
    const { bytes, fault } = found;
    await place.store.put(packKey(id), bytes);
    addedBytes += bytes.length;
    return entryOf(id, bytes, fault);
  };

  const copy = async ({ packId: id, sizeBytes }: ListedPack): Promise<void> => {
    signal?.throwIfAborted();
    const before = there.get(id) === sizeBytes ? known.get(id) : undefined;
    const isKept = before !== undefined && before.size === sizeBytes && before.damaged === undefined;
    const left = !isKept && there.get(id) === sizeBytes ? await fromPlace({ cell, place, pool }, id) : undefined;
    const entry = isKept ? before : (left ?? (await fromStore(id)));
    if (entry === undefined) return;
    if (entry.damaged !== undefined) problems.push(`pack ${id} is damaged in the store: ${entry.damaged}`);
    packs.push(entry);
  };

  const inStore = await Array.fromAsync(onlyPacks(listPacks(cell.store, undefined)));
  progress?.begin("copying packs", totalOf(inStore.map(({ sizeBytes: size }) => ({ size }))));
  await forEachBounded(inStore, atOnceMax, async (pack) => {
    await copy(pack);
    progress?.done(pack.sizeBytes);
  });
  const copied = new Set<string>(packs.map(({ id }) => id));
  for await (const id of rowsBefore(cell.db, startedAt)) {
    if (copied.has(id)) continue;
    const size = there.get(id);
    const left = size === undefined ? undefined : (known.get(id) ?? (await fromPlace({ cell, place, pool }, id)));
    if (left !== undefined) packs.push(left);
    problems.push(
      `pack ${id} is missing from the store${left === undefined ? "" : ", but the backup has an undamaged copy"}`,
    );
  }
  return { packs: packs.toSorted((left, right) => (left.id < right.id ? -1 : 1)), addedBytes, problems };
}

const atOnceMax = 4;

async function* onlyPacks(pages: AsyncIterable<ListedPack[]>): AsyncGenerator<ListedPack> {
  for await (const page of pages) yield* page;
}

async function listSizes({ store }: BackupPlace): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for await (const { packId, sizeBytes } of onlyPacks(listPacks(store, undefined))) sizes.set(packId, sizeBytes);
  return sizes;
}

/** @returns undefined if damaged */
async function fromPlace({ cell, place, pool }: PackPorts, id: PackId): Promise<BackedUpPack | undefined> {
  const bytes = await place.store.get(packKey(id));
  const fault = await packFault(pool, (epoch) => cell.keyring.keyOf(epoch), id, bytes);
  return fault === undefined ? entryOf(id, bytes, undefined) : undefined;
}

function entryOf(id: PackId, bytes: Uint8Array, damaged: string | undefined): BackedUpPack {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { id, size: bytes.length, sha256, ...(damaged === undefined ? {} : { damaged }) };
}

/** Omits doomed packs. Index: packs_pkey. */
async function* rowsBefore(db: Kysely<CellTables>, before: number): AsyncGenerator<PackId> {
  for (let after: string | undefined; ;) {
    const { rows } = await sql<{ id: PackId }>`
      select id from cell.packs where state <> 'doomed' and created_at < ${before}::int8
        and (${after ?? null}::uuid is null or id > ${after ?? null}::uuid) order by id limit ${pageRows}`.execute(db);
    for (const { id } of rows) yield id;
    if (rows.length < pageRows) return;
    after = rows.at(-1)?.id;
  }
}

const pageRows = 500;
