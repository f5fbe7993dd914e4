import type { Random } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex } from "@holdfast/core/ids";
import { type Kysely, sql } from "kysely";
import { byteaArray } from "../../base/db/array-parameters.ts";
import type { CellTables } from "../../base/db/cell-tables.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { BlockLog } from "../facts/block-log.ts";
import { findWholeElsewhere } from "../index/block-rows.ts";
import { scrubPackInPool } from "../format/block-tasks.ts";
import { getPack } from "../read/get-pack.ts";
import type { CheckedPack, CheckedRow, CheckPorts, PackCheck } from "./check-stored-pack.ts";
import { isNeeded } from "../index/needed-copies.ts";
import { type PackId, packKey, recordOffsets, tagBytes } from "../format/pack-format.ts";
import { openRecords, sealEnds } from "../format/pack.ts";
import { insertPackRows } from "../index/pack-rows.ts";
import { packKeyOf } from "../format/seal.ts";
import { type SealedRecords, sealRecords } from "../write/seal-records.ts";

export interface RepairPorts extends CheckPorts {
  readonly random: Random;
  readonly log: BlockLog;
}

/** `needless`: nothing depends on the pack anymore. */
export type Repair = "repaired" | "needless" | "impossible";

/**
 * Makes the readable parts of a pack with a damaged header or footer findable without the index. Restores its header
 * and footer, or moves its whole blocks to another pack.
 */
export async function repairPack(ports: RepairPorts, pack: CheckedPack, check: PackCheck): Promise<Repair> {
  if (check.missing) return "impossible";
  try {
    const bytes = await getPack(ports.cell, pack.id, ports.signal);
    if (!(bytes instanceof Uint8Array)) return "impossible";
    const isWhole = check.rows.length > 0 && check.faults.every((fault) => fault === undefined);
    if (isWhole && (await restoreEnds(ports, pack, check.rows, bytes))) return "repaired";
    return await moveWhole(ports, pack, check, bytes);
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    ports.log.warn({ pack_id: pack.id, reason: error.message }, "a pack could not be repaired");
    return "impossible";
  }
}

/**
 * The same key and nonce are only safe for identical content, so every entry must have been proved by its record: only
 * its index, size and codec decrypt it, and its hash matches.
 */
async function restoreEnds(
  { cell, pool, log }: RepairPorts,
  { id: packId, epoch }: CheckedPack,
  rows: readonly CheckedRow[],
  bytes: Uint8Array,
): Promise<boolean> {
  const storedLengths = Uint32Array.from(rows, ({ storedSize }) => storedSize);
  const offsets = recordOffsets(storedLengths);
  // The index has only one record of a repeated hash.
  if (rows.some(({ index, start }, at) => index !== at || start !== offsets[at])) return false;
  const key = packKeyOf((await cell.keyring.keyOf(epoch)).key, packId);
  const { head, footer } = sealEnds({ packId, epoch, key, storedLengths, entries: rows });
  const restored = Buffer.concat([head, bytes.subarray(head.length, offsets.at(-1)), footer]);
  const proof = await scrubPackInPool(pool, { pack: Uint8Array.from(restored), packId, epoch, key, rows });
  if (proof.footer !== undefined || proof.faults.some((fault) => fault !== undefined)) return false;
  await cell.store.put(packKey(packId), restored);
  log.warn({ pack_id: packId }, "the header and footer of a pack were repaired");
  return true;
}

/** A pack with damaged records cannot be verified, so the id is new. Holders stay, because they refer to hashes. */
async function moveWhole(
  ports: RepairPorts,
  { id, epoch }: CheckedPack,
  { rows, faults }: PackCheck,
  bytes: Uint8Array,
): Promise<Repair> {
  const { cell, clock, log } = ports;
  const whole = rows.filter((_, index) => faults[index] === undefined);
  const elsewhere = await findWholeElsewhere(
    cell.db,
    id,
    whole.map(({ hex }) => hex),
  );
  const owned = await findOwned(cell.db, id);
  const wanted = whole.filter(({ hex }) => !elsewhere.has(hex) || owned.has(hex));
  if (wanted.length === 0) return rows.length > 0 ? "needless" : "impossible";
  const oldKey = packKeyOf((await cell.keyring.keyOf(epoch)).key, id);
  const payloads = openRecords({
    packId: id,
    key: oldKey,
    bytes: Uint8Array.from(bytes),
    records: wanted,
    plain: false,
  });
  const packed = await packOf(ports, wanted, payloads);
  await cell.store.put(packKey(packed.packId), packed.pieces);
  const now = clock.nowMicros();
  await inTransaction(cell.db, async (transaction) => {
    await insertPackRows(transaction, packed, { now, unreferencedSince: null });
    await giveToHolders(transaction, { from: id, to: packed.packId, hashes: wanted.map(({ hash }) => hash), now });
  });
  log.warn(
    { pack_id: id, into: packed.packId, blocks: wanted.length },
    "the undamaged blocks of a damaged pack were moved",
  );
  return "repaired";
}

/** Locks holders in the same order as `insertPack`. */
async function giveToHolders(
  transaction: Kysely<CellTables>,
  { from, to, hashes, now }: { from: PackId; to: PackId; hashes: readonly Uint8Array[]; now: number },
): Promise<void> {
  await sql`
    with locked as (
      select hash, space_id from cell.holders where pack_id = ${from}::uuid and hash = any(${byteaArray(hashes)})
      order by hash, space_id for no key update
    )
    update cell.holders as holder set pack_id = ${to}::uuid
    from locked where holder.hash = locked.hash and holder.space_id = locked.space_id`.execute(transaction);
  await sql`update cell.blocks as block set unreferenced_since = ${now}::int8 where pack_id = ${to}::uuid
    and not ${isNeeded}`.execute(transaction);
}

async function findOwned(db: Kysely<CellTables>, packId: PackId): Promise<Set<HashHex>> {
  const { rows } = await sql<{ hash: HashHex }>`
    select distinct encode(holder.hash, 'hex') as hash
    from cell.blocks as block join cell.holders as holder on holder.hash = block.hash and holder.pack_id = block.pack_id
    where block.pack_id = ${packId}::uuid`.execute(db);
  return new Set(rows.map(({ hash }) => hash));
}

/** @throws HoldfastError if the sealed pack cannot be read back */
async function packOf(
  ports: RepairPorts,
  rows: readonly CheckedRow[],
  payloads: readonly (Uint8Array | undefined)[],
): Promise<SealedRecords> {
  // Older versions may have stored an empty frame after the payload.
  const whole = payloads.map((payload) => payload ?? missingRecord());
  const slab = new ArrayBuffer(whole.reduce((sum, { length }) => sum + length + tagBytes, 0));
  let start = 0;
  const records = rows.map(({ hash, sizeBytes, codec }, index) => {
    const payload = whole[index] ?? missingRecord();
    new Uint8Array(slab, start).set(payload);
    const record = { hash, sizeBytes, codec, slab: 0, start, length: payload.length };
    start += payload.length + tagBytes;
    return record;
  });
  return sealRecords(ports, [slab], records);
}

function missingRecord(): never {
  throw new HoldfastError("unavailable", "A record that was intact can no longer be decrypted.");
}
