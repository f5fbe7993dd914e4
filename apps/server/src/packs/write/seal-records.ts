import type { Random } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import type { BlockCell } from "../cells/block-cell.ts";
import { sealInPool } from "../format/block-tasks.ts";
import type { BlockPool } from "../format/block-tasks.ts";
import { packIdOf, recordOffsets, tagBytes } from "../format/pack-format.ts";
import type { PackRecord } from "../format/pack.ts";
import type { PackRows } from "../index/pack-rows.ts";
import { packKeyOf } from "../format/seal.ts";

export interface RecordPorts {
  readonly cell: BlockCell;
  readonly pool: BlockPool;
  readonly random: Random;
}

export interface SealedRecords extends PackRows {
  readonly pieces: readonly Uint8Array<ArrayBuffer>[];
}

/**
 * Reads the records back, like new blocks.
 * @param slabs are transferred, and become part of the pieces
 * @throws HoldfastError internal if a record cannot be read back
 */
export async function sealRecords(
  { cell, pool, random }: RecordPorts,
  slabs: readonly ArrayBuffer[],
  records: readonly PackRecord[],
): Promise<SealedRecords> {
  const packId = packIdOf(random(16));
  const { epoch, key } = await cell.keyring.current();
  const offsets = recordOffsets(records.map(({ length }) => length + tagBytes));
  const { pieces, faults } = await sealInPool(pool, { packId, epoch, key: packKeyOf(key, packId), slabs, records });
  if (faults[0] !== undefined) throw new HoldfastError("internal", `After encryption, ${faults[0].reason}.`);
  return {
    packId,
    epoch,
    pieces,
    sizeBytes: pieces.reduce((sum, piece) => sum + piece.length, 0),
    blocks: records.map(({ hash, sizeBytes, codec, length }, recordIndex) => {
      return { hash, sizeBytes, codec, recordIndex, offset: offsets[recordIndex] ?? 0, storedSize: length + tagBytes };
    }),
  };
}
