import { HoldfastError } from "@holdfast/core/errors";
import { type Bucket, bucketCount, bucketOf } from "@holdfast/core/ids";
import type { Kysely } from "kysely";
import type { BucketRange } from "./bucket-columns.ts";
import type { CellTables } from "./cell-tables.ts";
import { type Connection, openDatabase } from "./database.ts";
import type { DatabaseLog } from "./database-log.ts";
import { Primaries } from "./primary/primaries.ts";
import { openReads, type ReadCounts, type Reads, replicaTimes } from "./replicas/reads.ts";
import type { ReplicaState } from "./replicas/replica.ts";
import type { ReadMap, ShardMap } from "./shard-map.ts";
import type { ShardReads, ShardTables } from "./shard-tables.ts";
import { embeddedTopology, type Topology } from "./topology.ts";

export interface ReadShard {
  readonly id: string;
  /** Each statement runs on any replica that is up to date, or on the primary. */
  readonly db: ShardReads;
  /**
   * For the end of a journal, which clients send back. A replica may show a change before the primary does, and the
   * change is lost if the primary fails before it is acknowledged.
   */
  readonly primary: ShardReads;
}

export interface Shard extends ReadShard {
  readonly db: Kysely<ShardTables>;
  /** For jobs and LISTEN. */
  readonly connection: Connection;
}

export interface ReadShards {
  /** @throws HoldfastError unavailable for less than a second while the bucket moves to another shard */
  of(bucket: Bucket): ReadShard;
  ofId(id: Parameters<typeof bucketOf>[0]): ReadShard;
  /** Shards with buckets. */
  all(): readonly ReadShard[];
}

export interface Shards extends ReadShards {
  of(bucket: Bucket): Shard;
  ofId(id: Parameters<typeof bucketOf>[0]): Shard;
  all(): readonly Shard[];
}

export interface ChangingShards extends Shards {
  /** Like `of`, also while the bucket moves: for what may be on either shard, such as audit entries. */
  lastOf(bucket: Bucket): Shard;
  /** Calls the listener with each shard that gets its first buckets, before `of` returns it. */
  onAdded(listener: (shard: Shard) => void): void;
}

export interface Cell {
  readonly id: string;
  readonly db: Kysely<CellTables>;
  readonly connection: Connection;
  /** Folder or `s3://…`; undefined: the default store. */
  readonly store: string | undefined;
  /** Second store with equal content. For a cell without `store`, undefined means the default one, if any. */
  readonly secondStore: string | undefined;
}

export interface Cells {
  of(bucket: Bucket): Cell;
  all(): readonly Cell[];
}

export interface DatabasesOptions {
  readonly topology?: Topology | undefined;
  /** Reads the configuration again, which may have new shards. */
  readonly readTopology?: () => Topology | undefined;
  /** For shards and cells without their own `database_url`: the embedded database, or `--database-url`. */
  readonly defaultConnection: Connection;
  /** Closed with the databases. */
  readonly primaries?: Primaries | undefined;
  readonly log: DatabaseLog;
  readonly connectionsMax?: number;
}

export interface Databases {
  readonly shards: ChangingShards;
  /** The same shards for requests that change nothing. */
  readonly reads: ReadShards;
  readonly cells: Cells;
  /** Configured shards, also those without buckets. */
  readonly configured: () => readonly Shard[];
  /** Configured shard; reads the configuration again if it is unknown. */
  readonly shard: (id: string) => Shard | undefined;
  /** Assignment of the configuration, or of the map that was applied last. */
  readonly assigned: () => ShardMap["buckets"];
  /**
   * Applies the stored map.
   * @param trusted afterwards, no shard is returned until the map is applied again
   * @throws HoldfastError failed if a shard with buckets, or the one that will get them, is not configured, or if the
   * map is older than the one applied before
   */
  readonly apply: (read: ReadMap, trusted?: Trust) => void;
  readonly conflicts: () => number;
  /** Replicas of a configured shard. */
  readonly replicas: (id: string) => Promise<readonly ReplicaState[]>;
  /** Statements of `reads` by shard with replicas. */
  readonly readCounts: () => ReadonlyMap<string, ReadCounts>;
  readonly close: () => Promise<void>;
}

export interface Trust {
  /** By `performance.now()`. */
  readonly untilMs: number;
  /** By `Date.now()`, because the other clock stops while a virtual machine is suspended. */
  readonly untilWallMs: number;
}

const forever: Trust = { untilMs: Number.POSITIVE_INFINITY, untilWallMs: Number.POSITIVE_INFINITY };

export function openDatabases(options: DatabasesOptions): Databases {
  const topology = options.topology ?? embeddedTopology;
  const closers: (() => Promise<void>)[] = [];
  const counts: (() => number)[] = [];
  const primaries = options.primaries ?? new Primaries(options.log);
  const optionsOf = (schema: "shard" | "cell", id: string, url: string | undefined) => ({
    connection: url === undefined ? options.defaultConnection : primaries.of(url),
    schema,
    applicationName: `holdfast ${schema} ${id}`,
    log: options.log,
    ...(options.connectionsMax === undefined ? {} : { connectionsMax: options.connectionsMax }),
  });
  const open = <Tables>(schema: "shard" | "cell", id: string, url: string | undefined) => {
    const opening = optionsOf(schema, id, url);
    const { db, conflicts, close } = openDatabase<Tables>(opening);
    closers.push(close);
    counts.push(conflicts);
    return { id, db, connection: opening.connection };
  };
  const cells = topology.cells.map((cell): Cell => ({
    ...open<CellTables>("cell", cell.id, cell.database_url),
    store: cell.store,
    secondStore: cell.second_store,
  }));
  const cellOf = byBucket(topology.cells.map(({ buckets }, index) => [cells[index] as Cell, buckets]));
  const readers = new Map<string, Reads<ShardTables>>();
  const openShard: OpenShard = ({ id, database_url: url, replica_urls: replicaUrls }) => {
    const opened = open<ShardTables>("shard", id, url);
    const shard = { ...opened, primary: opened.db };
    if (replicaUrls.length === 0) return { shard, reads: shard };
    const reads = openReads<ShardTables>({ ...optionsOf("shard", id, url), replicaUrls, times: replicaTimes });
    closers.push(reads.close);
    readers.set(id, reads);
    return { shard, reads: { id, db: reads.db, primary: reads.primary } };
  };
  const assignment = new Assignment(topology, openShard, options.readTopology);
  return {
    shards: {
      of: (bucket) => assignment.of(bucket),
      ofId: (id) => assignment.of(bucketOf(id)),
      lastOf: (bucket) => assignment.lastOf(bucket),
      all: () => assignment.all(),
      onAdded: (listener) => assignment.onAdded(listener),
    },
    reads: {
      of: (bucket) => assignment.readsOf(assignment.of(bucket)),
      ofId: (id) => assignment.readsOf(assignment.of(bucketOf(id))),
      all: () => assignment.all().map((shard) => assignment.readsOf(shard)),
    },
    cells: { of: cellOf, all: () => cells },
    configured: () => assignment.configured(),
    shard: (id) => assignment.shard(id),
    assigned: () => assignment.buckets,
    apply: (read, trusted) => assignment.apply(read, trusted),
    conflicts: () => counts.reduce((sum, count) => sum + count(), 0),
    replicas: async (id) => (await readers.get(id)?.replicas()) ?? [],
    readCounts: () => new Map([...readers].map(([id, { counts: read }]) => [id, read()])),
    close: async () => {
      await Promise.all(closers.map((close) => close()));
      await primaries.close();
    },
  };
}

/** By the database's clock. A switch begins within this time, or not at all. */
export const frozenMsMax = 5000;
/** After this, no switch can still be committing. Usually a worker has ended the freeze before. */
const frozenMsEnd = 60_000;

interface OpenedShard {
  readonly shard: Shard;
  readonly reads: ReadShard;
}

type OpenShard = (configured: Topology["shards"][number]) => OpenedShard;

class Assignment {
  readonly #open: OpenShard;
  readonly #readTopology: () => Topology | undefined;
  readonly #configured = new Map<string, OpenedShard>();
  readonly #listeners: ((shard: Shard) => void)[] = [];
  #buckets: ShardMap["buckets"];
  #version = 0;
  #shardOf: (bucket: Bucket) => Shard;
  #all: readonly Shard[] = [];
  #frozen: BucketRange | undefined;
  #trusted = forever;

  constructor(topology: Topology, open: OpenShard, readTopology: () => Topology | undefined = () => undefined) {
    this.#open = open;
    this.#readTopology = readTopology;
    this.#configure(topology);
    this.#buckets = Object.fromEntries(topology.shards.map(({ id, buckets }) => [id, buckets]));
    this.#shardOf = this.#assign(this.#buckets);
  }

  get buckets(): ShardMap["buckets"] {
    return this.#buckets;
  }

  configured(): readonly Shard[] {
    return [...this.#configured.values()].map(({ shard }) => shard);
  }

  readsOf({ id }: Shard): ReadShard {
    return (this.#configured.get(id) as OpenedShard).reads;
  }

  shard(id: string): Shard | undefined {
    if (!this.#configured.has(id)) this.#configure(this.#readTopology());
    return this.#configured.get(id)?.shard;
  }

  #configure(topology: Topology | undefined): void {
    for (const each of topology?.shards ?? [])
      if (!this.#configured.has(each.id)) this.#configured.set(each.id, this.#open(each));
  }

  apply({ map, nowMs }: ReadMap, trusted: Trust = forever): void {
    if ((map?.version ?? 0) < this.#version)
      throw new HoldfastError(
        "failed",
        "The map of shards is older than before. Was the first cell's database restored?",
      );
    const move = map?.move ?? undefined;
    if (map !== undefined && map.version !== this.#version) {
      this.#shardOf = this.#assign(map.buckets);
      this.#buckets = map.buckets;
      this.#version = map.version;
    }
    const isFrozen = move?.state === "frozen" && nowMs <= move.state_ms + frozenMsEnd;
    this.#frozen = isFrozen ? move.buckets : undefined;
    this.#trusted = trusted;
    if (move !== undefined && this.shard(move.to) === undefined) throw notConfigured(move.to);
  }

  #assign(buckets: ShardMap["buckets"]): (bucket: Bucket) => Shard {
    const places = Object.entries(buckets).map(([id, ranges]): [Shard, readonly BucketRange[]] => {
      const shard = ranges.length > 0 ? this.shard(id) : undefined;
      if (shard === undefined && ranges.length > 0) throw notConfigured(id);
      return [shard as Shard, ranges];
    });
    const used = places.flatMap(([shard, ranges]) => (ranges.length > 0 ? [shard] : []));
    const added = used.filter((shard) => !this.#all.includes(shard));
    const shardOf = byBucket(places);
    this.#all = used;
    for (const shard of added) for (const listener of this.#listeners) listener(shard);
    return shardOf;
  }

  onAdded(listener: (shard: Shard) => void): void {
    this.#listeners.push(listener);
  }

  of(bucket: Bucket): Shard {
    if (this.#frozen !== undefined && this.#frozen[0] <= bucket && bucket <= this.#frozen[1])
      throw unavailable("This account is being moved to another database. Try again in a moment.");
    this.#assertTrusted();
    return this.#shardOf(bucket);
  }

  #assertTrusted(): void {
    if (this.#trusted.untilMs < performance.now() || this.#trusted.untilWallMs < Date.now())
      throw unavailable("The server cannot determine the account's database at the moment. Try again soon.");
  }

  lastOf(bucket: Bucket): Shard {
    return this.#shardOf(bucket);
  }

  all(): readonly Shard[] {
    this.#assertTrusted();
    return this.#all;
  }
}

function notConfigured(id: string): HoldfastError {
  return new HoldfastError("failed", `HOLDFAST_TOPOLOGY of this process has no shard ${id}.`);
}

function unavailable(message: string): HoldfastError {
  return new HoldfastError("unavailable", message, { retryAfterSeconds: 1 });
}

function byBucket<Place>(places: readonly (readonly [Place, readonly BucketRange[]])[]): (bucket: Bucket) => Place {
  const table = new Array<Place | undefined>(bucketCount);
  for (const [place, ranges] of places) for (const [first, last] of ranges) table.fill(place, first, last + 1);
  return (bucket) => {
    const place = table[bucket];
    if (place === undefined) throw new HoldfastError("internal", `Bucket ${bucket} is not mapped to a shard.`);
    return place;
  };
}
