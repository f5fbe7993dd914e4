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
import { isLongTier } from "@holdfast/tools/tiers";
import { clusterFolderOf } from "../db/embedded/cluster.ts";
import { processesIn, readPostmasterFile } from "../db/embedded/leftover.ts";
import { findRunningPostgres } from "../db/embedded-postgres.ts";
import { copyTemplate } from "../db/testing-template.ts";

/** The launcher, as a user's shell would start it. */
export const launcher = fileURLToPath(new URL("../../../cli/bin/holdfast", import.meta.url));

export const administrator = { email: "admin@example.com", password: "correct horse battery staple" };

/** A temporary folder whose parents the database's own user can enter (a plain mkdtemp is for its maker alone). */
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
  /** Further arguments of `serve`. */
  readonly args?: readonly string[];
  /** Beside the first administrator's, and no limit on the rate of requests; undefined takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The port of an earlier start, so that clients find it again; one that nobody else is given unless told. */
  readonly port?: number;
  /** In the gate each periodic job first runs within two seconds of the start, and not within 15. */
  readonly jobsSoon?: boolean;
}

interface SpawnOptions extends ServerOptions {
  /** That of another installation, for what earlier versions did. */
  readonly launcher?: string;
}

export interface RunningServer {
  readonly url: string;
  readonly port: number;
  /** The link that makes the first administrator; only where there is none yet does it come. */
  readonly setupUrl: Promise<string>;
  /** Where its log lines go. */
  readonly logFile: string;
  readonly exited: Promise<number | null>;
  /** As `systemctl stop` would. @returns the exit code */
  stop(): Promise<number | null>;
}

/** A server in a process of its own. */
export interface ServerProcess extends RunningServer {
  readonly pid: number;
  /** As a power cut would end the process; its database is left to itself. */
  kill(): Promise<void>;
}

/** What the launcher needs to start a server for a test. */
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

/** Long enough for a first start or a recovery on a busy machine: at load 25 a minute was too short. */
const startTimeoutMs = 180_000 * patience;

/**
 * A real server: in a process of its own in the long tier, and in this one in the gate, where loading its modules and compiling them again for
 * each server would take most of the time.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  if (isLongTier) return spawnServer(options);
  const { args, environment, logFile } = await prepareStart(options);
  const { serveHere } = await import("./testing-serve-here.ts");
  return serveHere(args, environment, logFile, options.jobsSoon === true ? byTurns() : undefined);
}

/** Evenly spread: periodic jobs that began at one moment would wait for each other's connections to the database. */
function byTurns(): () => number {
  let turn = 0;
  return () => (turn++ % 40) / 400;
}

/** A server that a test kills or looks at from outside: always in a process of its own. */
export async function spawnServer(options: SpawnOptions): Promise<ServerProcess> {
  const { args, environment, logFile } = await prepareStart(options);
  const log = openSync(logFile, "a");
  const child = spawn(options.launcher ?? launcher, args, { env: environment, stdio: ["ignore", "pipe", log] });
  closeSync(log);
  // A test that fails before it stops its server must not leave it behind.
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

async function prepareStart(options: SpawnOptions) {
  if (takesTemplate(options)) {
    mkdirSync(options.dataFolder, { recursive: true, mode: 0o700 });
    await copyTemplate(options.dataFolder);
  }
  // Chosen here and not by the system, which might give it to another while the server is away.
  const port = options.port ?? (await reservePort());
  return {
    args: serveArguments({ ...options, port }),
    environment: { ...process.env, ...serveEnvironment(options) },
    logFile: join(options.dataFolder, "..", `${process.pid}-server.log`),
  };
}

/** True if the server may start on a copy of the run's database; main.pg.test.ts starts without one, as the first start does. */
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
  // Once it is ready nobody waits for this any more.
  failed.catch(() => {});
  try {
    return await Promise.race([lineOf(lines, /^holdfast ready at (\S+)$/), failed]);
  } finally {
    given.abort();
  }
}

/** @returns what the first group finds in the first line that the pattern fits */
function lineOf(lines: Interface, pattern: RegExp): Promise<string> {
  return new Promise((resolve) => {
    lines.on("line", (line) => {
      const found = pattern.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
}

/** Of the database of a running server; undefined while it is down. */
export function postmasterPid(dataFolder: string): number | undefined {
  const folder = clusterFolderOf(dataFolder);
  const pid = readPostmasterFile(folder)?.pid;
  return pid !== undefined && processesIn(folder, pid).includes(pid) ? pid : undefined;
}

/** Rows as they stand in the database of a running server. */
export async function queryDatabase(dataFolder: string, statement: string): Promise<pg.QueryResult["rows"]> {
  const client = new pg.Client(findRunningPostgres(dataFolder));
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

/** Asks again and again until there is an answer. @throws Error once `timeoutMs`, times the patience, have passed, naming what was waited for */
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

/** Asks for an end that comes soon: one that has passed when the request arrives is refused, and asked for again, further ahead. */
export async function endSoon(ask: (expiresAt: string) => Promise<ApiAnswer>): Promise<ApiAnswer> {
  for (let aheadMs = 200; ; aheadMs *= 2) {
    const answer = await ask(new Date(Date.now() + aheadMs).toISOString());
    if (answer.body.field !== "expires_at" || aheadMs > 60_000) return answer;
  }
}

/** Waits until a running server has worked what is in its queue, but for what is to happen later: what is told by it has been told then. */
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
  /** Tests look into it without a schema; bytes where it is no JSON. */
  readonly body: ReturnType<typeof JSON.parse>;
}

/** Nothing here takes that long; a server that never answers is a finding, and no reason to wait for ever. */
const answerTimeoutMs = 60_000 * patience;

/** Requests as a script would make them. */
export class Api {
  readonly url: string;
  token: string | undefined;

  constructor(url: string, token?: string) {
    this.url = url;
    this.token = token;
  }

  /** As a program that knows only name and password. */
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
    // A file that is downloaded may be JSON as well, and is bytes.
    const isJson = /json/.test(answer.headers.get("content-type") ?? "") && !answer.headers.has("content-disposition");
    const bytes = Buffer.from(await answer.arrayBuffer());
    return {
      status: answer.status,
      headers: answer.headers,
      body: isJson && bytes.length > 0 ? JSON.parse(bytes.toString()) : bytes,
    };
  }

  /** The id of the node at that path. */
  async idOf(path: string): Promise<string> {
    const { status, body } = await this.call("GET", `/metadata?path=${encodeURIComponent(path)}`);
    if (status !== 200) throw new Error(`${path} was answered ${status}: ${JSON.stringify(body)}`);
    return body.id;
  }

  async download(path: string, headers: Record<string, string> = {}): Promise<ApiAnswer> {
    return this.call("GET", `/files/${await this.idOf(path)}/download`, undefined, { headers });
  }

  /** Uploads at once. */
  put(path: string, content: Uint8Array | string, query = ""): Promise<ApiAnswer> {
    return this.call("POST", `/files/upload?uploadType=media&path=${encodeURIComponent(path)}${query}`, undefined, {
      body: content as NonNullable<RequestInit["body"]>,
      headers: { "content-type": "application/octet-stream" },
    });
  }
}

/** What a call answers that has to succeed. */
export async function ok(api: Api, ...request: Parameters<Api["call"]>): Promise<ApiAnswer["body"]> {
  const { status, body } = await api.call(...request);
  if (status < 300) return body;
  throw new Error(`${request[0]} ${request[1]} was answered ${status}: ${JSON.stringify(body)}`);
}

export interface CommandResult {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `holdfast` as a user would. */
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
