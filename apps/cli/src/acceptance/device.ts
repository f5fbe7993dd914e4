import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, chownSync, closeSync, mkdirSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { administrator, type CommandResult, eventually, holdfast, launcher } from "@holdfast/server/acceptance/testing";
import { stateName } from "../sync/client-engine.ts";
import { askRunning, sendToRunning } from "../sync/control-client.ts";
import { type KnownSync, readKnownSyncs } from "../sync/known-syncs.ts";
import type { SyncReport } from "../sync/report.ts";
import { Cable } from "./cable.ts";

export interface DeviceOptions {
  /** Name of the device in conflicted copies. */
  readonly name: string;
  readonly home: string;
  readonly port: number;
  readonly account?: { readonly email: string; readonly password: string };
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly folder?: string;
  /** Configuration of another device, which then syncs one more folder. */
  readonly configFolder?: string;
}

/** Far longer than the command's own limit, for a busy machine. */
const stopTimeoutMs = 60_000;

export class Device {
  readonly name: string;
  readonly folder: string;
  readonly cable: Cable;
  readonly logFile: string;
  readonly #options: DeviceOptions;
  readonly configFolder: string;
  readonly #environment: Record<string, string>;
  #child: ChildProcess | undefined;
  #exited: Promise<number | null> = Promise.resolve(null);

  private constructor(options: DeviceOptions, cable: Cable) {
    this.#options = options;
    this.name = options.name;
    this.cable = cable;
    this.folder = options.folder ?? join(options.home, options.name);
    this.logFile = join(options.home, `${options.name}.log`);
    const configFolder = options.configFolder ?? join(options.home, `${options.name}-config`);
    this.configFolder = configFolder;
    this.#environment = { HOLDFAST_CONFIG_DIR: configFolder, HOME: configFolder, ...options.env };
    for (const folder of [this.folder, configFolder]) {
      mkdirSync(folder, { recursive: true });
      chmodSync(folder, 0o755);
    }
  }

  static async signIn(options: DeviceOptions): Promise<Device> {
    const device = new Device(options, await Cable.lay(options.port));
    const { email, password } = options.account ?? administrator;
    const done = await device.run(
      ["login", device.cable.url, "--email", email, "--password-stdin", "--device-name", options.name],
      `${password}\n`,
    );
    if (done.code !== 0) throw new Error(`${options.name} could not sign in: ${done.stderr}`);
    if (options.uid !== undefined) for (const path of device.#ownPaths()) chownSync(path, options.uid, options.uid);
    return device;
  }

  start(...more: readonly string[]): void {
    const log = openSync(this.logFile, "a");
    const { uid, args = [] } = this.#options;
    const fixed = ["sync", this.folder, "--brake", "off", "--device-name", this.name];
    const child = spawn(launcher, [...fixed, ...args, ...more], {
      env: { ...process.env, ...this.#environment },
      stdio: ["ignore", log, log],
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    closeSync(log);
    const endWithTest = () => void child.kill("SIGKILL");
    process.once("exit", endWithTest);
    this.#child = child;
    this.#exited = new Promise((resolve) => {
      child.once("exit", (code) => {
        process.off("exit", endWithTest);
        if (this.#child === child) this.#child = undefined;
        resolve(code);
      });
    });
  }

  /** Ends the process like a power cut, except that the system keeps unwritten data. */
  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#exited;
  }

  /**
   * @returns the exit code; null if the process had not started to handle signals
   * @throws Error if it does not stop in time
   */
  async stop(): Promise<number | null> {
    const child = this.#child;
    const late = setTimeout(() => child?.kill("SIGKILL"), stopTimeoutMs);
    child?.kill("SIGTERM");
    const code = await this.#exited;
    clearTimeout(late);
    if (child?.signalCode === "SIGKILL") throw new Error(`${this.name} did not stop: ${this.lastWords()}`);
    return code;
  }

  async ended(): Promise<number | null> {
    return (await this.#exited) ?? null;
  }

  run(args: readonly string[], input = ""): Promise<CommandResult> {
    return holdfast(args, { env: this.#environment, input });
  }

  async status(): Promise<SyncReport | undefined> {
    const [sync] = await this.#knownSyncs();
    return sync === undefined ? undefined : (await askRunning(sync))?.report;
  }

  /** Returns true if a scan has recorded the name. Call only while no sync is running. */
  async hasLookedAt(name: string): Promise<boolean> {
    for (const { folder } of await this.#knownSyncs()) {
      using state = new DatabaseSync(join(folder, stateName));
      if (state.prepare("select 1 from local_rows where name = ?").get(name) !== undefined) return true;
    }
    return false;
  }

  async pause(): Promise<void> {
    await this.#sendToSyncs("pause");
    await this.reaches("paused", (status) => status.state === "paused");
  }

  async resume(): Promise<void> {
    await this.#sendToSyncs("resume");
  }

  idle(timeoutMs = 120_000): Promise<SyncReport> {
    return this.reaches("idle", (status) => status.state === "idle" && status.pending_files === 0, timeoutMs);
  }

  lastWords(): string {
    return readFileSync(this.logFile, "utf8").slice(-2000);
  }

  async close(): Promise<void> {
    try {
      await this.stop();
    } finally {
      await this.cable.close();
    }
  }

  async #sendToSyncs(action: "pause" | "resume"): Promise<void> {
    for (const sync of await this.#knownSyncs()) await sendToRunning(sync, action);
  }

  #knownSyncs(): Promise<KnownSync[]> {
    return readKnownSyncs(this.configFolder);
  }

  #ownPaths(): string[] {
    const names = readdirSync(this.configFolder, { recursive: true, encoding: "utf8" });
    return [this.folder, this.configFolder, ...names.map((name) => join(this.configFolder, name))];
  }

  reaches(what: string, is: (status: SyncReport) => boolean, timeoutMs = 60_000): Promise<SyncReport> {
    return eventually(`${this.name} is ${what}`, timeoutMs, async () => {
      const status = await this.status();
      return status !== undefined && is(status) ? status : undefined;
    });
  }
}
