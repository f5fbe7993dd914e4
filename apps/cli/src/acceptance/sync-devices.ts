import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { administrator, type CommandResult, eventually, launcher } from "@holdfast/server/acceptance/testing";
import { runCommand } from "../commands/testing-run.ts";

/** For several processes on a busy machine: at load 15, two clients need 8 s until they respond. */
export const patienceMs = 60_000;
const clients = new Set<Client>();

export interface Device {
  readonly name: string;
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface Client {
  readonly child: ChildProcess;
  readonly lines: string[];
  readonly errors: string[];
  readonly exited: Promise<number | null>;
}

export async function makeDevice(home: string, url: string, name: string): Promise<Device> {
  const device = { name, root: join(home, name), env: { HOLDFAST_CONFIG_DIR: join(home, `config-${name}`) } };
  const { email, password } = administrator;
  const args = ["login", url, "--email", email, "--password-stdin", "--device-name", name];
  const { code, stderr } = await runCommand(device.env, args, { input: `${password}\n` });
  assert.equal(code, 0, stderr);
  return device;
}

export function run(device: Device, ...args: string[]): Promise<CommandResult> {
  return runCommand(device.env, args);
}

export async function once(device: Device, ...args: string[]): Promise<CommandResult> {
  return run(device, "sync", device.root, "--once", ...args);
}

export async function inSync(device: Device, ...args: string[]): Promise<void> {
  const { code, stderr } = await once(device, ...args);
  assert.equal(code, 0, stderr);
}

/** undefined before the first start */
export async function status(device: Device) {
  const { code, stdout, stderr } = await run(device, "status", "--json");
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout).syncs[0];
}

export function start(device: Device, ...args: string[]): Client {
  const child = spawn(launcher, ["sync", device.root, "--json", ...args], {
    env: { ...process.env, ...device.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  const errors: string[] = [];
  child.stdout.setEncoding("utf8").on("data", (text: string) => lines.push(text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => errors.push(text));
  // Waits for "close" instead of "exit", so that all output was read.
  const exited = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
  const client = { child, lines, errors, exited };
  clients.add(client);
  return client;
}

export async function stop(client: Client, signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
  client.child.kill(signal);
  const code = await client.exited;
  clients.delete(client);
  return code;
}

export async function until(device: Device, state: string): Promise<void> {
  await eventually(`the client of ${device.name} runs and is ${state}`, patienceMs, async () => {
    const report = await status(device);
    return report?.state === state && report.page_url !== null ? true : undefined;
  });
}

export function tree(root: string, folder = ""): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(join(root, folder)).toSorted()) {
    if (folder === "" && name === ".holdfast") continue;
    const path = folder === "" ? name : `${folder}/${name}`;
    const stats = lstatSync(join(root, path));
    if (stats.isSymbolicLink()) found[path] = `-> ${readlinkSync(join(root, path))}`;
    else if (stats.isDirectory()) Object.assign(found, { [path]: "folder" }, tree(root, path));
    else found[path] = `${(stats.mode & 0o100) === 0 ? "" : "x "}${readFileSync(join(root, path), "latin1")}`;
  }
  return found;
}

export function write(device: Device, path: string, content: string | Uint8Array, mode = 0o644): void {
  writeFileSync(join(device.root, path), content, { mode });
}

export function seen(device: Device, path: string, content: string): Promise<true> {
  return eventually(`${device.name} has ${path}`, patienceMs, () => {
    const file = join(device.root, path);
    return existsSync(file) && readFileSync(file, "utf8") === content ? true : undefined;
  });
}

export function killClients(): void {
  for (const { child } of clients) child.kill("SIGKILL");
}
