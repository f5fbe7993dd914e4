import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { NodeId } from "@holdfast/core/ids";
import { type AllRows, isAtRest, isFresh } from "../model/agreement.ts";
import { pack, type Packed, unpack } from "./packed.ts";

type UnsyncedKind = "fresh" | "unsynced" | undefined;

/**
 * Nodes on which the trees differ, stored so that a start need not read all rows. Fresh nodes, possibly as many as the
 * files, stay in the database; all others are in memory.
 */
export class UnsyncedNodes implements Iterable<NodeId> {
  readonly fresh: FreshNodes;
  readonly #ids = new Set<NodeId>();
  readonly #load: StatementSync;
  readonly #put: StatementSync;
  readonly #remove: StatementSync;

  constructor(database: DatabaseSync) {
    database.exec("create table if not exists restless (key any primary key) strict, without rowid");
    this.#load = database.prepare("select key from restless");
    this.#put = database.prepare("insert or ignore into restless (key) values (?)");
    this.#remove = database.prepare("delete from restless where key = ?");
    this.fresh = new FreshNodes(database);
  }

  load(): void {
    for (const { key } of this.#load.iterate()) this.#ids.add(unpack(key as Packed) as NodeId);
  }

  /** Includes fresh nodes. */
  has(id: NodeId): boolean {
    return this.#ids.has(id) || this.fresh.has(id);
  }

  /** Like iteration, excludes fresh nodes. */
  get size(): number {
    return this.#ids.size;
  }

  [Symbol.iterator](): SetIterator<NodeId> {
    return this.#ids.values();
  }

  stage(
    changed: readonly Iterable<NodeId>[],
    after: AllRows,
  ): { readonly store: () => void; readonly show: () => void } {
    const turned = new Map<NodeId, { readonly was: UnsyncedKind; readonly is: UnsyncedKind }>();
    for (const ids of changed) {
      for (const id of ids) {
        const [was, is] = [this.#kindOf(id), kindAfter(after, id)];
        if (was !== is) turned.set(id, { was, is });
      }
    }
    return {
      store: () => {
        for (const [id, { was, is }] of turned) {
          if (was === "fresh") this.fresh.remove(id);
          if (is === "fresh") this.fresh.put(id);
          if (was === "unsynced") this.#remove.run(pack(id));
          if (is === "unsynced") this.#put.run(pack(id));
        }
      },
      show: () => {
        for (const [id, { was, is }] of turned) {
          this.fresh.size += Number(is === "fresh") - Number(was === "fresh");
          if (is === "unsynced") this.#ids.add(id);
          else this.#ids.delete(id);
        }
      },
    };
  }

  #kindOf(id: NodeId): UnsyncedKind {
    if (this.#ids.has(id)) return "unsynced";
    return this.fresh.has(id) ? "fresh" : undefined;
  }
}

function kindAfter(after: AllRows, id: NodeId): UnsyncedKind {
  if (isAtRest(after, id)) return undefined;
  return isFresh(after, id) ? "fresh" : "unsynced";
}

const pageRows = 1000;

/** Ordered by id, which is roughly the order of discovery: a folder's nodes are adjacent. */
export class FreshNodes {
  readonly #database: DatabaseSync;
  readonly #has: StatementSync;
  readonly #put: StatementSync;
  readonly #remove: StatementSync;
  readonly #page: StatementSync;
  /** Lowest id that became fresh since this was cleared. */
  firstNew: NodeId | undefined;
  #size: number | undefined;

  constructor(database: DatabaseSync) {
    database.exec("create table if not exists fresh (key any primary key) strict, without rowid");
    this.#database = database;
    this.#has = database.prepare("select 1 from fresh where key = ?");
    this.#put = database.prepare("insert or ignore into fresh (key) values (?)");
    this.#remove = database.prepare("delete from fresh where key = ?");
    this.#page = database.prepare(`select key from fresh where key > ? order by key limit ${pageRows}`);
  }

  get size(): number {
    this.#size ??= Number(this.#database.prepare("select count(*) as count from fresh").get()?.["count"]);
    return this.#size;
  }

  set size(size: number) {
    this.#size = size;
  }

  has(id: NodeId): boolean {
    return this.size > 0 && this.#has.get(pack(id)) !== undefined;
  }

  /** @param id "": all; otherwise only later ones */
  *after(id: string): Generator<NodeId> {
    for (let after = pack(id); ;) {
      const page = this.#page.all(after);
      for (const { key } of page) yield unpack(key as Packed) as NodeId;
      const last = page.at(-1);
      if (last === undefined) return;
      after = last["key"] as Packed;
    }
  }

  /** Runs in the caller's transaction, like `remove`. The caller updates `size`. */
  put(id: NodeId): void {
    this.#put.run(pack(id));
    if (this.firstNew === undefined || id < this.firstNew) this.firstNew = id;
  }

  remove(id: NodeId): void {
    this.#remove.run(pack(id));
  }
}
