import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { NodeId } from "@holdfast/core/ids";
import { RecentCache } from "../general/recent-cache.ts";
import { samePlace } from "../model/trees.ts";
import type { Columns, Stored } from "./columns.ts";
import { pack, packNumber, type Packed, unpack } from "./packed.ts";

/** Changed rows, not visible yet. */
export interface Staged<Row> {
  readonly ids: Iterable<NodeId>;
  readonly size: number;
  get(id: NodeId): Row | undefined;
  /** Runs in the caller's transaction. */
  store(): void;
  /** Called once the rows are durable. */
  show(): void;
}

/** Decoded rows of about 700 bytes per table; up to twice as many are cached. Grows during large work. */
const recentRows = { least: 4096, most: 32_768 } as const;
const pageRows = 1000;

/** Read on demand. Iteration holds one page at a time in key order; rows may change meanwhile. */
export class RowTable<Row extends object> implements ReadonlyMap<NodeId, Row> {
  readonly #columns: Columns<Row>;
  readonly #recent = new RecentCache<NodeId, Row | null>(recentRows.least);
  readonly #get: StatementSync;
  readonly #put: StatementSync;
  /** For a row that keeps its place, so that no index is written. Parameters as for `#put`. */
  readonly #update: StatementSync;
  readonly #remove: StatementSync;
  readonly #page: StatementSync;
  readonly #keys: StatementSync;
  readonly #in: StatementSync;
  readonly #withInode: StatementSync | undefined;
  readonly #folders: StatementSync;
  readonly #count: StatementSync;
  #room: number = recentRows.least;
  #size: number | undefined;
  /** A change outdates earlier pages. */
  #changes = 0;

  constructor(database: DatabaseSync, name: string, columns: Columns<Row>) {
    database.exec(`create table if not exists ${name} (key any primary key, ${columns.definitions.join(", ")})
      strict, without rowid;
      create index if not exists ${name}_in on ${name} (parent);`);
    addColumns(database, name, columns.definitions);
    const all = columns.definitions.map((definition) => definition.split(" ", 1)[0] ?? "");
    const prepare = (sql: string): StatementSync => {
      const statement = database.prepare(sql);
      statement.setReadBigInts(true);
      // Objects take 50 % longer, because every name is looked up.
      statement.setReturnArrays(true);
      return statement;
    };
    const row = `select key, ${all.join(", ")} from ${name}`;
    this.#columns = columns;
    this.#get = prepare(`${row} where key = ?`);
    this.#put = prepare(`insert into ${name} (key, ${all.join(", ")}) values (?${", ?".repeat(all.length)})
      on conflict (key) do update set ${all.map((column) => `${column} = excluded.${column}`).join(", ")}`);
    const staying = all.flatMap((column, index) =>
      column === "parent" || column === "name" ? [] : [`${column} = ?${index + 2}`],
    );
    this.#update = prepare(`update ${name} set ${staying.join(", ")} where key = ?1`);
    this.#remove = prepare(`delete from ${name} where key = ?`);
    this.#page = prepare(`${row} where key > ? order by key limit ${pageRows}`);
    this.#keys = prepare(`select key from ${name} where key > ? order by key limit ${pageRows}`);
    this.#in = prepare(`${row} where parent = ?`);
    const hasInode = all.includes("inode");
    if (hasInode) database.exec(`create index if not exists ${name}_inode on ${name} (inode)`);
    this.#withInode = hasInode ? prepare(`${row} where inode = ?`) : undefined;
    // Skips from one folder to the next in the index.
    this.#folders = prepare(`select min(parent) as key from ${name} where parent > ?`);
    this.#count = prepare(`select count(*) as count from ${name}`);
  }

  /** @param count rows that will be read repeatedly, until `forget` */
  remember(count: number): void {
    while (this.#room < count && this.#room < recentRows.most) this.#room *= 2;
    this.#recent.resize(this.#room);
  }

  forget(): void {
    this.#room = recentRows.least;
    this.#recent.resize(this.#room);
  }

  get size(): number {
    this.#size ??= Number(first(this.#count));
    return this.#size;
  }

  get(id: NodeId): Row | undefined {
    const recent = this.#recent.get(id);
    if (recent !== undefined) return recent ?? undefined;
    const stored = this.#get.get(pack(id)) as Stored | undefined;
    const row = stored === undefined ? undefined : this.#columns.decode(stored);
    this.#recent.set(id, row ?? null);
    return row;
  }

  has(id: NodeId): boolean {
    return this.get(id) !== undefined;
  }

  rowsIn(folder: NodeId): (readonly [NodeId, Row])[] {
    return rowsOf(this.#in, pack(folder)).map((stored) => [idOf(stored), this.#columns.decode(stored)]);
  }

  withInode(inode: bigint): (readonly [NodeId, Row])[] {
    const stored = this.#withInode === undefined ? [] : rowsOf(this.#withInode, packNumber(inode));
    return stored.map((each) => [idOf(each), this.#columns.decode(each)]);
  }

  *folders(): Generator<NodeId> {
    for (let after: Packed | null = ""; ;) {
      after = (first(this.#folders, after) ?? null) as Packed | null;
      if (after === null) return;
      yield unpack(after) as NodeId;
    }
  }

  /** The last row of a repeated node applies. */
  stage(changes: Iterable<readonly [NodeId, Row | undefined]> = []): Staged<Row> {
    const rows = new Map(changes);
    let growth = 0;
    return {
      ids: [...rows.keys()],
      size: rows.size,
      get: (id) => (rows.has(id) ? rows.get(id) : this.get(id)),
      store: () => {
        for (const [id, row] of rows) {
          const before = this.get(id);
          growth += Number(row !== undefined) - Number(before !== undefined);
          if (row === undefined) this.#remove.run(pack(id));
          else this.#write(before, row).run(pack(id), ...this.#columns.encode(row));
        }
      },
      show: () => {
        for (const [id, row] of rows) this.#recent.set(id, row ?? null);
        if (this.#size !== undefined) this.#size += growth;
        if (rows.size > 0) this.#changes += 1;
      },
    };
  }

  #write(before: Row | undefined, row: Row): StatementSync {
    const columns = this.#columns;
    const stays = before !== undefined && samePlace(columns.placeOf(before), columns.placeOf(row));
    return stays ? this.#update : this.#put;
  }

  entries(): MapIterator<[NodeId, Row]> {
    return this.entriesAfter("");
  }

  /** @param id need not exist; "": from the start */
  *entriesAfter(id: string): MapIterator<[NodeId, Row]> {
    for (const stored of this.#pages(this.#page, pack(id))) yield [idOf(stored), this.#columns.decode(stored)];
  }

  *keys(): MapIterator<NodeId> {
    for (const stored of this.#pages(this.#keys)) yield idOf(stored);
  }

  *values(): MapIterator<Row> {
    for (const [, row] of this.entries()) yield row;
  }

  forEach(act: (row: Row, id: NodeId, map: ReadonlyMap<NodeId, Row>) => void): void {
    for (const [id, row] of this.entries()) act(row, id, this);
  }

  [Symbol.iterator](): MapIterator<[NodeId, Row]> {
    return this.entries();
  }

  *#pages(statement: StatementSync, start: Packed = ""): Generator<Stored> {
    for (let after = start; ;) {
      const page = rowsOf(statement, after);
      if (page.length === 0) return;
      const changes = this.#changes;
      for (const stored of page) {
        after = stored[0] as Packed;
        yield stored;
        if (changes !== this.#changes) break;
      }
    }
  }
}

/** Adds missing columns, which are null in rows of an earlier version. */
function addColumns(database: DatabaseSync, name: string, definitions: readonly string[]): void {
  const there = new Set(
    database
      .prepare(`select name from pragma_table_info('${name}')`)
      .all()
      .map((row) => row["name"]),
  );
  for (const definition of definitions) {
    if (!there.has(definition.split(" ", 1)[0] ?? "")) database.exec(`alter table ${name} add column ${definition}`);
  }
}

function idOf(stored: Stored): NodeId {
  return unpack(stored[0] as Packed) as NodeId;
}

function rowsOf(statement: StatementSync, ...given: SQLInputValue[]): Stored[] {
  return statement.all(...given) as unknown as Stored[];
}

function first(statement: StatementSync, ...given: SQLInputValue[]): unknown {
  return (statement.get(...given) as Stored | undefined)?.[0];
}
