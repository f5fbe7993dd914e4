import type { ObjectStore } from "@holdfast/object-store/object-store";
import pg from "pg";
import type { BlockPool } from "../../packs/format/block-tasks.ts";
import { listPacks } from "../../packs/index/list-packs.ts";
import { type PackId, packKey } from "../../packs/format/pack-format.ts";
import type { Connection } from "../../base/db/database.ts";
import type { OpenedPlace } from "./find-key.ts";
import type { Manifest } from "./manifest.ts";
import { forEachBounded } from "@holdfast/core/task-group";
import { type StepProgress, totalOf } from "./step-progress.ts";
import { readBackedUp } from "./verify-backup.ts";
import { packFault } from "./whole-pack.ts";

interface Ports {
  readonly place: OpenedPlace;
  readonly store: ObjectStore;
  readonly pool: BlockPool;
  readonly connection: Connection;
  /** Number of random packs; undefined: all. */
  readonly sample: number | undefined;
  readonly progress?: StepProgress | undefined;
}

export interface RestoredPacks {
  readonly packs: number;
  readonly bytes: number;
  readonly problems: readonly string[];
}

/** Packs that a store has already are kept. */
export async function restorePacks(ports: Ports, manifest: Manifest): Promise<RestoredPacks> {
  const { store, progress } = ports;
  const listed = new Map(manifest.packs.map((pack) => [pack.id, pack]));
  const there = await listThere(store);
  const wanted = await wantedPacks(ports);
  const problems: string[] = [];
  let packs = 0;
  let bytes = 0;
  progress?.begin("restoring packs", totalOf(wanted));
  const restore = async ({ id, size }: WantedPack): Promise<void> => {
    const backedUp = listed.get(id);
    if (backedUp?.damaged !== undefined) problems.push(`pack ${id} was damaged in the store: ${backedUp.damaged}`);
    if (there.get(id) !== size) {
      const read = backedUp === undefined ? await readUnlisted(ports, id) : await readBackedUp(ports.place, backedUp);
      if (read.problem !== undefined) problems.push(read.problem);
      if (read.bytes === undefined) return;
      await store.put(packKey(id), read.bytes);
    }
    packs += 1;
    bytes += size;
  };
  await forEachBounded(wanted, atOnceMax, async (pack) => {
    await restore(pack);
    progress?.done(pack.size);
  });
  return { packs, bytes, problems: problems.toSorted() };
}

const atOnceMax = 4;

/** Checks that an existing store has the packs of the restored index. */
export async function comparePacks(store: ObjectStore, connection: Connection): Promise<RestoredPacks> {
  const there = await listThere(store);
  const problems: string[] = [];
  let packs = 0;
  let bytes = 0;
  for (const { id, size } of await wantedPacks({ connection, sample: undefined })) {
    const sizeBytes = there.get(id);
    if (sizeBytes === size) {
      packs += 1;
      bytes += size;
    } else {
      problems.push(
        `pack ${id} ${sizeBytes === undefined ? "is missing from the store" : "has a different size in the store"}`,
      );
    }
  }
  return { packs, bytes, problems };
}

interface WantedPack {
  readonly id: PackId;
  readonly size: number;
}

async function listThere(store: ObjectStore): Promise<Map<PackId, number>> {
  const there = new Map<PackId, number>();
  for await (const page of listPacks(store, undefined))
    for (const { packId, sizeBytes } of page) there.set(packId, sizeBytes);
  return there;
}

async function wantedPacks({ connection, sample }: Pick<Ports, "connection" | "sample">): Promise<WantedPack[]> {
  const client = new pg.Client({ ...connection, application_name: "holdfast restore" });
  client.on("error", () => {});
  await client.connect();
  try {
    const { rows } = await client.query<{ id: PackId; size: string }>(
      `select id, size::text from cell.packs where state <> 'doomed' order by ${sample === undefined ? "id" : "random()"} limit $1`,
      [sample ?? null],
    );
    return rows.map(({ id, size }) => ({ id, size: Number(size) }));
  } finally {
    await client.end();
  }
}

/** A pack that was added after the manifest is checked with its own footer. */
async function readUnlisted({ place, pool }: Ports, id: PackId): Promise<{ bytes?: Uint8Array; problem?: string }> {
  if ((await place.store.stat(packKey(id))) === undefined) return { problem: `pack ${id} is missing from the backup` };
  const bytes = await place.store.get(packKey(id));
  const fault = await packFault(pool, place.keyOf, id, bytes);
  return fault === undefined ? { bytes } : { bytes, problem: `pack ${id} is damaged in the backup: ${fault}` };
}
