import { HoldfastError } from "@holdfast/core/errors";
import type { KeyWrapping, KeyWrappings } from "./key-wrapping.ts";
import type { PlainKey, UnwrappedKey, WrappedKey } from "./wrapped-keys.ts";

export interface OpenedKeys {
  readonly keys: ReadonlyMap<number, PlainKey>;
  /** The next key as soon as it has wrapped anything, so that a rotation is never reverted. */
  readonly wrapping: KeyWrapping;
  /** Both places contain all keys in the current format. */
  readonly isWhole: boolean;
}

/**
 * Each epoch must open from at least one place: an interrupted rotation may have used a key that is unavailable now. A
 * key that does not open must have the same creation time as the one that does, so that another installation's keyring
 * is never overwritten.
 * @throws HoldfastError failed if a key-encryption key is missing, or the places belong to two installations
 */
export async function openWrappedKeys(
  wrappings: KeyWrappings,
  rows: readonly WrappedKey[],
  objects: readonly WrappedKey[],
): Promise<OpenedKeys> {
  const [ofRows, ofObjects] = [await openAll(wrappings, rows), await openAll(wrappings, objects)];
  const keys = unite([...ofRows, ...ofObjects]);
  assertOneInstallation(keys, ofRows, ofObjects, "Start with the database and the key that belong to this store.");
  assertOneInstallation(keys, ofObjects, ofRows, ownStoreAdvice);
  const isByNext = [...ofRows, ...ofObjects].some(({ by }) => by !== undefined && by === wrappings.next);
  const wrapping = (isByNext ? wrappings.next : undefined) ?? wrappings.current;
  const isWhole = [ofRows, ofObjects].every(
    (place) =>
      place.length === keys.size &&
      place.every(
        ({ by, opened, kept }) =>
          by === wrapping && opened?.isUntimed === false && keys.get(kept.epoch)?.createdAt === kept.createdAt,
      ),
  );
  return { keys, wrapping, isWhole };
}

interface Tried {
  readonly kept: WrappedKey;
  readonly opened: UnwrappedKey | undefined;
  readonly by: KeyWrapping | undefined;
}

async function openAll(wrappings: KeyWrappings, place: readonly WrappedKey[]): Promise<Tried[]> {
  const tried: Tried[] = [];
  for (const kept of place) tried.push(await openOne(wrappings, kept));
  return tried;
}

async function openOne({ current, next, retired }: KeyWrappings, kept: WrappedKey): Promise<Tried> {
  for (const by of [current, ...(next === undefined ? [] : [next]), ...retired]) {
    const opened = await by.unwrap(kept);
    if (opened !== undefined) return { kept, opened, by };
  }
  return { kept, opened: undefined, by: undefined };
}

/** Without an authenticated time, the earlier one counts, so that a new key is not late. */
function unite(tried: readonly Tried[]): Map<number, PlainKey> {
  const keys = new Map<number, PlainKey & { readonly isUntimed: boolean }>();
  for (const { kept, opened } of tried) {
    if (opened === undefined) continue;
    const known = keys.get(kept.epoch);
    if (known !== undefined && Buffer.compare(known.key, opened.key) !== 0)
      throw twoKeyrings(kept.epoch, ownStoreAdvice);
    const isBetter =
      known === undefined ||
      (known.isUntimed && !opened.isUntimed) ||
      (known.isUntimed === opened.isUntimed && kept.createdAt < known.createdAt);
    if (isBetter) keys.set(kept.epoch, { ...kept, ...opened });
  }
  return new Map(
    [...keys]
      .toSorted(([left], [right]) => left - right)
      .map(([epoch, { key, createdAt }]) => [epoch, { epoch, key, createdAt }]),
  );
}

function assertOneInstallation(
  keys: ReadonlyMap<number, PlainKey>,
  place: readonly Tried[],
  other: readonly Tried[],
  advice: string,
): void {
  for (const { kept, opened } of place) {
    if (opened !== undefined) continue;
    if (!keys.has(kept.epoch)) throw wrongKey(kept.epoch);
    const same = other.find((each) => each.opened !== undefined && each.kept.epoch === kept.epoch);
    if (same?.kept.createdAt !== kept.createdAt) throw twoKeyrings(kept.epoch, advice);
  }
}

function wrongKey(epoch: number): HoldfastError {
  return new HoldfastError(
    "failed",
    `The key-encryption key does not open the data key of epoch ${epoch}, so the stored data cannot be read. Nothing was ` +
      "changed. Restore the file key-encryption-key (or the variable HOLDFAST_KEY_ENCRYPTION_KEY) that this server was set up " +
      "with, or that the last 'holdfast admin rotate-keys' created.",
  );
}

function twoKeyrings(epoch: number, advice: string): HoldfastError {
  return new HoldfastError(
    "failed",
    `The database and the block store have different data keys for epoch ${epoch}: they belong to two installations, or the ` +
      `keyring of one was replaced. Nothing was changed. ${advice}`,
  );
}

const ownStoreAdvice =
  'Start with the store that belongs to this database; if it is that one, put its object "keyring" elsewhere, and the next start ' +
  "writes it again from the database.";
