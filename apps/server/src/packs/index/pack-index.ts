import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { copiesOf } from "@holdfast/object-store/two-stores";
import type { BlockCell } from "../cells/block-cell.ts";
import type { ListedPack } from "./list-packs.ts";
import { headerLength, packKey, parseHeader } from "../format/pack-format.ts";
import type { PackId } from "../format/pack-format.ts";
import { openFooter } from "../format/pack.ts";
import type { PackIndex } from "../format/pack.ts";
import type { PackRows } from "./pack-rows.ts";
import { packKeyOf } from "../format/seal.ts";

/**
 * @throws HoldfastError damaged if header or footer is invalid, the pack disappeared since it was listed, or the disk
 * fails; unavailable if the store itself is not available
 */
export async function readPackIndex(cell: BlockCell, pack: ListedPack): Promise<PackIndex> {
  try {
    return await readIndexOf(cell, pack);
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== "damaged") throw error;
    for (const store of copiesOf(cell.store).slice(1)) {
      const index = await readUnlessDamaged({ ...cell, store }, pack);
      if (index !== undefined) return index;
    }
    throw error;
  }
}

async function readUnlessDamaged(cell: BlockCell, pack: ListedPack): Promise<PackIndex | undefined> {
  try {
    return await readIndexOf(cell, pack);
  } catch (error) {
    if (error instanceof HoldfastError && error.code === "damaged") return undefined;
    throw error;
  }
}

async function readIndexOf(cell: BlockCell, { packId, sizeBytes }: ListedPack): Promise<PackIndex> {
  // A store returns no range of an empty object.
  if (sizeBytes === 0 || sizeBytes > limits.packBytesMax) {
    throw new HoldfastError("damaged", `The pack cannot be read: it has ${sizeBytes} bytes.`);
  }
  const head = await getPart(cell, packId, { start: 0, end: Math.min(sizeBytes, headBytesMax) });
  const { epoch, footerLength } = parseHeader(head, sizeBytes);
  const footer = await getPart(cell, packId, { start: sizeBytes - footerLength, end: sizeBytes });
  return openFooter(head, footer, sizeBytes, { packId, key: packKeyOf(await dataKeyOf(cell.keyring, epoch), packId) });
}

async function getPart(
  { store, keyring }: BlockCell,
  packId: PackId,
  range: { readonly start: number; readonly end: number },
): Promise<Uint8Array> {
  try {
    return await store.get(packKey(packId), { range });
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    await keyring.assertStoreThere(store);
    const isGone = error.code === "not_found" || error.code === "range";
    const problem = isGone ? "it is missing, or shorter than before" : "a disk or network error";
    throw new HoldfastError("damaged", `The pack cannot be read: ${problem}.`, { cause: error });
  }
}

const headBytesMax = headerLength(limits.packRecordsMax);

export function rowsOfIndex({ header, entries, offsets }: PackIndex, sizeBytes: number): PackRows {
  const blocks = entries.map(({ hash, sizeBytes: size, codec }, recordIndex) => ({
    hash,
    sizeBytes: size,
    codec,
    recordIndex,
    offset: offsets[recordIndex] ?? 0,
    storedSize: header.storedLengths[recordIndex] ?? 0,
  }));
  return { packId: header.packId, epoch: header.epoch, sizeBytes, blocks };
}

/** An unknown epoch makes only this pack unreadable. */
async function dataKeyOf(keyring: BlockCell["keyring"], epoch: number): Promise<Uint8Array> {
  try {
    return (await keyring.keyOf(epoch)).key;
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== "failed") throw error;
    throw new HoldfastError("damaged", `The pack cannot be read: ${error.message}`, { cause: error });
  }
}
