import { decodeFrame } from "@holdfast/codec/codec";
import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import type { HashHex } from "@holdfast/core/ids";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { StoreCopy } from "@holdfast/object-store/store-copy";
import { copiesOf } from "@holdfast/object-store/two-stores";
import { findPlaces, markDamaged, markWhole } from "../index/block-rows.ts";
import type { BlockPlace } from "../index/block-rows.ts";
import type { StoredBlock } from "./stored-block.ts";
import { findFilesTouching, type TouchedFile } from "../index/files-touching.ts";
import { isUnread, openRangeIfThere, toBlock } from "./open-range.ts";
import type { Reader } from "./open-range.ts";
import { packKey } from "../format/pack-format.ts";

/** @throws HoldfastError also damaged if no copy is left, with the affected files */
export async function rescueBlock(reader: Reader, hash: HashHex): Promise<StoredBlock> {
  const whole = await findWholeCopy(reader, hash);
  if (whole !== undefined) return whole;
  throw await lostError(reader, hash);
}

/**
 * Reads a block whose first read failed. Each attempt reads the rows again, because the pack may just have been
 * rewritten. A copy that fails twice is marked as damaged, and the next one is tried; at the end, copies found damaged
 * earlier. A copy with a disk error is skipped and stays unchanged.
 * @returns undefined if no copy is left
 * @throws HoldfastError unavailable if a remaining copy cannot be read now, or the store itself is unavailable, which
 * damages nothing
 */
export async function findWholeCopy(reader: Reader, hash: HashHex): Promise<StoredBlock | undefined> {
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
  if (unread !== undefined) throw unread;
  return undefined;
}

/**
 * Reads a copy from each store. A missing record only counts if its store is available, checked after the read, so that
 * a store that disappears does not damage blocks.
 * @returns undefined if the store has no such record; the error if an available store cannot read it
 */
async function openAlone(reader: Reader, place: BlockPlace): Promise<Uint8Array | HoldfastError | undefined> {
  const [first, ...others] = copiesOf(reader.cell.store);
  const opened = await openIn(reader, first ?? reader.cell.store, place);
  if (opened instanceof Uint8Array || others.length === 0) return opened;
  let unread = opened;
  for (const store of others) {
    const fromOther = await openIn(reader, store, place);
    if (fromOther instanceof Uint8Array) {
      // A store that is merely unavailable does not lack the pack.
      if (opened === undefined && first instanceof StoreCopy) first.lacks(packKey(place.packId));
      return fromOther;
    }
    unread ??= fromOther;
  }
  return unread;
}

/**
 * Reads from one of the two stores of a cell, or the only one. If one of two is unavailable, the block counts as unread
 * there.
 */
async function openIn(
  reader: Reader,
  store: ObjectStore,
  place: BlockPlace,
): Promise<Uint8Array | HoldfastError | undefined> {
  const { packId, epoch, offset, storedSize } = place;
  const range = { packId, epoch, start: offset, end: offset + storedSize, places: [place] };
  const { keyring } = reader.cell;
  const inStore = { ...reader, cell: { ...reader.cell, store } };
  try {
    const opened = await openRangeIfThere(inStore, range);
    if (opened === undefined) await keyring.assertStoreThere(store);
    return opened?.payloads[0];
  } catch (error) {
    if (!isUnread(error)) throw error;
    if (store === reader.cell.store) await keyring.assertStoreThere(store);
    return error;
  }
}

/** Checks the hash too, because this copy failed before. */
async function revive(reader: Reader, place: BlockPlace): Promise<StoredBlock | undefined> {
  const payload = await openAlone(reader, place);
  if (payload === undefined || payload instanceof HoldfastError) return undefined;
  const { hash, packId } = place;
  const block = toBlock(reader, place, payload);
  if (!isWhole(block)) return undefined;
  await markWhole(reader.cell.db, packId, [hash]);
  reader.log.warn({ hash, pack_id: packId }, "a damaged block can be read again");
  return block;
}

export function isWhole({ hash, codec, payload, sizeBytes }: StoredBlock): boolean {
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

/**
 * Only the owner receives the affected files, and only those of this space. Others could learn names that are not
 * shared with them, and where else known content is stored.
 */
async function lostError({ cell, shards, spaceId, asOwner }: Reader, hash: HashHex): Promise<HoldfastError> {
  const touched = asOwner
    ? await findFilesTouching(shards, cell.db, [hash], spaceId)
    : new Map<HashHex, TouchedFile[]>();
  const files = touched.get(hash) ?? [];
  return new HoldfastError("damaged", damagedMessage, { body: { hash, files: files.map(({ path }) => path) } });
}

export const damagedMessage =
  "A block of this file is damaged in the store. Any device that syncs the file repairs it automatically; otherwise upload the same file to the same path with 'holdfast put', or restore it from a backup.";
