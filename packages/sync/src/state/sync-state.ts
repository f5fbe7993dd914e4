import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Stashed } from "./stashed.ts";
import type { NodeId } from "@holdfast/core/ids";
import type { BrakeRecord, TrashAnswer } from "../model/brake-record.ts";
import type { AllRows } from "../model/agreement.ts";
import {
  type ContentKey,
  type IndexedTrees,
  type Intent,
  type LocalRow,
  type Offer,
  offeredForMs,
  type Refusal,
  refusedForMs,
  type RemoteRow,
  type Right,
  type Share,
  type SyncedRow,
} from "../model/trees.ts";
import { AgreedTrash } from "./agreed-trash.ts";
import { localColumns, remoteColumns, syncedColumns } from "./columns.ts";
import { inTransaction, Manifests } from "./manifests.ts";
import { pack, type Packed, unpack } from "./packed.ts";
import { PastContents, replacedContents } from "./past-contents.ts";
import { relistUnreportedData } from "./unreported-data.ts";
import { UnsyncedNodes } from "./unsynced-nodes.ts";
import { RowTable } from "./row-table.ts";
import { unreportedPrivacy } from "./unreported-privacy.ts";
import { renameTables, upgrade } from "./upgrade.ts";

/** Item that lost its name for more than one system call. */
export interface Parked {
  readonly nodeId: NodeId;
  /** Relative to the root. */
  readonly path: string;
}

/** @param ids old id -> new id */
export function parkedUnder(
  { parked }: { readonly parked: ReadonlyMap<NodeId, Parked> },
  ids: ReadonlyMap<NodeId, NodeId>,
): (readonly [NodeId, Parked | undefined])[] {
  return [...parked].flatMap(([id, { path }]) => {
    const to = ids.get(id);
    return to === undefined
      ? []
      : ([
          [id, undefined],
          [to, { nodeId: to, path }],
        ] as const);
  });
}

export interface Cursor {
  readonly token: string;
  readonly epoch: string;
  /** Position in the account's own space. */
  readonly seq: number;
  /** Mount -> position in its space. */
  readonly shareSeqs?: Readonly<Record<NodeId, number>> | undefined;
}

/** Rows of one transaction; an undefined row is removed. */
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
  readonly shares?: Iterable<readonly [NodeId, Share | undefined]>;
  readonly rights?: Iterable<readonly [NodeId, Right | undefined]>;
  readonly departures?: Iterable<readonly [NodeId, NodeId | undefined]>;
  readonly dormant?: Iterable<readonly [NodeId, true | undefined]>;
  readonly decided?: Iterable<readonly [NodeId, true | undefined]>;
  readonly answers?: Iterable<readonly [NodeId, TrashAnswer | undefined]>;
  readonly agreedTrash?: Iterable<readonly [string, ContentKey | undefined]>;
  /** Contents never seen by this device. Seen ones are stored automatically. */
  readonly past?: readonly (readonly [NodeId, ContentKey])[];
  readonly settings?: Iterable<readonly [string, string]>;
}

/** Few rows: JSON by key, all in memory. */
const tables = [
  "offers",
  "intents",
  "refusals",
  "parked",
  "stashed",
  "brakes",
  "shares",
  "rights",
  "departures",
  "dormant",
  "decided",
  "answers",
  "settings",
] as const;
type TableName = (typeof tables)[number];

/** Some copies of a file suffice. */
const holdersMax = 8;

/** Unused block lists kept in addition to a quarter of the used ones. */
const unusedListsMax = 1000;

/**
 * A device's knowledge, never its plans. Rows are read on demand, and every change is durable before it is visible. One
 * connection, WAL, synchronous=FULL: committed changes survive a power failure.
 */
export class SyncState implements IndexedTrees {
  readonly rootId: NodeId;
  readonly remote: RowTable<RemoteRow>;
  readonly local: RowTable<LocalRow>;
  readonly synced: RowTable<SyncedRow>;
  /** The base changed since the generation was renewed, which resets this. */
  isBaseNewer = false;
  /** The mounts changed since the generation was renewed. */
  areMountsNewer = false;
  readonly intents: Map<NodeId, Intent>;
  readonly parked: Map<NodeId, Parked>;
  readonly stashed: Map<string, Stashed>;
  readonly brakes: Map<string, BrakeRecord>;
  readonly shares: Map<NodeId, Share>;
  /** Rights below mounts. */
  readonly rights: Map<NodeId, Right>;
  /**
   * Node that left its space locally -> its node in the other space. The old one stays on the server until the new one
   * has arrived.
   */
  readonly departures: Map<NodeId, NodeId>;
  /** Hidden nodes with a base. Their absence is no deletion. */
  readonly dormant: Map<NodeId, true>;
  /** Nodes trashed on the server by a person, through a rewind or an approval. */
  readonly decided: Map<NodeId, true>;
  /** Unsent answers about items in the server's trash. */
  readonly answers: Map<NodeId, TrashAnswer>;
  readonly agreedTrash: AgreedTrash;
  readonly pastContents: PastContents;
  readonly unsynced: UnsyncedNodes;
  readonly manifests: Manifests;
  readonly unreportedPrivacy: Iterable<NodeId>;
  readonly #offers: Map<string, Offer>;
  readonly #refusals: Map<string, Refusal>;
  readonly #settings: Map<string, string>;
  readonly #database: DatabaseSync;
  readonly #statements: Record<TableName, { put: StatementSync; remove: StatementSync }>;
  readonly #childrenOf: StatementSync;
  readonly #conflictedCopies: StatementSync;
  readonly #nodesWithContent: StatementSync;

  constructor(database: DatabaseSync, rootId: NodeId) {
    // A previous engine's read transaction may be open.
    if (database.isTransaction) database.exec("commit");
    database.exec("pragma journal_mode = wal; pragma synchronous = full; pragma cache_size = -16000;");
    renameTables(database);
    for (const name of tables) {
      database.exec(
        `create table if not exists ${name} (key text primary key, row text not null) strict, without rowid`,
      );
    }
    this.#database = database;
    this.#statements = Object.fromEntries(tables.map((name) => [name, statementsOf(database, name)])) as Record<
      TableName,
      { put: StatementSync; remove: StatementSync }
    >;
    this.rootId = rootId;
    this.remote = new RowTable(database, "remote_rows", remoteColumns);
    this.local = new RowTable(database, "local_rows", localColumns);
    this.synced = new RowTable(database, "synced_rows", syncedColumns);
    this.intents = loadRows(database, "intents");
    this.parked = loadRows(database, "parked");
    this.stashed = loadRows(database, "stashed");
    this.brakes = loadRows(database, "brakes");
    this.shares = loadRows(database, "shares");
    this.rights = loadRows(database, "rights");
    this.departures = loadRows(database, "departures");
    this.dormant = loadRows(database, "dormant");
    this.decided = loadRows(database, "decided");
    this.answers = loadRows(database, "answers");
    this.#offers = loadRows(database, "offers");
    this.#refusals = loadRows(database, "refusals");
    this.#settings = loadRows(database, "settings");
    this.agreedTrash = new AgreedTrash(database);
    this.pastContents = new PastContents(database);
    this.unsynced = new UnsyncedNodes(database);
    upgrade(database, this);
    this.unsynced.load();
    this.#childrenOf = database.prepare(
      ["remote", "local", "synced"].map((name) => `select key from ${name}_rows where parent = ?1`).join(" union "),
    );
    const isConflicted = "instr(name, 'conflict') > 0";
    database.exec(`create index if not exists local_rows_conflicted on local_rows (key) where ${isConflicted}`);
    this.#conflictedCopies = database.prepare(`select key from local_rows where ${isConflicted}`);
    const isFile = "kind = 'file'";
    database.exec(`create index if not exists local_rows_content on local_rows (content) where ${isFile}`);
    this.#nodesWithContent = database.prepare(
      `select key from local_rows where content = ? and ${isFile} limit ${holdersMax}`,
    );
    this.unreportedPrivacy = unreportedPrivacy(database);
    this.manifests = new Manifests(database);
    this.#dropUnusedManifests();
    relistUnreportedData(this);
    // All reads until the next change share one transaction; otherwise each statement would lock and unlock.
    database.exec("begin");
  }

  childrenOf(folder: NodeId): NodeId[] {
    return this.#childrenOf.all(pack(folder)).map(({ key }) => unpack(key as Packed) as NodeId);
  }

  /** Returns local items whose name may be that of a conflicted copy. */
  conflictedCopies(): NodeId[] {
    return this.#conflictedCopies.all().map(({ key }) => unpack(key as Packed) as NodeId);
  }

  /** Returns some of the local files. */
  nodesWithContent(content: ContentKey): NodeId[] {
    return this.#nodesWithContent.all(pack(content)).map(({ key }) => unpack(key as Packed) as NodeId);
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

  /** All or nothing, also after a power failure. */
  commit(change: StateChange): void {
    const cursor = change.cursor === undefined ? [] : [["cursor", JSON.stringify(change.cursor)] as const];
    const [remote, local, synced] = [
      this.remote.stage(change.remote),
      this.local.stage(change.local),
      this.synced.stage(change.synced),
    ];
    const past = replacedContents(this.synced, synced);
    const intents = new Map(change.intents);
    const shares = [...(change.shares ?? [])];
    const hasOtherMounts = shares.some(([id, share]) => this.shares.get(id)?.target !== share?.target);
    const unsyncedCount = this.unsynced.size + this.unsynced.fresh.size;
    this.remember(Math.max(unsyncedCount, ...[remote, local, synced].map(({ size }) => size)));
    const after: AllRows = {
      remote,
      local,
      synced,
      intents: { has: (id) => (intents.has(id) ? intents.get(id) !== undefined : this.intents.has(id)) },
    };
    const writes = [
      remote,
      local,
      synced,
      this.unsynced.stage([remote.ids, local.ids, synced.ids, intents.keys()], after),
      this.#write("intents", this.intents, intents),
      this.#write("parked", this.parked, change.parked),
      this.#write("stashed", this.stashed, change.stashed),
      this.#write("brakes", this.brakes, change.brakes),
      this.#write("shares", this.shares, shares),
      this.#write("rights", this.rights, change.rights),
      this.#write("departures", this.departures, change.departures),
      this.#write("dormant", this.dormant, change.dormant),
      this.#write("decided", this.decided, change.decided),
      this.#write("answers", this.answers, change.answers),
      this.#write("offers", this.#offers, change.offers),
      this.#write("refusals", this.#refusals, keyed(change.refusals, refusalKey)),
      this.#write("settings", this.#settings, [...(change.settings ?? []), ...cursor]),
    ];
    inTransaction(this.#database, () => {
      this.manifests.write();
      for (const write of writes) write.store();
      this.agreedTrash.store(change.agreedTrash ?? []);
      this.pastContents.store([...past, ...(change.past ?? [])]);
    });
    this.manifests.forgetPending();
    for (const write of writes) write.show();
    if (synced.size > 0) this.isBaseNewer = true;
    if (hasOtherMounts) this.areMountsNewer = true;
  }

  /** Grows the row cache to the current amount of work. */
  remember(count: number): void {
    for (const table of [this.remote, this.local, this.synced]) table.remember(count);
  }

  rest(): void {
    for (const table of [this.remote, this.local, this.synced]) table.forget();
  }

  forgetRefusals(nowMs: number): void {
    // A longer wait means that the clock was set back.
    const isOver = (leftMs: number): boolean => leftMs <= 0 || leftMs > refusedForMs;
    const over = [...this.#refusals].filter(([, { notBeforeMs }]) => isOver(notBeforeMs - nowMs));
    if (over.length === 0) return;
    inTransaction(this.#database, () => {
      for (const [key] of over) this.#statements.refusals.remove.run(key);
    });
    for (const [key] of over) this.#refusals.delete(key);
  }

  /**
   * Called right after the journal was read. Removes offers that never arrived: another device may later do the same,
   * and the server's state would count as a result. An offer that creates a node stays until the node is seen or the
   * offer refused.
   */
  forgetOffers(nowMs: number): void {
    const isOver = ({ nodeId, baseRevision, sinceMs = 0, isRefused }: Offer): boolean =>
      Math.abs(nowMs - sinceMs) > offeredForMs &&
      (isRefused === true || baseRevision !== undefined) &&
      this.remote.get(nodeId)?.revision === baseRevision;
    const over = this.offers.filter(isOver);
    if (over.length > 0) this.commit({ offers: over.map(({ operationId }) => [operationId, undefined] as const) });
  }

  /** Reads all rows, so only if many lists may be unused. */
  #dropUnusedManifests(): void {
    if (this.manifests.size <= 1.25 * this.local.size + unusedListsMax) return;
    const used = ["local", "synced"].map((name) => `select content from ${name}_rows where typeof(content) = 'blob'`);
    const unused = this.#database
      .prepare(`select content from manifests where unhex(content) not in (${used.join(" union ")})`)
      .all();
    this.manifests.drop(unused.map(({ content }) => content as ContentKey));
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
          else put.run(key, JSON.stringify(row));
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

function statementsOf(database: DatabaseSync, name: TableName): { put: StatementSync; remove: StatementSync } {
  return {
    put: database.prepare(
      `insert into ${name} (key, row) values (?, ?) on conflict (key) do update set row = excluded.row`,
    ),
    remove: database.prepare(`delete from ${name} where key = ?`),
  };
}

function loadRows<Key extends string, Row>(database: DatabaseSync, name: TableName): Map<Key, Row> {
  const rows = new Map<Key, Row>();
  for (const { key, row } of database.prepare(`select key, row from ${name}`).iterate())
    rows.set(String(key) as Key, JSON.parse(String(row)) as Row);
  return rows;
}

function keyed<Row>(rows: Iterable<Row> = [], keyOf: (row: Row) => string): (readonly [string, Row])[] {
  return [...rows].map((row) => [keyOf(row), row] as const);
}

function refusalKey({ nodeId, digest }: Refusal): string {
  return `${nodeId} ${digest}`;
}
