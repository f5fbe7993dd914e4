import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { assertWanted } from "@holdfast/object-store/call-signal";
import { scrubPackInPool } from "../format/block-tasks.ts";
import { getPack } from "../read/get-pack.ts";
import { packKey } from "../format/pack-format.ts";
import { packKeyOf } from "../format/seal.ts";
import { sealRecords, type SealedRecords } from "../write/seal-records.ts";
import { chooseShrunk, type ShrunkPack } from "./choose-shrunk.ts";
import type { CollectPorts } from "./collect-ports.ts";
import { planRewrite } from "./plan-rewrite.ts";
import { type LiveRecords, readLiveRecords } from "./read-live-records.ts";
import { switchRows } from "./switch-rows.ts";

/**
 * Moves needed records of partly dead packs into new packs. No row changes before the new pack is durable and was read
 * back. The old pack stays for its waiting period, for readers with its old rows. A crash leaves a pack without rows:
 * an orphan.
 * @param packs defaults to those that are due
 */
export async function rewritePacks(ports: CollectPorts, packs?: readonly ShrunkPack[]): Promise<void> {
  let group: LiveRecords[] = [];
  const size = { bytes: 0, records: 0 };
  for (const pack of packs ?? (await chooseShrunk(ports.cell.db))) {
    assertWanted(ports.signal);
    const live = await readLiveRecords(ports, pack);
    if (live === undefined) continue;
    const isFull =
      size.bytes + live.slab.byteLength > limits.packBytesTarget ||
      size.records + live.records.length > limits.packRecordsMax;
    if (group.length > 0 && isFull) {
      await rewriteGroup(ports, group);
      [group, size.bytes, size.records] = [[], 0, 0];
    }
    group.push(live);
    size.bytes += live.slab.byteLength;
    size.records += live.records.length;
  }
  if (group.length > 0) await rewriteGroup(ports, group);
}

async function rewriteGroup(ports: CollectPorts, group: readonly LiveRecords[]): Promise<void> {
  const { slabs, records, moves } = await planRewrite(ports, group);
  if (moves.length === 0) return;
  const made = records.length === 0 ? undefined : await putPack(ports, await sealRecords(ports, slabs, records));
  await switchRows(ports, made, moves);
  ports.crashPoint?.("rewritten rows");
  ports.log.info({ into: made?.packId ?? null, packs: group.length, blocks: moves.length }, "packs were rewritten");
}

/** @throws HoldfastError damaged if the store returns other bytes; nothing has changed then */
async function putPack(ports: CollectPorts, made: SealedRecords): Promise<SealedRecords> {
  const { cell, pool, signal, crashPoint } = ports;
  const { packId, epoch, pieces, blocks } = made;
  await cell.store.put(packKey(packId), pieces);
  crashPoint?.("rewritten pack durable");
  const pack = await getPack(cell, packId, signal);
  if (!(pack instanceof Uint8Array)) throw notReadBack(pack?.reason ?? "it does not exist");
  const rows = blocks.map(({ hash, recordIndex: index, offset: start, storedSize, sizeBytes, codec }) => {
    return { hash, index, start, storedSize, sizeBytes, codec, damaged: false };
  });
  const key = packKeyOf((await cell.keyring.keyOf(epoch)).key, packId);
  const { footer, faults } = await scrubPackInPool(pool, { pack, packId, epoch, key, rows });
  const fault = footer ?? faults.find((each) => each !== undefined);
  if (fault !== undefined) throw notReadBack(fault);
  return made;
}

function notReadBack(reason: string): HoldfastError {
  return new HoldfastError("damaged", `A rewritten pack cannot be read back and is not used: ${reason}.`);
}
