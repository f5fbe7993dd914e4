import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";

/** @returns why there can be no machines here */
export function whyNoMachines(): string | undefined {
  if (process.getuid?.() !== 0) return "only root may create network namespaces";
  const tried = spawnSync("unshare", [...namespaces, "true"], { encoding: "utf8" });
  return tried.status === 0 ? undefined : `namespaces cannot be created here: ${tried.stderr}`;
}

const namespaces = ["--uts", "--net", "--pid", "--mount", "--fork", "--mount-proc"];

/**
 * Processes with their own network, process numbers, host name and `/run`. Its first process reads a pipe from this
 * process, so that the machine, with all its processes, ends with this process in every case.
 */
export class Machine {
  readonly name: string;
  /** Number that the first process of the machine has outside of it. */
  readonly pid: number;
  readonly #child: ChildProcess;

  private constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.#child = child;
    this.pid = Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim());
    assert.ok(this.pid > 0, `the first process of ${name}`);
  }

  static async start(name: string): Promise<Machine> {
    const begin = `mount -t tmpfs none /run && ip link set lo up && hostname ${name} && echo started && exec cat`;
    const child = spawn("unshare", [...namespaces, "sh", "-c", begin], { stdio: ["pipe", "pipe", "inherit"] });
    for await (const line of createInterface({ input: child.stdout })) if (line === "started") break;
    return new Machine(name, child);
  }

  run(...command: readonly string[]): string {
    return execFileSync("nsenter", this.#inside(command), { encoding: "utf8" });
  }

  /** Ends with the machine. */
  begin(command: readonly string[], logFile: string): void {
    const log = openSync(logFile, "a");
    spawn("nsenter", this.#inside(command), { stdio: ["ignore", log, log] });
    closeSync(log);
  }

  /** Command that runs in the network of this machine, but can be seen and killed from outside. */
  inNetwork(command: readonly string[]): string[] {
    return ["nsenter", "--target", String(this.pid), "--net", "--", ...command];
  }

  hasAddress(address: string): boolean {
    return this.run("ip", "-4", "-brief", "address").includes(` ${address}/`);
  }

  async powerOff(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    // The kernel kills all other processes with the first one.
    this.#child.stdin!.end();
    await ended;
  }

  #inside(command: readonly string[]): string[] {
    return ["--target", String(this.pid), "--all", "--", ...command];
  }
}
