import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { NodeId } from "@holdfast/core/ids";
import type { BrakeRecord } from "../brakes/record.ts";
import { type IndexedTrees, isAtRest } from "../planner/affected.ts";
import {
  type ContentKey,
  type Intent,
  type LocalRow,
  type Offer,
  type Place,
  type Refusal,
  refusedForMs,
  type RemoteRow,
  type SyncedRow,
} from "../trees.ts";
import { Children } from "./children.ts";
import { inTransaction, Manifests } from "./manifests.ts";
import { decodeRow, encodeRow, SharedStrings } from "./row-codec.ts";

/** Something that left its name for more than one system call: where its bytes are, and whose they are. */
export interface Parked {
  readonly nodeId: NodeId;
  /** Relative to the root. */
  readonly path: string;
}

/** Bytes that were taken from a path by a replacement or a deletion, and that are looked at again before they may go. */
export interface Stashed {
  /** Relative to the root; the key. */
  readonly path: string;
  readonly parent: NodeId;
  readonly name: string;
  /** What it should hold; other bytes are an edit that came too late to be seen. */
  readonly contents: readonly string[];
  /** In the local trash it stays when it was looked at; else it goes. */
  readonly keep: boolean;
  readonly sinceMs: number;
}

/** Where the device stands in the space's journal. */
export interface Cursor {
  readonly token: string;
  readonly epoch: string;
  readonly seq: number;
}

/** Rows to write, all in one transaction; an undefined row goes. */
export interface StateChange {
  readonly remote?: Iterable<readonly [NodeId, RemoteRow | undefined]>;
  readonly local?: Iterable<readonly [NodeId, LocalRow | undefined]>;
  readonly synced?: Iterable<readonly [NodeId, SyncedRow | undefined]>;
  readonly cursor?: Cursor | undefined;
  readonly offers?: Iterable<readonly [string, Offer | undefined]>;
  readonly intents?: Iterable<readonly [NodeId, Intent | undefined]>;
  readonly refusals?: Iterable<Refusal>;
  readonly parked?: Iterable<readonly [NodeId, Parked | undefined]>;
  readonly stashed?: Iterable<readonly [string, Stashed | undefined]>;
  readonly brakes?: Iterable<readonly [string, BrakeRecord | undefined]>;
  readonly dormant?: Iterable<readonly [NodeId, true | undefined]>;
  readonly settings?: Iterable<readonly [string, string]>;
}

const tables = [
  "remote",
  "local",
  "synced",
  "offers",
  "intents",
  "refusals",
  "parked",
  "stashed",
  "brakes",
  "dormant",
  "settings",
] as const;
type TableName = (typeof tables)[number];

/** Rows are read once; every change is durable before it is seen. */
const schema = tables.map(
  (name) => `create table if not exists ${name} (key text primary key, row text not null) strict, without rowid;`,
);

/**
 * What a device knows, never what it is about to do: the three trees, the cursor, what was offered, refused, parked and
 * stashed, and of which blocks its files are made. One connection, WAL, synchronous=FULL: what `commit` returned from is there after a power cut.
 */
export class SyncState implements IndexedTrees {
  readonly rootId: NodeId;
  readonly remote: Map<NodeId, RemoteRow>;
  readonly local: Map<NodeId, LocalRow>;
  readonly synced: Map<NodeId, SyncedRow>;
  readonly intents: Map<NodeId, Intent>;
  readonly parked: Map<NodeId, Parked>;
  readonly stashed: Map<string, Stashed>;
  readonly brakes: Map<string, BrakeRecord>;
  /** Nodes with a base that the rules hide: it is no evidence of a deletion. */
  readonly dormant: Map<NodeId, true>;
  /** Nodes on which the three trees do not agree. */
  readonly restless = new Set<NodeId>();
  readonly #children = { remote: new Children(), local: new Children(), synced: new Children() };
  readonly manifests: Manifests;
  readonly #offers: Map<string, Offer>;
  readonly #refusals: Map<string, Refusal>;
  readonly #settings: Map<string, string>;
  readonly #database: DatabaseSync;
  readonly #statements: Record<TableName, { put: StatementSync; remove: StatementSync }>;

  constructor(database: DatabaseSync, rootId: NodeId) {
    database.exec("pragma journal_mode = wal; pragma synchronous = full;");
    database.exec(schema.join("\n"));
    this.#database = database;
    this.#statements = Object.fromEntries(tables.map((name) => [name, statementsOf(database, name)])) as Record<
      TableName,
      { put: StatementSync; remove: StatementSync }
    >;
    this.rootId = rootId;
    const strings = new SharedStrings();
    this.remote = loadRows(database, "remote", strings);
    this.local = loadRows(database, "local", strings);
    this.synced = loadRows(database, "synced", strings);
    this.intents = loadRows(database, "intents", strings);
    this.parked = loadRows(database, "parked", strings);
    this.stashed = loadRows(database, "stashed", strings);
    this.brakes = loadRows(database, "brakes", strings);
    this.dormant = loadRows(database, "dormant", strings);
    this.#offers = loadRows(database, "offers", strings);
    this.#refusals = loadRows(database, "refusals", strings);
    this.#settings = loadRows(database, "settings", strings);
    for (const [id, row] of this.remote) this.#children.remote.move(id, undefined, row);
    for (const [id, row] of this.local) this.#children.local.move(id, undefined, row);
    for (const [id, { place }] of this.synced) this.#children.synced.move(id, undefined, place);
    for (const rows of [this.remote, this.local, this.synced]) for (const id of rows.keys()) this.#notice(id);
    this.manifests = new Manifests(database);
    this.manifests.dropUnused(contentsIn(this.local, this.synced));
  }

  childrenOf(folder: NodeId): ReadonlySet<NodeId> {
    const { remote, local, synced } = this.#children;
    return new Set([...remote.of(folder), ...local.of(folder), ...synced.of(folder)]);
  }

  get offers(): readonly Offer[] {
    return [...this.#offers.values()];
  }

  get refusals(): readonly Refusal[] {
    return [...this.#refusals.values()];
  }

  get cursor(): Cursor | undefined {
    const text = this.#settings.get("cursor");
    return text === undefined ? undefined : (JSON.parse(text) as Cursor);
  }

  setting(name: string): string | undefined {
    return this.#settings.get(name);
  }

  /** All of it or nothing of it, now and after a power cut. */
  commit(given: StateChange): void {
    const change = listed(given);
    const cursor = change.cursor === undefined ? [] : [["cursor", JSON.stringify(change.cursor)] as const];
    const writes = [
      this.#write("remote", this.remote, change.remote),
      this.#write("local", this.local, change.local),
      this.#write("synced", this.synced, change.synced),
      this.#write("intents", this.intents, change.intents),
      this.#write("parked", this.parked, change.parked),
      this.#write("stashed", this.stashed, change.stashed),
      this.#write("brakes", this.brakes, change.brakes),
      this.#write("dormant", this.dormant, change.dormant),
      this.#write("offers", this.#offers, change.offers),
      this.#write("refusals", this.#refusals, keyed(change.refusals, refusalKey)),
      this.#write("settings", this.#settings, [...(change.settings ?? []), ...cursor]),
    ];
    inTransaction(this.#database, () => {
      this.manifests.write();
      for (const write of writes) write.store();
    });
    this.manifests.forgetPending();
    this.#index(change);
    for (const write of writes) write.show();
    for (const rows of [change.remote, change.local, change.synced, change.intents])
      for (const [id] of rows ?? []) this.#notice(id);
  }

  /** Before the rows change. */
  #index({ remote = [], local = [], synced = [] }: ListedChange): void {
    const { remote: onServer, local: onDisk, synced: base } = this.#children;
    moveAll(onServer, this.remote, remote, (row) => row);
    moveAll(onDisk, this.local, local, (row) => row);
    moveAll(base, this.synced, synced, (row) => row.place);
  }

  #notice(id: NodeId): void {
    if (isAtRest(this, id)) this.restless.delete(id);
    else this.restless.add(id);
  }

  /** A refusal ends with its time, so that it is not kept for ever. */
  forgetRefusals(nowMs: number): void {
    // Further off than any is made: the clock was set back since.
    const isOver = (leftMs: number): boolean => leftMs <= 0 || leftMs > refusedForMs;
    const over = [...this.#refusals].filter(([, { notBeforeMs }]) => isOver(notBeforeMs - nowMs));
    for (const [key] of over) {
      this.#statements.refusals.remove.run(key);
      this.#refusals.delete(key);
    }
  }

  #write<Key extends string, Row>(
    table: TableName,
    rows: Map<Key, Row>,
    changes: Iterable<readonly [Key, Row | undefined]> = [],
  ): { store: () => void; show: () => void } {
    const list = [...changes];
    const { put, remove } = this.#statements[table];
    return {
      store: () => {
        for (const [key, row] of list) {
          if (row === undefined) remove.run(key);
          else put.run(key, encodeRow(row));
        }
      },
      show: () => {
        for (const [key, row] of list) {
          if (row === undefined) rows.delete(key);
          else rows.set(key, row);
        }
      },
    };
  }
}

function contentsIn(...trees: ReadonlyMap<NodeId, { readonly content: ContentKey | undefined }>[]): Set<ContentKey> {
  return new Set(trees.flatMap((rows) => [...rows.values()].flatMap(({ content }) => content ?? [])));
}

/** Its rows are gone through more than once. */
type ListedChange = {
  readonly [Table in "remote" | "local" | "synced" | "intents"]?: readonly NonNullable<
    StateChange[Table] extends Iterable<infer Row> | undefined ? Row : never
  >[];
} & Omit<StateChange, "remote" | "local" | "synced" | "intents">;

function listed({ remote = [], local = [], synced = [], intents = [], ...rest }: StateChange): ListedChange {
  return { ...rest, remote: [...remote], local: [...local], synced: [...synced], intents: [...intents] };
}

/** Of a node that is named twice the last row counts. */
function moveAll<Row>(
  children: Children,
  before: ReadonlyMap<NodeId, Row>,
  changes: readonly (readonly [NodeId, Row | undefined])[],
  placeOf: (row: Row) => Place | undefined,
): void {
  const last = new Map(changes);
  for (const [id, row] of last) {
    const old = before.get(id);
    children.move(id, old === undefined ? undefined : placeOf(old), row === undefined ? undefined : placeOf(row));
  }
}

function statementsOf(database: DatabaseSync, name: TableName): { put: StatementSync; remove: StatementSync } {
  return {
    put: database.prepare(
      `insert into ${name} (key, row) values (?, ?) on conflict (key) do update set row = excluded.row`,
    ),
    remove: database.prepare(`delete from ${name} where key = ?`),
  };
}

function loadRows<Key extends string, Row>(
  database: DatabaseSync,
  name: TableName,
  strings: SharedStrings,
): Map<Key, Row> {
  const rows = new Map<Key, Row>();
  for (const { key, row } of database.prepare(`select key, row from ${name}`).iterate())
    rows.set(strings.one(String(key)) as Key, decodeRow<Row>(String(row), strings));
  return rows;
}

function keyed<Row>(rows: Iterable<Row> = [], keyOf: (row: Row) => string): (readonly [string, Row])[] {
  return [...rows].map((row) => [keyOf(row), row] as const);
}

function refusalKey({ nodeId, digest }: Refusal): string {
  return `${nodeId} ${digest}`;
}
