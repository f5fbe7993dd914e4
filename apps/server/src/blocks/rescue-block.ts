import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex } from "@holdfast/core/ids";
import { findPlaces, markDamaged } from "./block-rows.ts";
import type { BlockPlace } from "./block-rows.ts";
import type { StoredBlock } from "./block-service.ts";
import { findFilesTouching } from "./files-touching.ts";
import { openRange, toBlock } from "./open-range.ts";
import type { Reader } from "./open-range.ts";

/**
 * Reads a block whose first reading failed. Each time the rows are looked up anew, since its pack may just have been
 * rewritten; a copy that fails twice is marked as damaged, and the next one is tried.
 * @throws HoldfastError damaged when no copy is left
 */
export async function rescueBlock(reader: Reader, hash: HashHex): Promise<StoredBlock> {
  const failures = new Map<string, number>();
  for (;;) {
    const place = ((await findPlaces(reader.cell.db, [hash])).get(hash) ?? []).find(
      ({ packId }) => (failures.get(packId) ?? 0) < 2,
    );
    if (place === undefined) throw await lostError(reader, hash);
    const payload = await openAlone(reader, place);
    if (payload !== undefined) return toBlock(reader, place, payload);
    const count = (failures.get(place.packId) ?? 0) + 1;
    failures.set(place.packId, count);
    if (count >= 2) await noteDamage(reader, place);
  }
}

async function openAlone(reader: Reader, place: BlockPlace): Promise<Uint8Array | undefined> {
  const { packId, epoch, offset, storedSize } = place;
  try {
    const range = { packId, epoch, start: offset, end: offset + storedSize, places: [place] };
    return (await openRange(reader, range)).payloads[0];
  } catch (error) {
    if (error instanceof HoldfastError && (error.code === "not_found" || error.code === "range")) return undefined;
    throw error;
  }
}

async function noteDamage({ cell, shards, log }: Reader, { hash, packId }: BlockPlace): Promise<void> {
  if (!(await markDamaged(cell.db, { hash, packId }))) return;
  const files = (await findFilesTouching(shards, cell.db, [hash])).get(hash) ?? [];
  log.error({ hash, pack_id: packId, files }, "a stored block is damaged");
}

/** The caller learns which of the files of this space are touched, and of no other. */
async function lostError({ cell, shards, spaceId }: Reader, hash: HashHex): Promise<HoldfastError> {
  const files = (await findFilesTouching(shards, cell.db, [hash], spaceId)).get(hash) ?? [];
  return new HoldfastError(
    "damaged",
    "A block of this file is damaged in the store. A device that has the file heals it by uploading it again; or restore it from a backup.",
    { body: { hash, files: files.map(({ path }) => path) } },
  );
}
