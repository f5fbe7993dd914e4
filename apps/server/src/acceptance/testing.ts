import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { setTimeout as delay } from "node:timers/promises";

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
  readonly env?: Readonly<Record<string, string>>;
  /** The port of an earlier start, so that clients find it again; a free one unless told. */
  readonly port?: number;
}

/** A real server in a process of its own. */
export interface RunningServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Where its log lines go. */
  readonly logFile: string;
  readonly exited: Promise<number | null>;
  /** As a power cut would end the process; its database is left to itself. */
  kill(): Promise<void>;
  /** As `systemctl stop` would. @returns the exit code */
  stop(): Promise<number | null>;
}

export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const logFile = join(options.dataFolder, "..", `${process.pid}-server.log`);
  const child = spawn(
    launcher,
    ["serve", "--data", options.dataFolder, "--listen", `127.0.0.1:${options.port ?? 0}`, ...(options.args ?? [])],
    {
      env: {
        ...process.env,
        HOLDFAST_ADMIN_EMAIL: administrator.email,
        HOLDFAST_ADMIN_PASSWORD: administrator.password,
        ...options.env,
      },
      stdio: ["ignore", "pipe", openSync(logFile, "a")],
    },
  );
  const exited = new Promise<number | null>((resolve) => {
    child.once("exit", resolve);
  });
  const url = await readyUrl(child, exited, logFile);
  return {
    url,
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

async function readyUrl(child: ChildProcess, exited: Promise<number | null>, logFile: string): Promise<string> {
  const lines = createInterface({ input: child.stdout! });
  const ready = (async () => {
    for await (const line of lines) {
      const match = /^holdfast ready at (\S+)$/.exec(line);
      if (match !== null) return match[1]!;
    }
    return undefined;
  })();
  const url = await Promise.race([
    ready,
    exited.then((code) => {
      throw new Error(`The server ended with ${code} before it was ready; its log is ${logFile}.`);
    }),
    delay(60_000, undefined, { ref: false }).then(() => {
      throw new Error(`The server was not ready within a minute; its log is ${logFile}.`);
    }),
  ]);
  if (url === undefined) throw new Error(`The server closed its output before it was ready; its log is ${logFile}.`);
  lines.on("line", () => {});
  child.stdout!.resume();
  return url;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: any;
}

/** Requests as a script would make them. */
export class Api {
  readonly url: string;
  token: string | undefined;

  constructor(url: string, token?: string) {
    this.url = url;
    this.token = token;
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
    if (this.token !== undefined) headers.set("authorization", `Bearer ${this.token}`);
    if (json !== undefined) headers.set("content-type", "application/json");
    const answer = await fetch(path.startsWith("/") ? `${this.url}/api/v1${path}` : path, {
      ...init,
      method,
      headers,
      redirect: "manual",
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
    const isJson = /json/.test(answer.headers.get("content-type") ?? "");
    const bytes = Buffer.from(await answer.arrayBuffer());
    return {
      status: answer.status,
      headers: answer.headers,
      body: isJson && bytes.length > 0 ? JSON.parse(bytes.toString()) : bytes,
    };
  }

  /** Uploads at once. */
  put(path: string, content: Uint8Array | string, query = ""): Promise<ApiAnswer> {
    return this.call("POST", `/files/upload?uploadType=media&path=${encodeURIComponent(path)}${query}`, undefined, {
      body: content as NonNullable<RequestInit["body"]>,
      headers: { "content-type": "application/octet-stream" },
    });
  }
}

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `holdfast` as a user would. */
export function holdfast(
  args: readonly string[],
  options: { env?: Record<string, string>; input?: string; cwd?: string } = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(launcher, args, { env: { ...process.env, ...options.env }, cwd: options.cwd, stdio: "pipe" });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
    child.stdin.end(options.input ?? "");
  });
}
