import type { Clock, Random } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { type Kysely, sql } from "kysely";
import type { CellTables } from "../../base/db/cell-tables.ts";
import { inTransaction } from "../../base/db/database.ts";
import { requireRebuild } from "../facts/cell-facts.ts";
import type { BlockLog } from "../facts/block-log.ts";
import { packPrefix } from "../format/pack-format.ts";
import type { KeyWrapping, KeyWrappings } from "./key-wrapping.ts";
import { openWrappedKeys } from "./open-wrapped-keys.ts";
import { type DataKey, unwrapSecret, wrapSecret } from "./secrets.ts";
import { keyringKey, type PlainKey, readKeyringObject, type WrappedKey, writeKeyringObject } from "./wrapped-keys.ts";

/** Keys are durable in store and database before they seal anything. */
export interface Keyring {
  /** Returns the newest key, after creating a new one if it is older than 90 days. */
  current(): Promise<DataKey>;
  /** @throws HoldfastError failed for an unknown epoch */
  keyOf(epoch: number): Promise<DataKey>;
  /** Seals a small secret of the server. Only the same label opens it. */
  wrapSecret(label: string, secret: Uint8Array): Promise<Uint8Array>;
  /** @throws HoldfastError damaged */
  unwrapSecret(label: string, wrapped: Uint8Array): Promise<Uint8Array>;
  /**
   * Checks that the store is available and belongs to this cell, by its keyring. Only then is a missing object really
   * missing.
   * @param store one of the two copies; for both together one is enough
   * @throws HoldfastError unavailable
   */
  assertStoreThere(store?: ObjectStore): Promise<void>;
  /** Reads the keys again, because another process may have created some, and creates a new one if due. */
  refresh(): Promise<void>;
  /** Creates a new data key regardless of age. Other processes use it after they read the keys again. */
  renew(): Promise<HeldKeys>;
  /** Writes the existing keys again, so that both stores have them. */
  writeAgain(): Promise<void>;
  /**
   * Wraps all data keys with the next key-encryption key, or again with the current one if there is no next. No pack
   * changes. The caller must already have stored the key durably.
   */
  rewrap(): Promise<HeldKeys>;
}

export interface HeldKeys {
  readonly epoch: number;
  readonly dataKeys: number;
}

export interface KeyringOptions {
  readonly db: Kysely<CellTables>;
  readonly store: ObjectStore;
  /** Called each time, because a rotation may have changed the wrappings. */
  readonly wrappings: () => Promise<KeyWrappings>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: BlockLog;
}

/**
 * Opens all data keys, creates the first one in a new cell, and makes database and store equal.
 * @throws HoldfastError failed if the key-encryption key does not open them
 */
export async function openKeyring(options: KeyringOptions): Promise<Keyring> {
  const ring = new CellKeyring(options);
  await ring.load();
  return ring;
}

/** true: a missing key-encryption key must not be replaced. */
export async function hasDataKeys({ db, store }: Pick<KeyringOptions, "db" | "store">): Promise<boolean> {
  return (await readDataKeyRows(db)).length > 0 || (await readKeyringObject(store)).length > 0;
}

export async function readDataKeyRows(db: Kysely<CellTables>): Promise<WrappedKey[]> {
  const rows = await db.selectFrom("cell.data_keys").selectAll().orderBy("epoch").execute();
  return rows.map(({ epoch, wrapped, created_at }) => ({ epoch, wrapped, createdAt: created_at }));
}

interface Order {
  readonly renew?: boolean;
  readonly rewrap?: boolean;
  readonly writeAgain?: boolean;
}

class CellKeyring implements Keyring {
  readonly #options: KeyringOptions;
  #keys: ReadonlyMap<number, PlainKey> = new Map();
  #loading: Promise<void> | undefined;
  #turns = 0;
  /** Lock turn in which `#keys` was read. */
  #turnKept = 0;

  constructor(options: KeyringOptions) {
    this.#options = options;
  }

  async current(): Promise<DataKey> {
    const newest = newestOf(this.#keys);
    if (newest !== undefined && !this.#isDue(newest)) return newest;
    try {
      await this.load();
    } catch (error) {
      if (newest === undefined) throw error;
      this.#options.log.warn(
        { err: error, epoch: newest.epoch },
        "a new data key could not be created; the current one stays in use",
      );
      return newest;
    }
    return newestOf(this.#keys) ?? unknownEpoch(0);
  }

  async renew(): Promise<HeldKeys> {
    return heldOf(await this.#reconcile({ renew: true }));
  }

  async rewrap(): Promise<HeldKeys> {
    return heldOf(await this.#reconcile({ rewrap: true }));
  }

  async writeAgain(): Promise<void> {
    await this.#reconcile({ writeAgain: true });
  }

  refresh(): Promise<void> {
    return this.load();
  }

  async keyOf(epoch: number): Promise<DataKey> {
    // Another instance may have created it, even since a running read began.
    for (let looks = 0; looks < 2 && !this.#keys.has(epoch); looks += 1) await this.load();
    return this.#keys.get(epoch) ?? unknownEpoch(epoch);
  }

  async wrapSecret(label: string, secret: Uint8Array): Promise<Uint8Array> {
    return wrapSecret(await this.current(), label, secret, this.#options.random(16));
  }

  unwrapSecret(label: string, wrapped: Uint8Array): Promise<Uint8Array> {
    return unwrapSecret((epoch) => this.keyOf(epoch), label, wrapped);
  }

  async assertStoreThere(store: ObjectStore = this.#options.store): Promise<void> {
    const objects = await readObject(store);
    // Not decrypted, because another process may have wrapped them with another key.
    const isOurs = objects.some(({ epoch, createdAt }) => this.#keys.get(epoch)?.createdAt === createdAt);
    if (!isOurs) throw storeAway("it does not have the keyring of this server");
  }

  load(): Promise<void> {
    this.#loading ??= this.#reconcile({})
      .then(() => undefined)
      .finally(() => (this.#loading = undefined));
    return this.#loading;
  }

  /** Unites the keys of both places, with a new epoch if due. Writes to the store before the database. */
  async #reconcile(order: Order): Promise<ReadonlyMap<number, PlainKey>> {
    let turn = 0;
    const keys = await this.#locked(async (db) => {
      turn = this.#turns += 1;
      const { store } = this.#options;
      const [rows, objects] = [await readDataKeyRows(db), await readKeyringObject(store)];
      if (objects.length === 0 && rows.length > 0) await this.#assertNotEmptied(db);
      const wrappings = await this.#options.wrappings();
      const opened = await openWrappedKeys(wrappings, rows, objects);
      // A new database with an old store: nothing may be deleted until the index is complete.
      if (rows.length === 0 && objects.length > 0 && (await hasPacks(store))) await requireRebuild(db);
      const wrapping = (order.rewrap === true ? wrappings.next : undefined) ?? opened.wrapping;
      const all = this.#withNewest(opened.keys, order);
      const isAsked = order.rewrap === true || order.writeAgain === true;
      if (all.size !== opened.keys.size || !opened.isWhole || isAsked) {
        await this.#write(db, [...all.values()], wrapping);
      }
      return all;
    });
    // Calls may end in another order than they had the lock.
    if (turn > this.#turnKept) [this.#keys, this.#turnKept] = [keys, turn];
    return keys;
  }

  #withNewest(keys: ReadonlyMap<number, PlainKey>, { renew = false }: Order): ReadonlyMap<number, PlainKey> {
    const newest = newestOf(keys);
    if (newest !== undefined && !renew && !this.#isDue(newest)) return keys;
    const { random, clock, log } = this.#options;
    const epoch = (newest?.epoch ?? 0) + 1;
    log.info({ epoch }, "a new data key was created");
    return new Map([...keys, [epoch, { epoch, key: Uint8Array.from(random(32)), createdAt: clock.nowMicros() }]]);
  }

  /**
   * If the disk is not mounted, a new keyring would turn the empty folder into the store, with all packs missing. If
   * the store is really lost, an administrator confirms it with a keyring without keys (docs/operation.md).
   */
  async #assertNotEmptied(db: Kysely<CellTables>): Promise<void> {
    const { store } = this.#options;
    const { rows } = await sql`select from cell.packs where state <> 'doomed' limit 1`.execute(db);
    if (rows.length > 0 && !(await hasPacks(store)) && (await store.stat(keyringKey)) === undefined) {
      throw storeAway("the index lists packs, but the store has neither packs nor a keyring");
    }
  }

  async #write(db: Kysely<CellTables>, keys: readonly PlainKey[], wrapping: KeyWrapping): Promise<void> {
    const wrapped: WrappedKey[] = [];
    for (const key of keys) {
      wrapped.push({ epoch: key.epoch, wrapped: await wrapping.wrap(key), createdAt: key.createdAt });
    }
    await writeKeyringObject(this.#options.store, wrapped);
    for (const { epoch, wrapped: bytes, createdAt } of wrapped) {
      await sql`insert into cell.data_keys (epoch, wrapped, created_at) values (${epoch}, ${Buffer.from(bytes)}, ${createdAt})
        on conflict (epoch) do update set wrapped = excluded.wrapped, created_at = excluded.created_at`.execute(db);
    }
  }

  #isDue({ createdAt }: PlainKey): boolean {
    return this.#options.clock.nowMicros() - createdAt >= limits.dataKeyLifetimeMs * 1000;
  }

  /** Excludes all other instances. */
  #locked<Result>(work: (db: Kysely<CellTables>) => Promise<Result>): Promise<Result> {
    return inTransaction(this.#options.db, async (transaction) => {
      await sql`select pg_advisory_xact_lock(${keyringLock})`.execute(transaction);
      return work(transaction);
    });
  }
}

/** A number that nothing else in the cell's database locks: "hf-keys" in ASCII. */
const keyringLock = "29385742839282035";

function newestOf(keys: ReadonlyMap<number, PlainKey>): PlainKey | undefined {
  return [...keys.values()].at(-1);
}

function heldOf(keys: ReadonlyMap<number, PlainKey>): HeldKeys {
  return { epoch: newestOf(keys)?.epoch ?? 0, dataKeys: keys.size };
}

export async function hasPacks(store: ObjectStore): Promise<boolean> {
  const packs = store.list(packPrefix)[Symbol.asyncIterator]();
  const { done } = await packs.next();
  await packs.return?.();
  return done !== true;
}

async function readObject(store: ObjectStore): Promise<WrappedKey[]> {
  try {
    return await readKeyringObject(store);
  } catch (error) {
    throw storeAway("its keyring cannot be read", error);
  }
}

function storeAway(what: string, cause?: unknown): HoldfastError {
  return new HoldfastError(
    "unavailable",
    `The block store is not available: ${what}. Is its disk mounted? Nothing was changed. Try again when it is back.`,
    { retryAfterSeconds: 5, cause },
  );
}

function unknownEpoch(epoch: number): never {
  throw new HoldfastError(
    "failed",
    `There is no data key of epoch ${epoch}. Restore the object "keyring" or the database.`,
  );
}
