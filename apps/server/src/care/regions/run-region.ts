import { HoldfastError } from "@holdfast/core/errors";
import { type Config, readConfig } from "../../base/config/read-config.ts";
import type { CellTables } from "../../base/db/cell-tables.ts";
import { openDatabase } from "../../base/db/database.ts";
import { hostName, parseDatabaseUrl } from "../../base/db/primary/database-url.ts";
import type { Topology } from "../../base/db/topology.ts";
import { requireRebuild } from "../../packs/facts/cell-facts.ts";
import { openAdminStorage, silent } from "../admin-storage/open-admin-storage.ts";
import { requestJob } from "../jobs/requested-jobs.ts";
import { planPromotion, type RegionDatabase } from "./plan-promotion.ts";
import { RegionServer } from "./region-server.ts";

export interface RegionReport {
  readonly databases: readonly {
    readonly name: string;
    readonly servers: readonly ServerReport[];
  }[];
}

export interface ServerReport {
  readonly server: string;
  readonly region: string | null;
  readonly state: "primary" | "standby" | "unreachable";
  readonly timeline: number | null;
  /** Length of the primary's log that the standby has not received; null if unknown. */
  readonly behind_bytes: number | null;
  /** Time of the last change that a standby shows. */
  readonly last_change_at: string | null;
  /** A standby receives changes; null if that is unknown. */
  readonly receives: boolean | null;
  readonly problem: string | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * `holdfast admin region status`, without a running server.
 * @param dataFolder undefined: from the environment
 * @throws HoldfastError usage without regions in the topology
 */
export async function readRegions(dataFolder: string | undefined, environment: Environment): Promise<RegionReport> {
  return withDatabases(configOf(dataFolder, environment), (databases) => Promise.resolve(reportOf(databases)));
}

export interface PromotionRequest {
  readonly region: string;
  readonly dataFolder: string | undefined;
  /** Also if servers of other regions may still run. */
  readonly isForced: boolean;
  /** Only checks and reports. */
  readonly isDry: boolean;
  /** Called after each promotion. */
  readonly onPromoted: (database: string, server: string) => void;
}

export interface PromotionReport {
  /** Promoted by this command. */
  readonly promoted: readonly { readonly database: string; readonly server: string }[];
  /** Their servers in the region were already primaries. */
  readonly already: readonly string[];
  readonly dataFolder: string;
}

/**
 * Makes a standby of each database in the region its primary, and requests a rebuild of the block index, because rows of
 * stored packs may be missing. Can be repeated after an interruption. Afterwards spaces need new epochs.
 * @throws HoldfastError usage, conflict (with all reasons, before anything is promoted), failed
 */
export async function promoteRegion(
  { region, dataFolder, isForced, isDry, onPromoted }: PromotionRequest,
  environment: Environment,
): Promise<PromotionReport> {
  const config = configOf(dataFolder, environment);
  return withDatabases(config, async (databases) => {
    const known = regionsOf(databases);
    if (!known.includes(region))
      throw new HoldfastError("usage", `HOLDFAST_TOPOLOGY has no region ${region}, only ${known.join(" and ")}.`);
    const first = planPromotion(databases, region, isForced);
    if (!isDry) {
      for (const { server } of first.promotions) await server.lockPromotion();
      // Another command may have promoted a server before the lock.
      await Promise.all(databases.flatMap(({ servers }) => servers.map((server) => server.read())));
    }
    const { promotions, already } = planPromotion(databases, region, isForced);
    const promoted = promotions.map(({ database, server }) => ({ database: database.name, server: server.name }));
    if (isDry) return { promoted, already, dataFolder: config.dataFolder };
    for (const { database, server } of promotions) {
      await server.promote();
      if (database.hasCell) await stopDeletion(server);
      onPromoted(database.name, server.name);
    }
    await requestRebuild(config, environment);
    return { promoted, already, dataFolder: config.dataFolder };
  });
}

/** Before servers delete what only missing rows refer to. */
async function stopDeletion({ url }: RegionServer): Promise<void> {
  const { db, close } = openDatabase<CellTables>({
    connection: { connectionString: url },
    applicationName: "holdfast region",
    schema: "cell",
    log: silent,
    connectionsMax: 1,
  });
  try {
    await requireRebuild(db);
  } finally {
    await close();
  }
}

/** A worker of a server runs it. */
async function requestRebuild(config: Config, environment: Environment): Promise<void> {
  const storage = await openAdminStorage(config, environment);
  const { databases, clock } = storage;
  try {
    for (const { db } of databases.cells.all()) await requireRebuild(db);
    await requestJob({ cells: databases.cells, clock }, "rebuild-index", { unfinished: false });
  } finally {
    await storage.close();
  }
}

function configOf(dataFolder: string | undefined, environment: Environment): Config {
  return readConfig({ flags: dataFolder === undefined ? {} : { data: dataFolder }, environment });
}

async function withDatabases<Result>(
  { topology, databaseUrl }: Config,
  work: (databases: readonly RegionDatabase[]) => Promise<Result>,
): Promise<Result> {
  if (topology?.regions === undefined)
    throw new HoldfastError("usage", "HOLDFAST_TOPOLOGY has no regions. See docs/regions.md.");
  const databases = databasesOf(topology, topology.regions, databaseUrl);
  const servers = databases.flatMap((database) => database.servers);
  try {
    await Promise.all(servers.map((server) => server.connect()));
    return await work(databases);
  } finally {
    await Promise.all(servers.map((server) => server.close()));
  }
}

function databasesOf(
  { shards, cells }: Topology,
  regions: NonNullable<Topology["regions"]>,
  defaultUrl: string | undefined,
): RegionDatabase[] {
  const usersOf = new Map<string, string[]>();
  const places = [
    ...shards.map(({ id, database_url: url }) => ({ name: `shard ${id}`, url: url ?? defaultUrl })),
    ...cells.map(({ id, database_url: url }) => ({ name: `cell ${id}`, url: url ?? defaultUrl })),
  ];
  for (const { name, url } of places) {
    if (url === undefined)
      throw new HoldfastError("usage", `The embedded database of ${name} cannot have servers in several regions.`);
    usersOf.set(url, [...(usersOf.get(url) ?? []), name]);
  }
  const regionOf = new Map(
    Object.entries(regions).flatMap(([region, servers]) => servers.map((name) => [name, region])),
  );
  return [...usersOf].map(([databaseUrl, names]) => {
    const { url, hosts } = parseDatabaseUrl(databaseUrl);
    if (hosts.length === 0)
      throw new HoldfastError("usage", `The database URL of ${names.join(", ")} must list the servers of all regions.`);
    const servers = hosts.map((host) => new RegionServer(url, host, regionOf.get(hostName(host))));
    return { name: names.join(", "), hasCell: names.some((name) => name.startsWith("cell ")), servers };
  });
}

function regionsOf(databases: readonly RegionDatabase[]): string[] {
  const regions = databases.flatMap(({ servers }) => servers.flatMap(({ region }) => region ?? []));
  return [...new Set(regions)].toSorted();
}

function reportOf(databases: readonly RegionDatabase[]): RegionReport {
  return {
    databases: databases.map(({ name, servers }) => {
      const primaries = servers.flatMap(({ state }) => (state?.isPrimary === true ? [state] : []));
      const ends = primaries.map(({ endBytes }) => endBytes);
      const endBytes = ends.length === 1 ? ends[0] : undefined;
      return { name, servers: servers.map((server) => serverReport(server, endBytes)) };
    }),
  };
}

function serverReport(
  { name, region, state, standby, problem }: RegionServer,
  endBytes: number | undefined,
): ServerReport {
  const isPrimary = state?.isPrimary === true;
  const isStandby = state !== undefined && !isPrimary;
  const lastChangeMs = isStandby ? (standby?.lastChangeMs ?? null) : null;
  const received = isStandby ? standby?.receivedBytes : undefined;
  const answered = isPrimary ? "primary" : "standby";
  return {
    server: name,
    region: region ?? null,
    state: state === undefined ? "unreachable" : answered,
    timeline: isPrimary ? state.timeline : null,
    behind_bytes: received === undefined || endBytes === undefined ? null : Math.max(0, endBytes - received),
    last_change_at: lastChangeMs === null ? null : new Date(lastChangeMs).toISOString(),
    receives: isStandby ? (standby?.isReceiving ?? null) : null,
    problem: problem ?? null,
  };
}
