import { HoldfastError } from "@holdfast/core/errors";
import type { Keyring } from "../../packs/keys/keyring.ts";
import { type BlockPool, scrubPackInPool } from "../../packs/format/block-tasks.ts";
import { openFooter } from "../../packs/format/pack.ts";
import { type PackId, parseHeader } from "../../packs/format/pack-format.ts";
import { rowsOfIndex } from "../../packs/index/pack-index.ts";
import { packKeyOf } from "../../packs/format/seal.ts";

/**
 * Checks every seal and the hash of every block by the pack's own footer. The bytes stay unchanged.
 * @returns the fault
 */
export async function packFault(
  pool: BlockPool,
  keyOf: Keyring["keyOf"],
  packId: PackId,
  bytes: Uint8Array,
): Promise<string | undefined> {
  try {
    const { epoch, footerLength } = parseHeader(bytes, bytes.length);
    const key = packKeyOf((await keyOf(epoch)).key, packId);
    const index = openFooter(bytes, bytes.subarray(bytes.length - footerLength), bytes.length, { packId, key });
    const rows = rowsOfIndex(index, bytes.length).blocks.map(
      ({ hash, sizeBytes, storedSize, codec, recordIndex, offset }) => {
        return { hash, sizeBytes, storedSize, codec, index: recordIndex, start: offset, damaged: false };
      },
    );
    const { footer, faults } = await scrubPackInPool(pool, { pack: Uint8Array.from(bytes), packId, epoch, key, rows });
    return footer ?? faults.find((fault) => fault !== undefined);
  } catch (error) {
    if (error instanceof HoldfastError && ["damaged", "failed"].includes(error.code)) return error.message;
    throw error;
  }
}
