import { HoldfastError } from "@holdfast/core/errors";
import { type Bucket, bucketCount, bucketOf } from "@holdfast/core/ids";
import type { Kysely } from "kysely";
import type { CellTables } from "./cell-tables.ts";
import { type Connection, openDatabase } from "./database.ts";
import type { DatabaseLog } from "./database-log.ts";
import type { ShardTables } from "./shard-tables.ts";
import { embeddedTopology, type Topology } from "./topology.ts";

export interface Shard {
  readonly id: string;
  readonly db: Kysely<ShardTables>;
  /** For jobs and LISTEN. */
  readonly connection: Connection;
}

export interface Shards {
  of(bucket: Bucket): Shard;
  ofId(id: Parameters<typeof bucketOf>[0]): Shard;
  all(): readonly Shard[];
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
  readonly topology?: Topology;
  /** For shards and cells without their own `database_url`: the embedded database, or `--database-url`. */
  readonly defaultConnection: Connection;
  readonly log: DatabaseLog;
  readonly connectionsMax?: number;
}

export interface Databases {
  readonly shards: Shards;
  readonly cells: Cells;
  readonly conflicts: () => number;
  readonly close: () => Promise<void>;
}

export function openDatabases(options: DatabasesOptions): Databases {
  const topology = options.topology ?? embeddedTopology;
  const closers: (() => Promise<void>)[] = [];
  const counts: (() => number)[] = [];
  const open = <Tables>(schema: "shard" | "cell", id: string, url: string | undefined) => {
    const connection = url === undefined ? options.defaultConnection : { connectionString: url };
    const { db, conflicts, close } = openDatabase<Tables>({
      connection,
      schema,
      applicationName: `holdfast ${schema} ${id}`,
      log: options.log,
      ...(options.connectionsMax === undefined ? {} : { connectionsMax: options.connectionsMax }),
    });
    closers.push(close);
    counts.push(conflicts);
    return { id, db, connection };
  };
  const shards = topology.shards.map((shard): Shard => ({
    ...open<ShardTables>("shard", shard.id, shard.database_url),
  }));
  const cells = topology.cells.map((cell): Cell => ({
    ...open<CellTables>("cell", cell.id, cell.database_url),
    store: cell.store,
    secondStore: cell.second_store,
  }));
  const shardOf = byBucket(topology.shards, shards);
  const cellOf = byBucket(topology.cells, cells);
  return {
    shards: { of: shardOf, ofId: (id) => shardOf(bucketOf(id)), all: () => shards },
    cells: { of: cellOf, all: () => cells },
    conflicts: () => counts.reduce((sum, count) => sum + count(), 0),
    close: async () => {
      await Promise.all(closers.map((close) => close()));
    },
  };
}

function byBucket<Place>(
  configured: readonly { readonly buckets: readonly (readonly [number, number])[] }[],
  places: readonly Place[],
): (bucket: Bucket) => Place {
  const table = new Array<Place | undefined>(bucketCount);
  for (const [index, { buckets }] of configured.entries()) {
    for (const [first, last] of buckets) table.fill(places[index], first, last + 1);
  }
  return (bucket) => {
    const place = table[bucket];
    if (place === undefined) throw new HoldfastError("internal", `Bucket ${bucket} is not mapped to a shard.`);
    return place;
  };
}
