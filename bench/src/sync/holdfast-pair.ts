import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { administrator, holdfast, type ServerProcess, spawnServer } from "@holdfast/server/acceptance/testing";
import { endWithUs } from "../processes.ts";
import type { Device, Pair } from "./pair.ts";
import type { Proxy, Wire } from "./wire.ts";

export interface SyncClient extends Device {
  readonly ended: Promise<number | null>;
  stop(): Promise<void>;
}

/**
 * Starts a server and two clients of one account, each with its own proxy.
 *
 * @param launcher of all three
 */
export async function startHoldfastPair(folder: string, proxy: Proxy, launcher: string): Promise<Pair> {
  const server = await startSyncServer(folder, launcher);
  const a = await startClient(await prepareClient(`${folder}/a`, server, { proxy, launcher }));
  const b = await startClient(await prepareClient(`${folder}/b`, server, { proxy, launcher }));
  const staging = `${folder}/staging`;
  mkdirSync(staging);
  return {
    by: "holdfast",
    a,
    b,
    serverPid: server.pid,
    staging,
    stop: async () => {
      await Promise.all([a.stop(), b.stop()]);
      await server.stop();
    },
  };
}

export function startSyncServer(folder: string, launcher: string): Promise<ServerProcess> {
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  return spawnServer({ dataFolder: `${folder}/data`, launcher });
}

export interface PreparedClient {
  readonly base: string;
  readonly folder: string;
  readonly wire: Wire;
  readonly env: Readonly<Record<string, string>>;
  readonly launcher: string;
}

interface ClientOptions {
  readonly proxy: Proxy;
  readonly launcher: string;
  readonly account?: { readonly email: string; readonly password: string };
}

export async function prepareClient(
  base: string,
  server: ServerProcess,
  { proxy, launcher, account = administrator }: ClientOptions,
): Promise<PreparedClient> {
  const folder = `${base}/folder`;
  mkdirSync(folder, { recursive: true });
  const wire = await proxy.open(server.port);
  const env = { HOLDFAST_CONFIG_DIR: `${base}/config` };
  const name = base.slice(base.lastIndexOf("/") + 1);
  const args = ["login", `http://127.0.0.1:${wire.port}`, "--email", account.email, "--password-stdin"];
  const { code, stderr } = await holdfast([...args, "--device-name", name], {
    env,
    input: account.password,
    launcher,
  });
  if (code !== 0) throw new Error(`holdfast login ended with ${code}: ${stderr}`);
  return { base, folder, wire, env, launcher };
}

/** Runs `holdfast sync DIR` like a user. Its output goes to a file beside its folder. */
export async function startClient(
  { base, folder, wire, env, launcher }: PreparedClient,
  flags: readonly string[] = [],
): Promise<SyncClient> {
  const logFile = `${base}/sync.log`;
  const log = openSync(logFile, "a");
  const [program = "", ...args] = command(launcher);
  const child: ChildProcess = spawn(program, [...args, "sync", folder, ...flags], {
    stdio: ["ignore", log, log],
    env: { ...process.env, ...env },
  });
  closeSync(log);
  endWithUs(child);
  // A single run ends without a stop.
  let stopping = flags.includes("--once");
  const exited = once(child, "exit");
  child.once("exit", (code) => {
    if (!stopping)
      process.stderr.write(`holdfast sync ended with ${code}: ${readFileSync(logFile, "utf8").slice(-2000)}\n`);
  });
  return {
    folder,
    wire,
    pid: child.pid!,
    ended: exited.then(([code]) => code as number | null),
    stop: async () => {
      stopping = true;
      child.kill("SIGTERM");
      await exited;
    },
  };
}

/** Makes each client write a CPU profile to the folder in `HOLDFAST_BENCH_PROFILE` when it ends. */
function command(launcher: string): string[] {
  const folder = process.env["HOLDFAST_BENCH_PROFILE"];
  if (folder === undefined) return [launcher];
  const root = resolve(launcher, "../../../..");
  return [`${root}/tools/node`, "--cpu-prof", `--cpu-prof-dir=${folder}`, `${root}/apps/cli/src/main.ts`];
}
