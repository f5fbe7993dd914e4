import { errnoOf } from "@holdfast/disk/disk-error";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import pg from "pg";
import type { Connection } from "../database.ts";
import { accountFor } from "../embedded/account.ts";
import { findBinaries } from "../embedded/binaries.ts";
import { clusterFolderOf, superuser } from "../embedded/cluster.ts";
import { openEndpoint } from "../embedded/endpoint.ts";
import { processesIn } from "../embedded/leftover.ts";
import { startProgram } from "../embedded/program.ts";
import { readPassword } from "../embedded/password.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../embedded-postgres.ts";
import { copyTemplate, makeTestFolder, silentLog, urlOf } from "../testing.ts";
import { runStatement } from "../testing-migrated.ts";

export interface TestNode {
  readonly url: string;
  readonly address: { readonly host: string; readonly port: number };
  stop(): Promise<void>;
  /** All its processes, also if they are frozen. */
  kill(): Promise<void>;
  /** At the same address. */
  start(): Promise<void>;
  promote(): Promise<void>;
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
  readonly standbys: readonly TestNode[];
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
    copies.map((copy, index) =>
      startNode(copy, primary.connection, standbySettings(primary.connection, `standby${index}`)),
    ),
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

export interface FailoverPair {
  readonly primary: TestNode;
  readonly standby: TestNode;
  /** With both hosts. */
  readonly url: string;
  stop(): Promise<void>;
}

/** A primary without supervision, which a test can kill and start again, and a standby. */
export async function startFailoverPair({ isSynchronous = true } = {}): Promise<FailoverPair> {
  const folder = makeTestFolder();
  await copyTemplate(folder);
  const copy = copyCluster(folder);
  const account: Connection = { user: superuser, password: readPassword(folder) ?? "", database: "postgres" };
  const primary = await startNode(folder, account, { fsync: "on" });
  const primaryConnection = { ...account, ...primary.address };
  const standby = await startNode(copy, account, {
    ...standbySettings(primaryConnection, "standby0"),
    fsync: "on",
  });
  if (isSynchronous) {
    await primary.run("alter system set synchronous_standby_names = 'standby0'");
    await primary.run("select pg_reload_conf()");
  }
  const hosts = [primary, standby].map(({ address }) => address);
  const query = new URLSearchParams({
    host: hosts.map(({ host }) => host).join(),
    port: hosts.map(({ port }) => port).join(),
    target_session_attrs: "read-write",
  });
  return {
    primary,
    standby,
    url: `postgres://${superuser}:${encodeURIComponent(String(account.password))}@/postgres?${query.toString()}`,
    stop: async () => {
      await Promise.all([primary.kill(), standby.kill()]);
      for (const each of [folder, copy]) rmSync(each, { recursive: true, force: true });
    },
  };
}

function standbySettings(primary: Connection, name: string) {
  const { host = "", port, user, password } = primary;
  return {
    primary_conninfo: `application_name=${name} host=${host} port=${port} user=${user} password=${String(password)}`,
  };
}

/** @param folder data folder with a cluster */
async function startNode(
  folder: string,
  account: Connection,
  settings: Readonly<Record<string, string>>,
): Promise<TestNode> {
  const cluster = clusterFolderOf(folder);
  const owner = accountFor(cluster);
  const { postgres: program } = await findBinaries(folder, owner, silentLog);
  const endpoint = await openEndpoint(folder, { account: owner, loopback: false, random: randomBytes });
  const all = { ...endpoint.settings, fsync: "off", log_destination: "stderr", max_connections: "60", ...settings };
  const args = Object.entries(all).flatMap(([setting, value]) => ["-c", `${setting}=${value}`]);
  const open = async () => {
    const child = startProgram(program, ["-D", cluster, ...args], owner, {
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
      lines.on("line", (line) => (/ ready to accept (read-only )?connections/.test(line) ? resolve() : undefined));
      void exited.then(() => reject(new Error("PostgreSQL does not start")));
    });
    return { child, exited };
  };
  let running = await open();
  const address = { host: endpoint.host, port: endpoint.port };
  const connection = { ...account, ...address };
  const signal = (kind: NodeJS.Signals) => {
    for (const pid of processesIn(cluster)) {
      try {
        process.kill(pid, kind);
      } catch (error) {
        // A session may have ended meanwhile.
        if (errnoOf(error) !== "ESRCH") throw error;
      }
    }
  };
  const run = (statement: string) => runStatement(connection, statement);
  return {
    url: urlOf(connection),
    address,
    stop: async () => {
      running.child.kill("SIGINT");
      await running.exited;
    },
    kill: async () => {
      signal("SIGKILL");
      await running.exited;
    },
    start: async () => {
      running = await open();
    },
    promote: () => run("select pg_promote()"),
    run,
    query: async (statement) => {
      const client = new pg.Client(connection);
      await client.connect();
      try {
        return (await client.query(statement)).rows as Record<string, unknown>[];
      } finally {
        await client.end();
      }
    },
    signal,
  };
}
