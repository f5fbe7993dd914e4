import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import pg from "pg";
import type { Connection } from "../database.ts";
import { accountFor } from "../embedded/account.ts";
import { findBinaries } from "../embedded/binaries.ts";
import { clusterFolderOf } from "../embedded/cluster.ts";
import { openEndpoint } from "../embedded/endpoint.ts";
import { processesIn } from "../embedded/leftover.ts";
import { startProgram } from "../embedded/program.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../embedded-postgres.ts";
import { copyTemplate, makeTestFolder, silentLog, urlOf } from "../testing.ts";
import { runStatement } from "../testing-migrated.ts";

export interface TestStandby {
  readonly url: string;
  stop(): Promise<void>;
  /** At the same address. */
  start(): Promise<void>;
  run(statement: string): Promise<void>;
  query(statement: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Freezes or continues all its processes. */
  signal(kind: "SIGSTOP" | "SIGCONT"): void;
}

export interface TestPair {
  readonly folder: string;
  readonly connection: Connection;
  readonly primary: EmbeddedPostgres;
  readonly url: string;
  readonly standbys: readonly TestStandby[];
  stop(): Promise<void>;
}

/** A primary with migrated tables, and standbys `standby0`, … that stream from it. */
export async function startTestPair({ standbyCount = 1, fsync = false } = {}): Promise<TestPair> {
  const folder = makeTestFolder();
  await copyTemplate(folder);
  // The template was shut down, so a copy of its files needs no backup label.
  const copies = Array.from({ length: standbyCount }, () => copyCluster(folder));
  const settings = { fsync: fsync ? "on" : "off", autovacuum: "off" };
  const primary = await startEmbeddedPostgres({ dataFolder: folder, log: silentLog, random: randomBytes, settings });
  const standbys = await Promise.all(
    copies.map((copy, index) => startStandby(copy, primary.connection, `standby${index}`)),
  );
  return {
    folder,
    connection: primary.connection,
    primary,
    url: urlOf(primary.connection),
    standbys,
    stop: async () => {
      await Promise.all(standbys.map((standby) => standby.stop()));
      await primary.stop();
      for (const each of [folder, ...copies]) rmSync(each, { recursive: true, force: true });
    },
  };
}

function copyCluster(folder: string): string {
  const copy = makeTestFolder();
  execFileSync("cp", ["-a", `${folder}/.`, copy]);
  writeFileSync(join(clusterFolderOf(copy), "standby.signal"), "");
  return copy;
}

/** @param folder data folder with a copy of the primary's cluster */
async function startStandby(folder: string, primary: Connection, name: string): Promise<TestStandby> {
  const cluster = clusterFolderOf(folder);
  const account = accountFor(cluster);
  const { postgres: program } = await findBinaries(folder, account, silentLog);
  const endpoint = await openEndpoint(folder, { account, loopback: false, random: randomBytes });
  const { host = "", port, user, password } = primary;
  const settings = {
    ...endpoint.settings,
    fsync: "off",
    log_destination: "stderr",
    max_connections: "60",
    primary_conninfo: `application_name=${name} host=${host} port=${port} user=${user} password=${String(password)}`,
  };
  const args = Object.entries(settings).flatMap(([setting, value]) => ["-c", `${setting}=${value}`]);
  const open = async () => {
    const child = startProgram(program, ["-D", cluster, ...args], account, {
      folder: cluster,
      stdio: ["ignore", "ignore", "pipe"],
    });
    const exited = new Promise((resolve) => child.once("exit", resolve));
    const killAtExit = () => child.kill("SIGQUIT");
    process.once("exit", killAtExit);
    child.once("exit", () => process.off("exit", killAtExit));
    if (child.stderr === null) throw new Error("no output of PostgreSQL");
    const lines = createInterface({ input: child.stderr });
    await new Promise<void>((resolve, reject) => {
      lines.on("line", (line) => (line.includes("ready to accept read-only connections") ? resolve() : undefined));
      void exited.then(() => reject(new Error("the standby does not start")));
    });
    return { child, exited };
  };
  let running = await open();
  const connection = { ...primary, host: endpoint.host, port: endpoint.port };
  return {
    url: urlOf(connection),
    stop: async () => {
      running.child.kill("SIGINT");
      await running.exited;
    },
    start: async () => {
      running = await open();
    },
    run: (statement) => runStatement(connection, statement),
    query: async (statement) => {
      const client = new pg.Client(connection);
      await client.connect();
      try {
        return (await client.query(statement)).rows as Record<string, unknown>[];
      } finally {
        await client.end();
      }
    },
    signal: (kind) => {
      for (const pid of processesIn(cluster)) process.kill(pid, kind);
    },
  };
}
