import { HoldfastError } from "@holdfast/core/errors";
import { toBucket } from "@holdfast/core/ids";
import type { Kysely } from "kysely";
import { type Config, readConfig } from "../../base/config/read-config.ts";
import type { CellTables } from "../../base/db/cell-tables.ts";
import { cellMigrations } from "../../base/db/cell-migrations/index.ts";
import { openDatabase } from "../../base/db/database.ts";
import { checkExternalPostgres } from "../../base/db/external-postgres.ts";
import { type Host, hostName, parseDatabaseUrl } from "../../base/db/primary/database-url.ts";
import type { ServerState } from "../../base/db/primary/server-state.ts";
import { shardMigrations } from "../../base/db/shard-migrations/index.ts";
import type { Topology } from "../../base/db/topology.ts";
import { isIndexComplete, requireRebuild } from "../../packs/facts/cell-facts.ts";
import { noteMissingChanges, readMissingChanges } from "../../packs/facts/missing-changes.ts";
import { assertMigrated } from "../admin-storage/assert-migrated.ts";
import { openAdminStorage, silent } from "../admin-storage/open-admin-storage.ts";
import { requestJob } from "../jobs/requested-jobs.ts";
import { planPromotion, type PromotionPlan, type RegionDatabase, type RegionPlace } from "./plan-promotion.ts";
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
  /** An old primary is on an earlier timeline than another one, and not used. */
  readonly state: "primary" | "old_primary" | "standby" | "unreachable";
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
  readonly onPromoted: (promoted: Promoted) => void;
}

export interface Promoted {
  readonly database: string;
  readonly server: string;
  /** Time of the last change that it has. */
  readonly last_change_at: string | null;
}

export interface PromotionReport {
  /** Promoted by this command. */
  readonly promoted: readonly Promoted[];
  /** Their servers in the region were already primaries. */
  readonly already: readonly string[];
  /** Shards that lost changes and whose spaces have no new epochs yet, also those of an interrupted promotion. */
  readonly lost: readonly string[];
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
    planPromotion(databases, region, isForced);
    if (!isDry) {
      // In one order, so that of two commands at once, only one gets to the end.
      const standbys = databases.flatMap(({ servers }) =>
        servers.filter(({ state, region: of }) => of === region && state?.isPrimary === false),
      );
      for (const server of standbys.toSorted((left, right) => (left.name < right.name ? -1 : 1)))
        await server.lockPromotion();
      // Another command may have promoted a server before the lock.
      await Promise.all(databases.flatMap(({ servers }) => servers.map((server) => server.read())));
    }
    const { promotions, already } = planPromotion(databases, region, isForced);
    const promoted = promotions.map(promotedOf);
    for (const { database, server } of promotions) await assertUsable(database, server);
    if (isDry) return { promoted, already, lost: [], dataFolder: config.dataFolder };
    const done: Promoted[] = [];
    try {
      // First the cell that stores which shards lost changes.
      const firstCell = firstCellOf(config);
      const isFirst = ({ database }: (typeof promotions)[number]) =>
        database.places.some((place) => isSame(place, firstCell));
      for (const promotion of [...promotions.filter(isFirst), ...promotions.filter((each) => !isFirst(each))]) {
        await promotion.server.promote();
        done.push(promotedOf(promotion));
        await notePromotion(promotion, primaryOf(firstCell, databases));
        onPromoted(promotedOf(promotion));
      }
      return { promoted, already, ...(await openPromoted(config)), dataFolder: config.dataFolder };
    } catch (error) {
      if (done.length === 0) throw error;
      const names = done.map(({ database }) => database).join(", ");
      const message = `${names}: promoted, but spaces have no new epochs yet: ${(error as Error).message} Repeat the command.`;
      throw new HoldfastError("failed", message, { cause: error });
    }
  });
}

type CellId = Pick<RegionPlace, "name" | "schema">;

/** The cell with bucket 0. */
function firstCellOf({ topology }: Config): CellId {
  const cell = topology?.cells.find(({ buckets }) => buckets.some(([first]) => first === 0));
  return { name: cell?.id ?? "", schema: "cell" };
}

function isSame(place: CellId, other: CellId): boolean {
  return place.name === other.name && place.schema === other.schema;
}

/** Before servers use the primary: they must delete nothing that only missing rows refer to. */
async function notePromotion(
  { database, server }: PromotionPlan["promotions"][number],
  firstCellUrl: string,
): Promise<void> {
  for (const { name, url, schema } of database.places) {
    if (schema === "cell") await withCell(server.urlOf(url), requireRebuild);
    else
      await withCell(firstCellUrl, (db) =>
        noteMissingChanges(db, name, { noted_at: new Date().toISOString(), bytes: 0 }),
      );
  }
}

/** @returns URL of the cell's primary */
function primaryOf(cell: CellId, databases: readonly RegionDatabase[]): string {
  for (const { places, servers } of databases) {
    const place = places.find((each) => isSame(each, cell));
    const primaries = servers.filter(({ state }) => state?.isPrimary === true);
    const [newest] = primaries.toSorted((left, right) => (right.state?.timeline ?? 0) - (left.state?.timeline ?? 0));
    if (place !== undefined && newest !== undefined) return newest.urlOf(place.url);
  }
  throw new HoldfastError("internal", `The cell ${cell.name} has no primary.`);
}

async function withCell(connectionString: string, work: (db: Kysely<CellTables>) => Promise<unknown>): Promise<void> {
  const { db, close } = openDatabase<CellTables>({
    connection: { connectionString },
    applicationName: "holdfast region",
    schema: "cell",
    log: silent,
    connectionsMax: 1,
  });
  try {
    await work(db);
  } finally {
    await close();
  }
}

/** Requests a rebuild of the block index, also after an interrupted promotion. A worker of a server runs it. */
async function openPromoted(config: Config): Promise<{ readonly lost: string[] }> {
  const storage = await openAdminStorage(config);
  const { shards, cells } = storage.databases;
  try {
    const complete = await Promise.all(cells.all().map(({ db }) => isIndexComplete(db)));
    if (complete.includes(false))
      await requestJob({ cells, clock: storage.clock }, "rebuild-index", { unfinished: false });
    const { db } = cells.of(toBucket(0));
    const lost: string[] = [];
    for (const { id } of shards.all()) if ((await readMissingChanges(db, id)) !== undefined) lost.push(id);
    return { lost };
  } finally {
    await storage.close();
  }
}

/** Later checks would fail between promotions. @throws HoldfastError failed, unavailable */
async function assertUsable({ places }: RegionDatabase, server: RegionServer): Promise<void> {
  for (const { url, schema } of places) {
    const connection = { connectionString: server.urlOf(url) };
    await checkExternalPostgres(connection);
    await assertMigrated(connection, schema === "shard" ? shardMigrations : cellMigrations);
  }
}

function promotedOf({ database, server }: PromotionPlan["promotions"][number]): Promoted {
  return { database: database.name, server: server.name, last_change_at: lastChangeAt(server) };
}

function lastChangeAt({ standby }: RegionServer): string | null {
  const lastChangeMs = standby?.lastChangeMs ?? null;
  return lastChangeMs === null ? null : new Date(lastChangeMs).toISOString();
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

interface Group {
  readonly places: readonly RegionPlace[];
  /** By name, with a URL of a database that they have. */
  readonly hosts: ReadonlyMap<string, { readonly host: Host; readonly url: string }>;
}

/** A server is promoted with all its databases. */
function databasesOf(
  { shards, cells }: Topology,
  regions: NonNullable<Topology["regions"]>,
  defaultUrl: string | undefined,
): RegionDatabase[] {
  let groups: Group[] = [];
  // A shard without buckets may have no tables yet.
  const used = shards.filter(({ buckets }) => buckets.length > 0);
  const all = [
    ...used.map(({ id, database_url: url = defaultUrl }) => ({ name: id, url, schema: "shard" as const })),
    ...cells.map(({ id, database_url: url = defaultUrl }) => ({ name: id, url, schema: "cell" as const })),
  ];
  for (const { name, url: databaseUrl, schema } of all) {
    const called = `${schema} ${name}`;
    if (databaseUrl === undefined)
      throw new HoldfastError("usage", `The embedded database of ${called} cannot have servers in several regions.`);
    const { url, hosts } = parseDatabaseUrl(databaseUrl);
    if (hosts.length === 0)
      throw new HoldfastError("usage", `The database URL of ${called} must list the servers of all regions.`);
    const named = new Map(hosts.map((host) => [hostName(host), { host, url }]));
    const same = groups.filter((each) => hosts.some((host) => each.hosts.has(hostName(host))));
    const places = [...same.flatMap((each) => each.places), { name, url, schema }];
    const merged = { places, hosts: new Map([...named, ...same.flatMap((each) => [...each.hosts])]) };
    groups = [...groups.filter((each) => !same.includes(each)), merged];
  }
  const regionOf = regionsByServer(regions, new Set(groups.flatMap(({ hosts }) => [...hosts.keys()])));
  return groups.map(({ places, hosts }) => {
    const servers = [...hosts].map(([name, { host, url }]) => new RegionServer(url, host, regionOf.get(name)));
    return { name: places.map(({ name, schema }) => `${schema} ${name}`).join(", "), places, servers };
  });
}

/** @throws HoldfastError usage for a server in no database URL */
function regionsByServer(
  regions: NonNullable<Topology["regions"]>,
  known: ReadonlySet<string>,
): ReadonlyMap<string, string> {
  const regionOf = new Map<string, string>();
  for (const [region, servers] of Object.entries(regions)) {
    for (const server of servers) {
      const name = server.replace(/:5432$/, "");
      if (!known.has(name))
        throw new HoldfastError("usage", `${server} in the regions of HOLDFAST_TOPOLOGY is in no database URL.`);
      regionOf.set(name, region);
    }
  }
  return regionOf;
}

function regionsOf(databases: readonly RegionDatabase[]): string[] {
  const regions = databases.flatMap(({ servers }) => servers.flatMap(({ region }) => region ?? []));
  return [...new Set(regions)].toSorted();
}

function reportOf(databases: readonly RegionDatabase[]): RegionReport {
  return {
    databases: databases.map(({ name, servers }) => {
      const primaries = servers.flatMap(({ state }) => (state?.isPrimary === true ? [state] : []));
      const newest = primaries.toSorted((left, right) => right.timeline - left.timeline)[0];
      return { name, servers: servers.map((server) => serverReport(server, newest)) };
    }),
  };
}

function serverReport(server: RegionServer, newest: ServerState | undefined): ServerReport {
  const { name, region, state, standby, problem } = server;
  const report = { server: name, region: region ?? null, timeline: null, problem: problem ?? null };
  const unknown = { behind_bytes: null, last_change_at: null, receives: null };
  if (state === undefined) return { ...report, ...unknown, state: "unreachable" };
  if (state.isPrimary) {
    const isOld = state.timeline < (newest?.timeline ?? 0);
    return { ...report, ...unknown, state: isOld ? "old_primary" : "primary", timeline: state.timeline };
  }
  return {
    ...report,
    state: "standby",
    behind_bytes: newest === undefined ? null : Math.max(0, newest.endBytes - (standby?.receivedBytes ?? 0)),
    last_change_at: lastChangeAt(server),
    receives: standby?.isReceiving ?? null,
    problem: standby?.isPromotable === false ? "the role may not promote it" : report.problem,
  };
}
