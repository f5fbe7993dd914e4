import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { Api, administrator, eventually, holdfast, launcher } from "@holdfast/server/acceptance/testing";
import { cpuSeconds } from "../processes.ts";
import type { Row } from "../report.ts";
import { type PreparedClient, prepareClient, startClient, startSyncServer } from "../sync/holdfast-pair.ts";
import { startProxy } from "../sync/wire.ts";
import { at } from "./latencies.ts";

const goalMs = 300;
const waitMs = 120_000;
const emil = { email: "emil@example.com", password: "the password of emil" };
const vera = { email: "vera@example.com", password: "the password of vera" };

/**
 * Measures a folder mounted by two other accounts on four devices: from an edit on an editor's device until each other
 * device has it.
 */
export async function measureSharedDevices(folder: string, edits: number): Promise<Row[]> {
  const server = await startSyncServer(folder, launcher);
  const proxy = startProxy();
  const stops: (() => Promise<unknown>)[] = [() => server.stop(), () => proxy.stop()];
  try {
    const admin = await Api.signIn(server.url);
    for (const [name, account] of Object.entries({ emil, vera }))
      await admin.call("POST", "/admin/users", { ...account, name });
    const accounts = { olga: administrator, emil, emil2: emil, vera };
    const clients = new Map<string, PreparedClient>();
    const pids: number[] = [];
    for (const [name, account] of Object.entries(accounts)) {
      const client = await prepareClient(`${folder}/${name}`, server, { proxy, launcher, account });
      clients.set(name, client);
      const running = await startClient(client);
      stops.unshift(() => running.stop());
      pids.push(running.pid);
    }
    const fileOf = (name: string) => `${clients.get(name)!.folder}/shared/below/file`;
    await shareOut(clients);
    const names = ["olga", "emil2", "vera"];
    await Promise.all(names.map((name) => arrived(fileOf(name), "first")));
    const tookMs = new Map(names.map((name) => [name, [] as number[]]));
    const slowestMs: number[] = [];
    const before = cpuOf([server.pid, ...pids]);
    for (let edit = 1; edit <= edits; edit += 1) {
      // Random, to avoid synchronization with timers.
      await delay(300 + Math.random() * 600);
      const startMs = performance.now();
      writeFileSync(fileOf("emil"), `edit ${edit}`);
      const each = names.map(async (name) => {
        await arrived(fileOf(name), `edit ${edit}`);
        tookMs.get(name)?.push(performance.now() - startMs);
      });
      await Promise.all(each);
      slowestMs.push(performance.now() - startMs);
    }
    const [ofServer, ...ofClients] = cpuOf([server.pid, ...pids]).map(
      (seconds, index) => ((seconds - before[index]!) * 1000) / edits,
    );
    const each = [...tookMs].map(([name, values]) => `${name} ${at(values, 0.5).toFixed(0)}`).join(", ");
    const note = `of ${edits}, p95 ${at(slowestMs, 0.95).toFixed(0)} ms; owner, other device and viewer: ${each}; CPU of an edit: server ${ofServer?.toFixed(0)} ms, devices ${ofClients.map((ms) => ms.toFixed(0)).join(", ")} ms`;
    const work = "edit of a mounted folder until the last of three devices has it, median";
    return [{ work, by: "holdfast", value: at(slowestMs, 0.5), unit: "ms", goal: { atMost: goalMs }, note }];
  } finally {
    for (const stop of stops) await stop();
  }
}

async function shareOut(clients: ReadonlyMap<string, PreparedClient>): Promise<void> {
  const olga = clients.get("olga")!;
  mkdirSync(`${olga.folder}/shared/below`, { recursive: true });
  writeFileSync(`${olga.folder}/shared/below/file`, "first");
  await eventually("the folder is on the server", waitMs, async () => {
    return (await holdfast(["ls", "/shared/below/file"], { env: olga.env })).code === 0 || undefined;
  });
  for (const [name, { email }, role] of [
    ["emil", emil, "editor"],
    ["vera", vera, "viewer"],
  ] as const) {
    const share = await run(olga, ["share", "/shared", "--with", email, "--role", role, "--json"]);
    await run(clients.get(name)!, ["mount", (JSON.parse(share) as { node_id: string }).node_id]);
  }
}

async function run({ env }: PreparedClient, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await holdfast([...args], { env });
  if (code !== 0) throw new Error(`holdfast ${args.join(" ")} ended with ${code}: ${stderr}`);
  return stdout;
}

async function arrived(file: string, text: string): Promise<void> {
  const endMs = performance.now() + waitMs;
  while (textOf(file) !== text) {
    if (performance.now() > endMs) throw new Error(`${file} does not come to say ${text}.`);
    await delay(2);
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

function cpuOf(pids: readonly number[]): number[] {
  return pids.map(cpuSeconds);
}
