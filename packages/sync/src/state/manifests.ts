import type { DatabaseSync, StatementSync } from "node:sqlite";
import { HoldfastError } from "@holdfast/core/errors";
import { fromHashHex, toHashHex } from "@holdfast/core/hash";
import type { HashHex } from "@holdfast/core/ids";
import { encodeEntries, entryBytes, type ManifestEntry } from "@holdfast/core/manifest";
import { RecentCache } from "../general/recent-cache.ts";
import type { ContentKey } from "../model/trees.ts";

export type KnownBlock = ManifestEntry & { readonly pieces?: Uint8Array | undefined };

/** The device had the block at some time. */
export interface BlockPlace {
  readonly content: ContentKey;
  readonly position: number;
}

/** Limit of blocks in memory. More are written without a commit. */
const pendingMax = 4096;
/** Entries of about 300 bytes; up to twice as many are kept. */
const recentMax = 4096;
/** Further copies of a block add nothing. */
const placesMax = 8;

const schema = `
create table if not exists manifests (content text primary key, blocks blob not null) strict, without rowid;
create table if not exists pieces (content text, position integer, pieces blob not null,
  primary key (content, position)) strict, without rowid;
create table if not exists block_places (hash blob, content text, position integer not null,
  primary key (hash, content)) strict, without rowid;`;

/**
 * Block lists of contents that are or were a base: new versions are compared with them, and they find local blocks.
 * Read on demand; a content's list never changes.
 */
export class Manifests {
  readonly #database: DatabaseSync;
  readonly #pending = new Map<ContentKey, readonly KnownBlock[]>();
  readonly #put: StatementSync;
  readonly #putPieces: StatementSync;
  readonly #putPlace: StatementSync;
  readonly #get: StatementSync;
  readonly #getPieces: StatementSync;
  readonly #getPlaces: StatementSync;
  /** One-block files: most files, usually read soon after they are stored. */
  readonly #recent = new RecentCache<ContentKey, readonly ManifestEntry[]>(recentMax);
  #pendingBlocks = 0;

  constructor(database: DatabaseSync) {
    database.exec(schema);
    this.#database = database;
    this.#put = database.prepare("insert into manifests (content, blocks) values (?, ?) on conflict do nothing");
    this.#putPieces = database.prepare("insert or replace into pieces (content, position, pieces) values (?, ?, ?)");
    this.#putPlace = database.prepare("insert or ignore into block_places (hash, content, position) values (?, ?, ?)");
    this.#get = database.prepare("select blocks from manifests where content = ?");
    this.#getPieces = database.prepare("select pieces from pieces where content = ? and position = ?");
    this.#getPlaces = database.prepare(
      `select content, position from block_places where hash = ? order by content limit ${placesMax}`,
    );
  }

  /** Written with the next commit, or when too many wait. A lost list is computed again. */
  keep(content: ContentKey, blocks: readonly KnownBlock[]): void {
    if (this.#pending.has(content)) return;
    this.#pending.set(content, blocks);
    const [first] = blocks;
    if (first !== undefined && blocks.length === 1) this.#recent.set(content, [{ hash: first.hash, size: first.size }]);
    this.#pendingBlocks += blocks.length + 1;
    if (this.#pendingBlocks < pendingMax) return;
    inTransaction(this.#database, () => this.write());
    this.forgetPending();
  }

  /** Runs in the caller's transaction. Call `forgetPending` once that is durable. */
  write(): void {
    for (const [content, blocks] of this.#pending) this.#writeOne(content, blocks);
  }

  forgetPending(): void {
    this.#pending.clear();
    this.#pendingBlocks = 0;
  }

  blocksOf(content: ContentKey): readonly ManifestEntry[] | undefined {
    const row = this.#pending.get(content) ?? this.#recent.get(content) ?? this.#get.get(content)?.["blocks"];
    return row instanceof Uint8Array ? decodeEntries(row) : (row as readonly ManifestEntry[] | undefined);
  }

  /** @returns undefined for short and unknown files */
  piecesOf({ content, position }: BlockPlace): Uint8Array | undefined {
    const pending = this.#pending.get(content);
    if (pending !== undefined) return pending[position]?.pieces;
    const pieces = this.#getPieces.get(content, position)?.["pieces"];
    return pieces instanceof Uint8Array ? pieces : undefined;
  }

  /** A file of one block is found by its content key instead. */
  placesOf(hash: HashHex): readonly BlockPlace[] {
    return this.#getPlaces
      .all(fromHashHex(hash))
      .map((row) => ({ content: row["content"] as ContentKey, position: Number(row["position"]) }));
  }

  get size(): number {
    return Number(this.#database.prepare("select count(*) as count from manifests").get()?.["count"]);
  }

  drop(contents: readonly ContentKey[]): void {
    if (contents.length === 0) return;
    const drop = this.#database.prepare("delete from manifests where content = ?");
    const dropPieces = this.#database.prepare("delete from pieces where content = ?");
    const dropPlace = this.#database.prepare("delete from block_places where hash = ? and content = ?");
    this.#recent.clear();
    inTransaction(this.#database, () => {
      for (const content of contents) {
        for (const { hash } of this.blocksOf(content) ?? []) dropPlace.run(fromHashHex(hash), content);
        dropPieces.run(content);
        drop.run(content);
      }
    });
  }

  #writeOne(content: ContentKey, blocks: readonly KnownBlock[]): void {
    const isNew = this.#put.run(content, encodeEntries(blocks)).changes > 0;
    for (const [position, { hash, pieces }] of blocks.entries()) {
      if (pieces !== undefined && pieces.length > 0) this.#putPieces.run(content, position, pieces);
      if (isNew && blocks.length > 1) this.#putPlace.run(fromHashHex(hash), content, position);
    }
  }
}

/** The local database could not be written. This does not concern the server. */
export class StateUnwritten extends HoldfastError {
  constructor(cause: unknown) {
    const isFull = cause instanceof Error && Reflect.get(cause, "errcode") === sqliteFull;
    const message = isFull
      ? stateDiskFull
      : `Could not write the state of the sync to the configuration folder${cause instanceof Error ? `: ${cause.message}` : ""}. Check its disk.`;
    super("unavailable", message, { cause });
  }
}

export const stateDiskFull =
  "The disk with the configuration folder, which stores the state of the sync, is full. Nothing is synced until there is space on it; the sync then continues by itself.";

/** SQLITE_FULL */
const sqliteFull = 13;

/**
 * An open read transaction ends before, and a new one starts after.
 * @throws StateUnwritten nothing was written; a retry is possible
 */
export function inTransaction(database: DatabaseSync, write: () => void): void {
  const isReading = database.isTransaction;
  try {
    if (isReading) database.exec("commit");
    database.exec("begin immediate");
    write();
    database.exec("commit");
  } catch (error) {
    if (database.isTransaction) database.exec("rollback");
    throw new StateUnwritten(error);
  } finally {
    if (isReading) database.exec("begin");
  }
}

/** Trusted, because the database belongs to the device. */
function decodeEntries(bytes: Uint8Array): ManifestEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / entryBytes }, (_, index) => {
    const start = index * entryBytes;
    return { hash: toHashHex(bytes.subarray(start, start + 32)), size: view.getUint32(start + 32) };
  });
}
