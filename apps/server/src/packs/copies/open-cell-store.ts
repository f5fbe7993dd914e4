import { HoldfastError } from "@holdfast/core/errors";
import type { Sleep } from "@holdfast/object-store/call-signal";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { isS3Location } from "@holdfast/object-store/s3-location";
import { StoreCopy } from "@holdfast/object-store/store-copy";
import { makeTwoStores, type StorePolicy, type TwoStores } from "@holdfast/object-store/two-stores";
import { type Kysely, sql } from "kysely";
import type { BlockLog } from "../facts/block-log.ts";
import { keyringKey, readKeyringObject } from "../keys/wrapped-keys.ts";
import type { CellTables } from "../../base/db/cell-tables.ts";
import { guardFolder } from "./guard-folder.ts";
import { doubtOthers, readKnownCopies } from "./known-copies.ts";
import { owe, oweFound } from "./debts.ts";

export interface CellStoreOptions {
  readonly db: Kysely<CellTables>;
  /** One or two locations: folders or `s3://…`. */
  readonly places: readonly string[];
  readonly policy: StorePolicy;
  readonly open: (place: string) => Promise<ObjectStore>;
  /** Microseconds since 1970. */
  readonly nowMicros: () => number;
  readonly monotonicMs: () => number;
  readonly sleep: Sleep;
  readonly log: BlockLog;
  /** Maximum wait for a store while the other one could respond. */
  readonly patienceMs?: number;
}

/** Opens a cell's store, or its two stores as one. @throws HoldfastError failed if one belongs to another server */
export async function openCellStore(given: CellStoreOptions): Promise<ObjectStore> {
  const { db, places } = given;
  const open = (place: string): Promise<ObjectStore> => openGuarded(given, place);
  const options = { ...given, open };
  // Before the first migration, nothing is known and nothing may be written.
  const isMigrated = await hasTable(db, "cell.copies");
  if (isMigrated) await doubtOthers(db, places);
  const [first, second] = places;
  if (first === undefined) throw new HoldfastError("internal", "A cell has no store.");
  if (second === undefined) return open(first);
  if (first === second) {
    throw new HoldfastError(
      "usage",
      `The second store is the same as the first, ${first}. Choose another location, or omit it.`,
    );
  }
  const known = isMigrated ? await readKnownCopies(db) : new Map<string, number | null>();
  const copies = [makeCopy(options, first, known), makeCopy(options, second, known)] as const;
  await Promise.all(copies.map((copy) => copy.look()));
  await assertOfThisCell(db, copies);
  return makeTwoStores({
    copies,
    policy: options.policy,
    owe: (debts) => owe(db, debts, options.nowMicros()),
    patienceMs: options.patienceMs ?? patienceMsUsual,
    sleep: options.sleep,
  });
}

async function openGuarded({ db, open }: CellStoreOptions, place: string): Promise<ObjectStore> {
  const store = await open(place);
  if (isS3Location(place)) return store;
  return guardFolder(store, place, async () => !isStrange(await keysIn(store), await keysOf(db)));
}

async function hasTable(db: Kysely<CellTables>, table: string): Promise<boolean> {
  const { rows } = await sql<{ there: boolean }>`select to_regclass(${table}) is not null as there`.execute(db);
  return rows[0]?.there === true;
}

/** Far longer than a slow store takes. */
const patienceMsUsual = 10_000;

function makeCopy(options: CellStoreOptions, place: string, known: ReadonlyMap<string, unknown>): StoreCopy {
  const { db, open, log, sleep, monotonicMs, nowMicros } = options;
  const noteLack = async (copy: StoreCopy, key: string): Promise<void> => {
    const sizeBytes = (await copy.stat(key))?.sizeBytes ?? 0;
    const isNews = (await oweFound(db, [{ store: place, key, deed: "copy", sizeBytes }], nowMicros())) > 0;
    if (isNews)
      log.warn({ store: place, key }, "an object is missing or damaged in one store and is copied from the other");
  };
  return new StoreCopy({
    name: place,
    open: () => open(place),
    proofKey: keyringKey,
    assertOwn: async (store) => {
      const ours = await keysOf(db);
      if (isStrange(await keysIn(store), ours)) throw strangeStore(place);
    },
    isNew: !known.has(place),
    patienceMs: options.patienceMs ?? patienceMsUsual,
    sleep,
    monotonicMs,
    onChange: (_copy, reason) => {
      if (reason === undefined) log.info({ store: place }, "a store is available again");
      else log.error({ store: place, reason: reason.message }, "a store is unavailable; the other one is used");
    },
    onLack: (copy, key) => {
      noteLack(copy, key).catch((error: unknown) =>
        log.warn({ err: error, key }, "a missing object of a store could not be recorded"),
      );
    },
  });
}

/** Runs before any write. Otherwise, two servers with swapped stores would replace each other's keys. */
async function assertOfThisCell(db: Kysely<CellTables>, copies: TwoStores["copies"]): Promise<void> {
  const ours = await keysOf(db);
  for (const copy of copies) {
    if (copy.isAway) continue;
    const keys = await keysIn(copy);
    if (isStrange(keys, ours)) throw strangeStore(copy.name);
    for (const key of keys) ours.add(key);
  }
}

/** Reads the cell's known data keys. */
async function keysOf(db: Kysely<CellTables>): Promise<Set<string>> {
  const rows = (await hasTable(db, "cell.data_keys"))
    ? await db.selectFrom("cell.data_keys").select(["epoch", "created_at"]).execute()
    : [];
  return new Set(rows.map(({ epoch, created_at }) => `${epoch} ${created_at}`));
}

function isStrange(keys: readonly string[], ours: ReadonlySet<string>): boolean {
  return keys.length > 0 && ours.size > 0 && !keys.some((key) => ours.has(key));
}

/** @returns an empty list without a readable keyring; then it is replaced by that of the other store */
async function keysIn(store: ObjectStore): Promise<string[]> {
  try {
    return (await readKeyringObject(store)).map(({ epoch, createdAt }) => `${epoch} ${createdAt}`);
  } catch (error) {
    if (error instanceof HoldfastError) return [];
    throw error;
  }
}

function strangeStore(place: string): HoldfastError {
  return new HoldfastError(
    "failed",
    `The store ${place} has the keyring of another server. Nothing was changed. Choose an empty location, or the store of this server.`,
  );
}
