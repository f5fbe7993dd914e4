import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { backoffMs } from "@holdfast/core/backoff";
import { HoldfastError } from "@holdfast/core/errors";
import { type FolderWatch, type KnownFolder, knowFolder, watchFolders } from "../data-folder/known-folder.ts";
import { OutageLog } from "./outage-log.ts";
import type { Connection } from "./database.ts";
import type { DatabaseLog } from "./database-log.ts";
import { type Account, accountFor, refuseBlockedPath } from "./embedded/account.ts";
import { findBinaries, findPackage, majorOf, type NativePackage } from "./embedded/binaries.ts";
import { clusterFolderOf, makePassable, prepareCluster, refuseOtherVersion, superuser } from "./embedded/cluster.ts";
import { openEndpoint, removeShortFolder } from "./embedded/endpoint.ts";
import { processesIn, readPostmasterFile, stopLeftover } from "./embedded/leftover.ts";
import { logSettings } from "./embedded/log-room.ts";
import { readPassword } from "./embedded/password.ts";
import { finishUpgrade } from "./embedded/swap-clusters.ts";
import { type Postmaster, startPostmaster } from "./embedded/postmaster.ts";
import { settingsOf } from "./embedded/settings.ts";
import { takeOver } from "./embedded/take-over.ts";

export interface EmbeddedPostgresOptions {
  /** Locked by the caller while the database runs (`openDataFolder`). */
  readonly dataFolder: string;
  readonly log: DatabaseLog;
  readonly random: (bytes: number) => Uint8Array;
  /** Added to postgresql.conf; these take precedence. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Defaults to the owner of the cluster, or to a user of its own for a new one. */
  readonly account?: Account;
  /** For a cluster of another version. */
  readonly native?: NativePackage;
  /** A port of 127.0.0.1 instead of a Unix socket. Default on systems without Unix sockets. */
  readonly loopback?: boolean;
  /** Called whenever its process has been started, before it accepts connections. */
  readonly onSpawn?: () => void;
}

export interface EmbeddedPostgres {
  readonly connection: Connection;
  pid(): number | undefined;
  onRestart(listener: () => void): void;
  /** Proportional memory of all its processes; undefined if not reported. */
  pssBytes(): number | undefined;
  /**
   * If another folder replaces the data folder or the cluster, PostgreSQL is killed and not restarted: an orderly stop
   * would write into the other folder.
   */
  readonly folders: Pick<FolderWatch, "look" | "replaced">;
  /** Idempotent. Resolves when the process has ended. */
  stop(): Promise<void>;
}

/**
 * Runs as a child on a Unix socket. If PostgreSQL dies, it is restarted immediately, then with growing pauses, and
 * statements fail with `unavailable` meanwhile. The folder may be in any state left by a killed server, a killed
 * database or a power cut.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { dataFolder, log } = options;
  const clusterFolder = clusterFolderOf(dataFolder);
  const native = options.native ?? findPackage();
  await finishUpgrade(dataFolder);
  refuseOtherVersion(dataFolder, majorOf(native.version));
  const account = options.account ?? accountFor(clusterFolder);
  makePassable(dataFolder, account);
  refuseBlockedPath(dataFolder, account);
  const binaries = await findBinaries(dataFolder, account, log, native);
  const cluster = await prepareCluster(dataFolder, binaries, account, options.random, log);
  removeShortFolder(readPostmasterFile(clusterFolder)?.socketFolder ?? "");
  await stopLeftover(clusterFolder, log);
  takeOver(clusterFolder, account, log);
  const loopback = options.loopback ?? process.platform === "win32";
  const open = () => openEndpoint(dataFolder, { account, loopback, random: options.random });
  let endpoint = await open();
  const folder = knowFolder(clusterFolder);
  const start = async () => {
    await stopLeftover(clusterFolder, log);
    const settings = {
      ...settingsOf(binaries.major),
      ...logSettings(clusterFolder),
      ...endpoint.settings,
      ...options.settings,
    };
    const { onSpawn } = options;
    return startPostmaster({ program: binaries.postgres, cluster: folder, settings, account, log, onSpawn });
  };
  const supervisor = new Supervisor(start, [knowFolder(dataFolder), folder], log);
  await supervisor.startFirst(async () => {
    endpoint.close();
    endpoint = await open();
  });
  return {
    connection: {
      host: endpoint.host,
      port: endpoint.port,
      user: superuser,
      password: cluster.password,
      database: databaseName,
    },
    pid: () => supervisor.pid,
    onRestart: (listener) => supervisor.listeners.push(listener),
    folders: supervisor.folders,
    pssBytes: () => pssOf(clusterFolder),
    stop: async () => {
      await supervisor.stop();
      endpoint.close();
    },
  };
}

/** For another process (`admin --data`); undefined if none runs. */
export function findRunningPostgres(dataFolder: string): Connection | undefined {
  const clusterFolder = clusterFolderOf(dataFolder);
  const file = readPostmasterFile(clusterFolder);
  const password = readPassword(dataFolder);
  if (file === undefined || password === undefined) return undefined;
  if (!processesIn(clusterFolder, file.pid).includes(file.pid)) return undefined;
  const host = file.socketFolder === "" ? "127.0.0.1" : file.socketFolder;
  return { host, port: file.port, user: superuser, password, database: databaseName };
}

const databaseName = "postgres";

const startAttemptsMax = 5;
const startBackoff = { firstMs: 100, maxMs: 1000 };
const restartPauseMsMax = 5000;

class Supervisor {
  readonly listeners: (() => void)[] = [];
  readonly folders: FolderWatch;
  readonly #start: () => Promise<Postmaster>;
  readonly #log: DatabaseLog;
  readonly #stopped = new AbortController();
  #postmaster: Postmaster | undefined;
  #watch: Promise<void> = Promise.resolve();

  constructor(start: () => Promise<Postmaster>, folders: readonly KnownFolder[], log: DatabaseLog) {
    this.#start = start;
    this.#log = log;
    this.folders = watchFolders(folders, (error) => {
      log.error({ pid: this.pid }, error.message);
      this.#stopped.abort();
      void this.#postmaster?.kill();
    });
  }

  get pid(): number | undefined {
    return this.#postmaster?.pid;
  }

  /**
   * Retries, because kernel resources of a killed database are released shortly after its processes end.
   * @param reopen called before each further attempt, because a free port may be in use by then
   */
  async startFirst(reopen: () => Promise<void>): Promise<void> {
    for (let attempt = 1; this.#postmaster === undefined; attempt++) {
      try {
        this.#postmaster = await this.#start();
      } catch (error) {
        if (attempt >= startAttemptsMax || !(error instanceof HoldfastError) || error.code !== "unavailable") {
          this.folders.close();
          throw error;
        }
        await delay(backoffMs(startBackoff, attempt));
        await reopen();
      }
    }
    this.#watch = this.#keepRunning(this.#postmaster);
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    if (this.folders.look()) await this.#postmaster?.stop();
    else await this.#postmaster?.kill();
    await this.#watch;
    this.folders.close();
  }

  async #keepRunning(first: Postmaster): Promise<void> {
    let running: Postmaster | undefined = first;
    while (running !== undefined) {
      const how = await running.exited;
      this.#postmaster = undefined;
      // Leftover processes are found by their folder, and those of another cluster must not be stopped.
      if (this.#stopped.signal.aborted || !this.folders.look()) return;
      this.#log.error({ how }, "the database exited unexpectedly and is restarted");
      running = await this.#restart();
      if (running === undefined) return;
      for (const listener of this.listeners) listener();
    }
  }

  async #restart(): Promise<Postmaster | undefined> {
    const message = "the database does not start; retrying";
    const outage = new OutageLog(this.#log, { level: "error", message, over: "the database was restarted" });
    for (
      let pauseMs = 50;
      this.folders.look() && !this.#stopped.signal.aborted;
      pauseMs = Math.min(2 * pauseMs, restartPauseMsMax)
    ) {
      try {
        const postmaster = await this.#start();
        this.#postmaster = postmaster;
        outage.worked();
        if (!this.#stopped.signal.aborted) return postmaster;
        await postmaster.stop();
      } catch (error) {
        outage.failed({ reason: (error as Error).message });
        await delay(pauseMs, undefined, { signal: this.#stopped.signal }).catch(() => {});
      }
    }
    return undefined;
  }
}

function pssOf(clusterFolder: string): number | undefined {
  if (process.platform !== "linux") return undefined;
  let kib = 0;
  for (const pid of processesIn(clusterFolder)) {
    try {
      kib += Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0);
    } catch {
      // The session has just ended.
    }
  }
  return kib * 1024;
}
