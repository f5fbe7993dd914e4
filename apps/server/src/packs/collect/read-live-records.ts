import { ownBytes } from "@holdfast/codec/task";
import type { HashHex } from "@holdfast/core/ids";
import { type Kysely, sql } from "kysely";
import type { CellTables } from "../../base/db/cell-tables.ts";
import { checkStoredPack } from "../repair/check-stored-pack.ts";
import { getPack } from "../read/get-pack.ts";
import { openInPool, verifyInPool } from "../format/block-tasks.ts";
import { tagBytes } from "../format/pack-format.ts";
import type { PackId } from "../format/pack-format.ts";
import { packKeyOf } from "../format/seal.ts";
import type { SlabBlock } from "../format/slab.ts";
import type { ShrunkPack } from "./choose-shrunk.ts";
import type { CollectPorts } from "./collect-ports.ts";

/** Remaining records of a pack, all decrypted and verified. */
export interface LiveRecords {
  readonly packId: PackId;
  readonly slab: ArrayBuffer;
  readonly records: readonly SlabBlock[];
}

interface LiveRow {
  readonly hash: HashHex;
  readonly index: number;
  readonly start: number;
  readonly storedSize: number;
  readonly sizeBytes: number;
  readonly codec: "raw" | "zstd";
}

/** @returns undefined, with the fault recorded, if a record does not match its row */
export async function readLiveRecords(ports: CollectPorts, pack: ShrunkPack): Promise<LiveRecords | undefined> {
  const { cell, pool, signal } = ports;
  const rows = await liveRows(cell.db, pack.id);
  const bytes = await getPack(cell, pack.id, signal);
  if (!(bytes instanceof Uint8Array)) return leave(ports, pack);
  const key = packKeyOf((await cell.keyring.keyOf(pack.epoch)).key, pack.id);
  const records = { packId: pack.id, key, bytes: ownBytes(bytes), records: rows, plain: false };
  const { payloads } = await openInPool(pool, records);
  const opened = payloads.filter((payload) => payload !== undefined);
  if (opened.length < rows.length) return leave(ports, pack);
  const { slab, blocks } = inOneSlab(rows, opened);
  const verified = await verifyInPool(pool, slab, blocks);
  if (verified.refusals.length > 0) return leave(ports, pack);
  return { packId: pack.id, slab: verified.slab, records: blocks };
}

/** Records that wait for collection stay in place. */
async function liveRows(db: Kysely<CellTables>, packId: PackId): Promise<LiveRow[]> {
  const { rows } = await sql<LiveRow>`
    select encode(hash, 'hex') as hash, record_index as index, "offset" as start, stored_size as "storedSize", size as "sizeBytes", codec
    from cell.blocks where pack_id = ${packId}::uuid and state = 'live' and unreferenced_since is null
    order by record_index`.execute(db);
  return rows;
}

/** Records the damage now instead of at the next scrub, so that clients with the block can repair it sooner. */
async function leave({ cell, pool, clock, log, signal }: CollectPorts, pack: ShrunkPack): Promise<undefined> {
  log.error({ pack_id: pack.id }, "a pack could not be rewritten, because part of it cannot be read");
  await checkStoredPack({ cell, pool, clock, signal }, pack);
}

function inOneSlab(
  rows: readonly LiveRow[],
  payloads: readonly Uint8Array[],
): { slab: ArrayBuffer; blocks: SlabBlock[] } {
  const slab = new ArrayBuffer(payloads.reduce((sum, { length }) => sum + length + tagBytes, 0));
  let start = 0;
  const blocks: SlabBlock[] = [];
  for (const [index, { hash, sizeBytes: size, codec }] of rows.entries()) {
    const payload = payloads[index] ?? new Uint8Array(0);
    new Uint8Array(slab).set(payload, start);
    blocks.push({ hash, size, codec, start, length: payload.length });
    start += payload.length + tagBytes;
  }
  return { slab, blocks };
}
