import { decodeFrame } from "@holdfast/codec/codec";
import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import type { HashHex } from "@holdfast/core/ids";
import { findPlaces, markDamaged, markWhole } from "./block-rows.ts";
import type { BlockPlace } from "./block-rows.ts";
import type { StoredBlock } from "./block-service.ts";
import { findFilesTouching } from "./files-touching.ts";
import { isUnread, openRangeIfThere, toBlock } from "./open-range.ts";
import type { Reader } from "./open-range.ts";

/**
 * Reads a block whose first reading failed. Each time the rows are looked up anew, since its pack may just have been
 * rewritten; a copy that fails twice is marked as damaged, and the next one is tried. Where none is left, those that were found
 * damaged before are tried too. A copy at which the disk fails is passed over, and stays what it was.
 * @throws HoldfastError damaged when no copy is left; unavailable where one is left that cannot be read just now, and while the store itself
 *   is not there, which damages nothing
 */
export async function rescueBlock(reader: Reader, hash: HashHex): Promise<StoredBlock> {
  const failures = new Map<string, number>();
  let unread: HoldfastError | undefined;
  for (;;) {
    const place = ((await findPlaces(reader.cell.db, reader.spaceId, [hash])).get(hash) ?? []).find(
      ({ packId }) => (failures.get(packId) ?? 0) < 2,
    );
    if (place === undefined) break;
    const payload = await openAlone(reader, place);
    if (payload instanceof HoldfastError) {
      unread = payload;
      failures.set(place.packId, 2);
      continue;
    }
    if (payload !== undefined) return toBlock(reader, place, payload);
    const count = (failures.get(place.packId) ?? 0) + 1;
    failures.set(place.packId, count);
    if (count >= 2) await noteDamage(reader, place);
  }
  for (const place of (await findPlaces(reader.cell.db, reader.spaceId, [hash], ["damaged"])).get(hash) ?? []) {
    const block = failures.has(place.packId) ? undefined : await revive(reader, place);
    if (block !== undefined) return block;
  }
  throw unread ?? (await lostError(reader, hash));
}

/**
 * What is not found means something only in a store that is there: before it is read for the last time, and after that too, or one
 * that went away in between would damage what it holds.
 * @returns undefined where the store has no such record; what went wrong where a store that is there cannot give it
 */
async function openAlone(reader: Reader, place: BlockPlace): Promise<Uint8Array | HoldfastError | undefined> {
  const { packId, epoch, offset, storedSize } = place;
  const range = { packId, epoch, start: offset, end: offset + storedSize, places: [place] };
  try {
    const opened = await openRangeIfThere(reader, range);
    if (opened === undefined) await reader.cell.keyring.assertStoreThere();
    return opened?.payloads[0];
  } catch (error) {
    if (!isUnread(error)) throw error;
    await reader.cell.keyring.assertStoreThere();
    return error;
  }
}

/** The seal alone would do for what was sealed right; this copy has failed before. */
async function revive(reader: Reader, place: BlockPlace): Promise<StoredBlock | undefined> {
  const payload = await openAlone(reader, place);
  if (payload === undefined || payload instanceof HoldfastError) return undefined;
  const { hash, packId } = place;
  const block = toBlock(reader, place, payload);
  if (!isWhole(block)) return undefined;
  await markWhole(reader.cell.db, packId, [hash]);
  reader.log.warn({ hash, pack_id: packId }, "a block that was damaged can be read again");
  return block;
}

function isWhole({ hash, codec, payload, sizeBytes }: StoredBlock): boolean {
  try {
    return sha256(decodeFrame(codec, payload, sizeBytes)) === hash;
  } catch (error) {
    if (error instanceof HoldfastError) return false;
    throw error;
  }
}

async function noteDamage({ cell, shards, clock, log }: Reader, { hash, packId }: BlockPlace): Promise<void> {
  if (!(await markDamaged(cell.db, { hash, packId }, clock.nowMicros()))) return;
  const files = (await findFilesTouching(shards, cell.db, [hash])).get(hash) ?? [];
  log.error({ hash, pack_id: packId, files }, "a stored block is damaged");
}

/** The caller learns which of the files of this space are touched, and of no other. */
async function lostError({ cell, shards, spaceId }: Reader, hash: HashHex): Promise<HoldfastError> {
  const files = (await findFilesTouching(shards, cell.db, [hash], spaceId)).get(hash) ?? [];
  return new HoldfastError("damaged", damagedMessage, { body: { hash, files: files.map(({ path }) => path) } });
}

/** What to do about it; docs/operation.md says more. */
export const damagedMessage =
  "A block of this file is damaged in the store. Whoever has the file heals it: a device that syncs it by itself, others by 'holdfast put' of it to the same path. Else restore it from a backup.";
