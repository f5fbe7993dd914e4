import type { Random } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import type { BlockCell } from "./block-cell.ts";
import { sealInPool } from "./block-tasks.ts";
import type { BlockPool } from "./block-tasks.ts";
import { packIdOf, recordOffsets, tagBytes } from "./pack-format.ts";
import type { PackRecord } from "./pack.ts";
import type { PackRows } from "./pack-rows.ts";
import { packKeyOf } from "./seal.ts";

export interface RecordPorts {
  readonly cell: BlockCell;
  readonly pool: BlockPool;
  readonly random: Random;
}

/** A pack as it is to be put, and the rows that it will have. */
export interface SealedRecords extends PackRows {
  readonly pieces: readonly Uint8Array<ArrayBuffer>[];
}

/**
 * What came out of other packs is sealed, and read back, like what comes from outside: nothing depends on it before.
 * @param slabs move: they are part of the pieces
 * @throws HoldfastError internal where it does not come back
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
