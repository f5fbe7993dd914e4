import type { Clock, Random } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { type Kysely, sql } from "kysely";
import type { CellTables } from "../db/cell-tables.ts";
import { inTransaction } from "../db/database.ts";
import { requireRebuild } from "./cell-facts.ts";
import type { BlockLog } from "./block-cell.ts";
import { packPrefix } from "./pack-format.ts";
import { unwrapSecret, wrapSecret } from "./secrets.ts";
import { keyringKey, readKeyringObject, unwrapDataKey, wrapDataKey, writeKeyringObject } from "./wrapped-keys.ts";
import type { WrappedKey } from "./wrapped-keys.ts";

export interface DataKey {
  readonly epoch: number;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

/** The data keys of one cell. Each is durable in the store and in the database before anything is sealed with it. */
export interface Keyring {
  /** The newest, after a new one has been made where it is older than 90 days. */
  current(): Promise<DataKey>;
  /** @throws HoldfastError failed for an epoch that this cell never had */
  keyOf(epoch: number): Promise<DataKey>;
  /** Seals a small secret of the server; `label` says which it is, and only that label opens it. */
  wrapSecret(label: string, secret: Uint8Array): Promise<Uint8Array>;
  /** @throws HoldfastError damaged */
  unwrapSecret(label: string, wrapped: Uint8Array): Promise<Uint8Array>;
  /**
   * That the store is there, and is the one of this cell: it holds the keyring. Only then does it mean something that an object is not found.
   * @throws HoldfastError unavailable
   */
  assertStoreThere(): Promise<void>;
  /** From now on another key-encryption key wraps all data keys; no pack changes. The caller keeps the new one first. */
  rewrap(keyEncryptionKey: Uint8Array): Promise<void>;
}

export interface KeyringOptions {
  readonly db: Kysely<CellTables>;
  readonly store: ObjectStore;
  readonly keyEncryptionKey: Uint8Array;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: BlockLog;
}

/**
 * Opens all data keys, makes the first one in a new cell, and brings database and store to the same set.
 * @throws HoldfastError failed where the key-encryption key does not open them
 */
export async function openKeyring(options: KeyringOptions): Promise<Keyring> {
  const ring = new CellKeyring(options);
  await ring.load();
  return ring;
}

/** Whether a cell has data keys already, so that a missing key-encryption key must not be replaced by a new one. */
export async function hasDataKeys({ db, store }: Pick<KeyringOptions, "db" | "store">): Promise<boolean> {
  return (await readRows(db)).length > 0 || (await readKeyringObject(store)).length > 0;
}

interface OpenKey extends DataKey {
  readonly createdAt: number;
}

class CellKeyring implements Keyring {
  readonly #options: KeyringOptions;
  #keyEncryptionKey: Uint8Array;
  #keys = new Map<number, OpenKey>();
  #loading: Promise<void> | undefined;

  constructor(options: KeyringOptions) {
    this.#options = options;
    this.#keyEncryptionKey = options.keyEncryptionKey;
  }

  async current(): Promise<DataKey> {
    const newest = newestOf(this.#keys);
    if (newest !== undefined && !this.#isDue(newest)) return newest;
    try {
      await this.load();
    } catch (error) {
      if (newest === undefined) throw error;
      this.#options.log.warn({ err: error, epoch: newest.epoch }, "no new data key could be made; the old one goes on");
      return newest;
    }
    return newestOf(this.#keys) ?? unknownEpoch(0);
  }

  async keyOf(epoch: number): Promise<DataKey> {
    // Another instance may have made it since.
    if (!this.#keys.has(epoch)) await this.load();
    return this.#keys.get(epoch) ?? unknownEpoch(epoch);
  }

  async wrapSecret(label: string, secret: Uint8Array): Promise<Uint8Array> {
    return wrapSecret(await this.current(), label, secret, this.#options.random(16));
  }

  unwrapSecret(label: string, wrapped: Uint8Array): Promise<Uint8Array> {
    return unwrapSecret((epoch) => this.keyOf(epoch), label, wrapped);
  }

  async assertStoreThere(): Promise<void> {
    const objects = await this.#readObject();
    // Not opened: another process may have wrapped them by another key-encryption key since.
    const isOurs = objects.some(({ epoch, createdAt }) => this.#keys.get(epoch)?.createdAt === createdAt);
    if (!isOurs) throw storeAway("it does not hold the keyring of this server");
  }

  async #readObject(): Promise<WrappedKey[]> {
    try {
      return await readKeyringObject(this.#options.store);
    } catch (error) {
      throw storeAway("its keyring cannot be read", error);
    }
  }

  load(): Promise<void> {
    this.#loading ??= this.#reconcile().finally(() => (this.#loading = undefined));
    return this.#loading;
  }

  async rewrap(keyEncryptionKey: Uint8Array): Promise<void> {
    await this.load();
    await this.#locked(async (db) => {
      const keys = this.#openAll(await readRows(db), await readKeyringObject(this.#options.store));
      await this.#write(db, [...keys.values()], keyEncryptionKey);
    });
    this.#keyEncryptionKey = keyEncryptionKey;
  }

  /** The union of both places, and a new epoch where it is due; the store gets it before the database. */
  async #reconcile(): Promise<void> {
    this.#keys = await this.#locked(async (db) => {
      const rows = await readRows(db);
      const objects = await readKeyringObject(this.#options.store);
      if (objects.length === 0 && rows.length > 0) await this.#assertNotEmptied(db);
      const keys = this.#openAll(rows, objects);
      // The database is a new one beside an old store: nothing may be deleted until the index is complete.
      if (rows.length === 0 && objects.length > 0 && (await hasPacks(this.#options.store))) await requireRebuild(db);
      const newest = newestOf(keys);
      if (newest === undefined || this.#isDue(newest)) {
        const key = Uint8Array.from(this.#options.random(32));
        const made = { epoch: (newest?.epoch ?? 0) + 1, key, createdAt: this.#options.clock.nowMicros() };
        keys.set(made.epoch, made);
        this.#options.log.info({ epoch: made.epoch }, "made a new data key");
      }
      if (!this.#holdAll(rows, keys) || !this.#holdAll(objects, keys)) {
        await this.#write(db, [...keys.values()], this.#keyEncryptionKey);
      }
      return keys;
    });
  }

  /**
   * A keyring written where a disk is not mounted would make the empty folder the store, and all packs missing in it. Where the
   * store is lost for good, a person says so by a keyring without keys (docs/operation.md).
   */
  async #assertNotEmptied(db: Kysely<CellTables>): Promise<void> {
    const { store } = this.#options;
    const { rows } = await sql`select from cell.packs where state <> 'doomed' limit 1`.execute(db);
    if (rows.length > 0 && !(await hasPacks(store)) && (await store.stat(keyringKey)) === undefined) {
      throw storeAway("the index knows packs, and it holds none and no keyring either");
    }
  }

  async #write(db: Kysely<CellTables>, keys: readonly OpenKey[], keyEncryptionKey: Uint8Array): Promise<void> {
    const wrapped = keys.map(({ epoch, key, createdAt }): WrappedKey => {
      return { epoch, wrapped: wrapDataKey(keyEncryptionKey, epoch, key, this.#options.random(12)), createdAt };
    });
    await writeKeyringObject(this.#options.store, wrapped);
    for (const { epoch, wrapped: bytes, createdAt } of wrapped) {
      await sql`insert into cell.data_keys (epoch, wrapped, created_at) values (${epoch}, ${Buffer.from(bytes)}, ${createdAt})
        on conflict (epoch) do update set wrapped = excluded.wrapped`.execute(db);
    }
  }

  /** Each epoch must open from one place at least: a rewrap cut short leaves the other place wrapped by the other key. */
  #openAll(...places: readonly (readonly WrappedKey[])[]): Map<number, OpenKey> {
    const keys = new Map<number, OpenKey>();
    for (const wrapped of places.flat()) {
      const key = unwrapDataKey(this.#keyEncryptionKey, wrapped);
      const known = keys.get(wrapped.epoch);
      if (key === undefined) continue;
      if (known !== undefined && Buffer.compare(known.key, key) !== 0) throw twoKeyrings(wrapped.epoch);
      keys.set(wrapped.epoch, { epoch: wrapped.epoch, key, createdAt: wrapped.createdAt });
    }
    const closed = places.flat().find(({ epoch }) => !keys.has(epoch));
    if (closed !== undefined) throw wrongKey(closed.epoch);
    return new Map([...keys].toSorted(([left], [right]) => left - right));
  }

  #holdAll(wrapped: readonly WrappedKey[], keys: ReadonlyMap<number, OpenKey>): boolean {
    const open = wrapped.filter((each) => unwrapDataKey(this.#keyEncryptionKey, each) !== undefined);
    return open.length === keys.size && open.length === wrapped.length;
  }

  #isDue({ createdAt }: OpenKey): boolean {
    return this.#options.clock.nowMicros() - createdAt >= limits.dataKeyLifetimeMs * 1000;
  }

  /** Of several instances one at a time looks and writes. */
  #locked<Result>(work: (db: Kysely<CellTables>) => Promise<Result>): Promise<Result> {
    return inTransaction(this.#options.db, async (transaction) => {
      await sql`select pg_advisory_xact_lock(${keyringLock})`.execute(transaction);
      return work(transaction);
    });
  }
}

/** Any number that nothing else in the cell's database locks: "hf-keys" in ASCII. */
const keyringLock = "29385742839282035";

function newestOf(keys: ReadonlyMap<number, OpenKey>): OpenKey | undefined {
  return [...keys.values()].at(-1);
}

async function hasPacks(store: ObjectStore): Promise<boolean> {
  const packs = store.list(packPrefix)[Symbol.asyncIterator]();
  const { done } = await packs.next();
  await packs.return?.();
  return done !== true;
}

async function readRows(db: Kysely<CellTables>): Promise<WrappedKey[]> {
  const rows = await db.selectFrom("cell.data_keys").selectAll().orderBy("epoch").execute();
  return rows.map(({ epoch, wrapped, created_at }) => ({ epoch, wrapped, createdAt: created_at }));
}

function storeAway(what: string, cause?: unknown): HoldfastError {
  return new HoldfastError(
    "unavailable",
    `The block store is not there: ${what}. Is its disk mounted? Nothing was changed; try again once it is back.`,
    { retryAfterSeconds: 5, cause },
  );
}

function wrongKey(epoch: number): HoldfastError {
  return new HoldfastError(
    "failed",
    `The key-encryption key does not open the data key of epoch ${epoch}, so what is stored cannot be read. Nothing was ` +
      "changed. Put back the file key-encryption-key (or the variable HOLDFAST_KEY_ENCRYPTION_KEY) that this server was set up with.",
  );
}

function twoKeyrings(epoch: number): HoldfastError {
  return new HoldfastError(
    "failed",
    `The database and the block store hold different data keys for epoch ${epoch}: they belong to two installations. ` +
      "Nothing was changed. Start with the store that belongs to this database.",
  );
}

function unknownEpoch(epoch: number): never {
  throw new HoldfastError(
    "failed",
    `There is no data key of epoch ${epoch}. Restore the object "keyring" or the database.`,
  );
}
