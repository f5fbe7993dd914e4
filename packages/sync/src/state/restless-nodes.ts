import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { NodeId } from "@holdfast/core/ids";
import { type AllRows, isAtRest } from "../planner/affected.ts";
import { pack, type Packed, unpack } from "./packed.ts";

/** Nodes on which the three trees do not agree: in memory, and kept, so that no start has to go through all rows. */
export class RestlessNodes implements Iterable<NodeId> {
  readonly #ids = new Set<NodeId>();
  readonly #load: StatementSync;
  readonly #put: StatementSync;
  readonly #remove: StatementSync;

  constructor(database: DatabaseSync) {
    database.exec("create table if not exists restless (key any primary key) strict, without rowid");
    this.#load = database.prepare("select key from restless");
    this.#put = database.prepare("insert or ignore into restless (key) values (?)");
    this.#remove = database.prepare("delete from restless where key = ?");
  }

  load(): void {
    for (const { key } of this.#load.iterate()) this.#ids.add(unpack(key as Packed) as NodeId);
  }

  has(id: NodeId): boolean {
    return this.#ids.has(id);
  }

  get size(): number {
    return this.#ids.size;
  }

  [Symbol.iterator](): SetIterator<NodeId> {
    return this.#ids.values();
  }

  /** @param after the rows as they will be */
  stage(
    changed: readonly Iterable<NodeId>[],
    after: AllRows,
  ): { readonly store: () => void; readonly show: () => void } {
    const turned = new Map<NodeId, boolean>();
    for (const ids of changed) {
      for (const id of ids) {
        const isRestless = !isAtRest(after, id);
        if (isRestless !== this.#ids.has(id)) turned.set(id, isRestless);
      }
    }
    return {
      store: () => {
        for (const [id, isRestless] of turned) (isRestless ? this.#put : this.#remove).run(pack(id));
      },
      show: () => {
        for (const [id, isRestless] of turned) {
          if (isRestless) this.#ids.add(id);
          else this.#ids.delete(id);
        }
      },
    };
  }
}
