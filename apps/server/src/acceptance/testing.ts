import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import { setTimeout as delay } from "node:timers/promises";
import { patience } from "@holdfast/tools/bounded";
import { reservePort } from "@holdfast/tools/reserved-port";
import pg from "pg";
import { isLongTier, testShards } from "@holdfast/tools/tiers";
import { clusterFolderOf } from "../base/db/embedded/cluster.ts";
import { processesIn, readPostmasterFile } from "../base/db/embedded/leftover.ts";
import { findRunningPostgres } from "../base/db/embedded-postgres.ts";
import type { Connection } from "../base/db/database.ts";
import { copyTemplate } from "../base/db/testing-template.ts";
import type { OtherShards } from "./testing-shards.ts";

/** Launcher, started like from a user's shell. */
export const launcher = fileURLToPath(new URL("../../../cli/bin/holdfast", import.meta.url));

export const administrator = { email: "admin@example.com", password: "correct horse battery staple" };

/** Temporary folder that the database's own user can enter (plain mkdtemp folders are private). */
export function makeFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `holdfast-${name}-`));
  chmodSync(folder, 0o711);
  return folder;
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

export interface ServerOptions {
  readonly dataFolder: string;
  readonly args?: readonly string[];
  /** Adds to the first administrator's variables, without a rate limit. Undefined removes one. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Port of an earlier start, so that clients find it again. Defaults to a unique port. */
  readonly port?: number;
  /** In the gate, each periodic job first runs within two seconds instead of 15. */
  readonly jobsSoon?: boolean;
}

interface SpawnOptions extends ServerOptions {
  /** Launcher of another installation, to test earlier versions. */
  readonly launcher?: string;
}

export interface RunningServer {
  readonly url: string;
  readonly port: number;
  /** Link that creates the first administrator, only if none exists. */
  readonly setupUrl: Promise<string>;
  readonly logFile: string;
  readonly exited: Promise<number | null>;
  /** Stops it like `systemctl stop`. @returns the exit code */
  stop(): Promise<number | null>;
}

export interface ServerProcess extends RunningServer {
  readonly pid: number;
  /** Kills the process like a power cut. Its database is left alone. */
  kill(): Promise<void>;
}

export function serveArguments({ dataFolder, port, args }: ServerOptions): string[] {
  return ["serve", "--data", dataFolder, "--listen", `127.0.0.1:${port ?? 0}`, ...(args ?? [])];
}

export function serveEnvironment({ env }: Pick<ServerOptions, "env">): Record<string, string | undefined> {
  return {
    HOLDFAST_ADMIN_EMAIL: administrator.email,
    HOLDFAST_ADMIN_PASSWORD: administrator.password,
    HOLDFAST_RATE_LIMIT_USER: "0",
    HOLDFAST_RATE_LIMIT_ADDRESS: "0",
    ...env,
  };
}

/** Enough for a first start or a recovery on a busy machine: at load 25 a minute was too short. */
const startTimeoutMs = 180_000 * patience;

/**
 * Real server: a separate process in the long tier, and this process in the gate. There, loading and compiling its
 * modules for each server would dominate the time.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  if (isLongTier) return spawnServer(options);
  const { args, environment, logFile } = await prepareStart(options);
  const { serveHere } = await import("./testing-serve-here.ts");
  return serveHere(args, environment, logFile, options.jobsSoon === true ? byTurns() : undefined);
}

/** Evenly spread, because simultaneous jobs would wait for each other's database connections. */
function byTurns(): () => number {
  let turn = 0;
  return () => (turn++ % 40) / 400;
}

/** Server that a test kills or inspects from outside, always a separate process. */
export async function spawnServer(options: SpawnOptions): Promise<ServerProcess> {
  const { args, environment, logFile } = await prepareStart(options);
  const log = openSync(logFile, "a");
  const child = spawn(options.launcher ?? launcher, args, { env: environment, stdio: ["ignore", "pipe", log] });
  closeSync(log);
  // Also stops the server of a failed test.
  const endWithTest = () => void child.kill("SIGTERM");
  process.once("exit", endWithTest);
  const exited = new Promise<number | null>((resolve) => {
    child.once("exit", (code) => {
      process.off("exit", endWithTest);
      resolve(code);
    });
  });
  const lines = createInterface({ input: child.stdout! });
  const setupUrl = lineOf(lines, /(https?:\S+\/setup#\S+)$/);
  const url = await readyUrl(lines, exited, logFile);
  return {
    url,
    setupUrl,
    port: Number(new URL(url).port),
    pid: child.pid!,
    logFile,
    exited,
    kill: async () => {
      child.kill("SIGKILL");
      await exited;
    },
    stop: () => {
      child.kill("SIGTERM");
      return exited;
    },
  };
}

/** Further shards of servers in a run on several, by data folder, so that they outlast a restart. */
const otherShards = new Map<string, OtherShards>();

async function prepareStart(options: SpawnOptions) {
  if (takesTemplate(options)) {
    if (testShards > 1 && options.env?.["HOLDFAST_TOPOLOGY"] === undefined) {
      const { makeOtherShards } = await import("./testing-shards.ts");
      otherShards.set(options.dataFolder, await makeOtherShards());
    }
    mkdirSync(options.dataFolder, { recursive: true, mode: 0o700 });
    await copyTemplate(options.dataFolder);
  }
  // Chosen here, because the system might reuse it while the server is down.
  const port = options.port ?? (await reservePort());
  return {
    args: serveArguments({ ...options, port }),
    environment: {
      ...process.env,
      HOLDFAST_TOPOLOGY: otherShards.get(options.dataFolder)?.topology,
      ...serveEnvironment(options),
    },
    logFile: join(options.dataFolder, "..", `${process.pid}-server.log`),
  };
}

/** True if the server may start on a copy of the run's database. main.pg.test.ts tests a first start without a copy. */
function takesTemplate({ dataFolder, launcher: other, env = {}, args = [] }: SpawnOptions): boolean {
  const isElsewhere = env["HOLDFAST_DATABASE_URL"] !== undefined || args.includes("--database-url");
  return other === undefined && !isElsewhere && !existsSync(dataFolder);
}

async function readyUrl(lines: Interface, exited: Promise<number | null>, logFile: string): Promise<string> {
  const given = new AbortController();
  const failure = async (): Promise<never> => {
    const late = delay(startTimeoutMs, "is not ready", { signal: given.signal });
    const how = await Promise.race([late, exited.then((code) => `ended with ${code}`)]);
    throw new Error(`The server ${how}. Its log ends: ${readFileSync(logFile, "utf8").slice(-3000)}`);
  };
  const failed = failure();
  // Unused once the server is ready.
  failed.catch(() => {});
  try {
    return await Promise.race([lineOf(lines, /^holdfast ready at (\S+)$/), failed]);
  } finally {
    given.abort();
  }
}

function lineOf(lines: Interface, pattern: RegExp): Promise<string> {
  return new Promise((resolve) => {
    lines.on("line", (line) => {
      const found = pattern.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
}

/** For the database of a running server. Undefined while it is down. */
export function postmasterPid(dataFolder: string): number | undefined {
  const folder = clusterFolderOf(dataFolder);
  const pid = readPostmasterFile(folder)?.pid;
  return pid !== undefined && processesIn(folder, pid).includes(pid) ? pid : undefined;
}

export function connectionsOf(dataFolder: string): Connection[] {
  const embedded = findRunningPostgres(dataFolder);
  assert.ok(embedded !== undefined, "the database does not run");
  const urls = otherShards.get(dataFolder)?.urls ?? [];
  return [embedded, ...urls.map((connectionString) => ({ connectionString }))];
}

/** Current rows in the databases of a running server, those of each shard in sequence. */
export async function queryDatabase(dataFolder: string, statement: string): Promise<pg.QueryResult["rows"]> {
  const rows: pg.QueryResult["rows"] = [];
  for (const connection of connectionsOf(dataFolder)) {
    const client = new pg.Client(connection);
    await client.connect();
    try {
      // Several statements have several results.
      rows.push(...[await client.query(statement)].flat().flatMap((result) => result.rows));
    } finally {
      await client.end();
    }
  }
  return rows;
}

/** Repeats until there is an answer. @throws Error with the subject after `timeoutMs` times the patience */
export async function eventually<Result>(
  what: string,
  timeoutMs: number,
  ask: () => Promise<Result | undefined> | Result | undefined,
): Promise<Result> {
  const patientMs = timeoutMs * patience;
  const deadline = performance.now() + patientMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`Waited ${patientMs} ms in vain: ${what}`);
    await delay(50);
  }
}

/** Requests an end in the near future. If it is already past on arrival, it retries with a later one. */
export async function endSoon(ask: (expiresAt: string) => Promise<ApiAnswer>): Promise<ApiAnswer> {
  for (let aheadMs = 200; ; aheadMs *= 2) {
    const answer = await ask(new Date(Date.now() + aheadMs).toISOString());
    if (answer.body.field !== "expires_at" || aheadMs > 60_000) return answer;
  }
}

/** Waits until a running server's queue has no due message, so that its notifications are out. */
export async function queueWorked(dataFolder: string): Promise<void> {
  const soon = "select from shard.messages where due_at < extract(epoch from now() + interval '1 minute') * 1000000";
  await eventually("the queue is empty", 60_000, async () => {
    const messages = await queryDatabase(dataFolder, soon);
    return messages.length === 0 ? true : undefined;
  });
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: ReturnType<typeof JSON.parse>;
}

/** Far above every expected time, so that a hanging server fails the test. */
const answerTimeoutMs = 60_000 * patience;

export class Api {
  readonly url: string;
  token: string | undefined;

  constructor(url: string, token?: string) {
    this.url = url;
    this.token = token;
  }

  /** Imitates a program with only name and password. */
  static withBasic(url: string, name: string, password: string): Api {
    return new Api(url, `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`);
  }

  static async signIn(url: string, who: { email: string; password: string } = administrator): Promise<Api> {
    const api = new Api(url);
    const { status, body } = await api.call("POST", "/sessions", { ...who, device_name: "test" });
    if (status !== 200) throw new Error(`Sign-in was answered ${status}: ${JSON.stringify(body)}`);
    api.token = body.access_token;
    return api;
  }

  async call(method: string, path: string, json?: unknown, init: RequestInit = {}): Promise<ApiAnswer> {
    const headers = new Headers(init.headers);
    if (this.token !== undefined)
      headers.set("authorization", this.token.startsWith("Basic ") ? this.token : `Bearer ${this.token}`);
    if (json !== undefined) headers.set("content-type", "application/json");
    const answer = await fetch(path.startsWith("/") ? `${this.url}/api/v1${path}` : path, {
      ...init,
      method,
      headers,
      redirect: "manual",
      signal: init.signal ?? AbortSignal.timeout(answerTimeoutMs),
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
    // A downloaded file counts as bytes even if it is JSON.
    const isJson = /json/.test(answer.headers.get("content-type") ?? "") && !answer.headers.has("content-disposition");
    const bytes = Buffer.from(await answer.arrayBuffer());
    return {
      status: answer.status,
      headers: answer.headers,
      body: isJson && bytes.length > 0 ? JSON.parse(bytes.toString()) : bytes,
    };
  }

  async idOf(path: string): Promise<string> {
    const { status, body } = await this.call("GET", `/metadata?path=${encodeURIComponent(path)}`);
    if (status !== 200) throw new Error(`${path} was answered ${status}: ${JSON.stringify(body)}`);
    return body.id;
  }

  async download(path: string, headers: Record<string, string> = {}): Promise<ApiAnswer> {
    return this.call("GET", `/files/${await this.idOf(path)}/download`, undefined, { headers });
  }

  put(path: string, content: Uint8Array | string, query = ""): Promise<ApiAnswer> {
    return this.call("POST", `/files/upload?uploadType=media&path=${encodeURIComponent(path)}${query}`, undefined, {
      body: content as NonNullable<RequestInit["body"]>,
      headers: { "content-type": "application/octet-stream" },
    });
  }
}

/** Result of a call that must succeed. */
export async function ok(api: Api, ...request: Parameters<Api["call"]>): Promise<ApiAnswer["body"]> {
  const { status, body } = await api.call(...request);
  if (status < 300) return body;
  throw new Error(`${request[0]} ${request[1]} was answered ${status}: ${JSON.stringify(body)}`);
}

/** Starts a job of an administrator. @returns its result */
export async function jobResult(
  api: Api,
  path: "/admin/gc" | "/admin/rebuild-index",
  json?: object,
): Promise<ApiAnswer["body"]> {
  await ok(api, "POST", path, json);
  return eventually(`${path} ends`, 300_000, async () => {
    const job = await ok(api, "GET", path);
    if (job.state === "failed") throw new Error(`${path} failed: ${JSON.stringify(job.error)}`);
    return job.state === "done" ? job.result : undefined;
  });
}

export interface CommandResult {
  /** Null after a signal. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function holdfast(
  args: readonly string[],
  options: { env?: Record<string, string | undefined>; input?: string; cwd?: string; launcher?: string } = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(options.launcher ?? launcher, args, {
      env: { ...process.env, ...options.env },
      cwd: options.cwd,
      stdio: "pipe",
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
    child.stdin.end(options.input ?? "");
  });
}
