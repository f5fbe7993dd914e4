import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { requireComponent } from "@holdfast/tools/components";
import { Machine, whyNoMachines } from "./testing-machine.ts";
import { eventually, launcher, makeFolder, removeFolder, spawnServer } from "./testing.ts";

/** As in deploy/haproxy, whose files are used unchanged. */
const addresses = { virtual: "10.0.0.1", lb1: "10.0.0.2", lb2: "10.0.0.3", server: "10.0.0.11" };
const outageMsMax = 1000;

const shipped = (name: string) => fileURLToPath(new URL(`../../../../deploy/haproxy/${name}`, import.meta.url));
const folder = makeFolder("balancer-pair");
const closers: (() => unknown)[] = [];
after(async () => {
  for (const close of closers.toReversed()) await close();
  removeFolder(folder);
});

test("a pair of HAProxy and keepalived loses less than a second when HAProxy or a machine fails", async (t) => {
  for (const name of ["haproxy", "keepalived", "ip", "curl"]) if (!requireComponent(t, name)) return;
  const reason = whyNoMachines();
  if (reason !== undefined) return t.skip(reason);
  const lan = await startLan();
  await startServerIn(lan);
  const balancers = [await startBalancer(lan, "lb1"), await startBalancer(lan, "lb2")] as const;
  const active = () => balancers.findIndex((each) => each.hasAddress(addresses.virtual));
  await eventually("one has the virtual address", 30_000, () => active() >= 0 || undefined);
  const client = connectOften(lan, `http://${addresses.virtual}/healthz`);
  const [first, second] = active() === 0 ? balancers : ([balancers[1], balancers[0]] as const);

  const withoutHaproxy = await client.outage(async () => {
    first.run("sh", "-c", "kill -9 $(cat /run/haproxy.pid)");
    await eventually("the other has the address", 30_000, () => second.hasAddress(addresses.virtual) || undefined);
  });
  const afterRepair = await client.outage(async () => {
    const before = standbyCount(first);
    startHaproxy(first);
    await eventually("it is the standby", 30_000, () => standbyCount(first) > before || undefined);
  });
  assert.ok(second.hasAddress(addresses.virtual), "a repaired machine takes nothing back");
  const reloaded = await client.outage(async () => {
    startHaproxy(second, "-sf", second.run("cat", "/run/haproxy.pid").trim());
    await client.succeed(checkedCount);
  });
  assert.ok(second.hasAddress(addresses.virtual), "a reload moves nothing");
  const withoutMachine = await client.outage(async () => {
    lan.run("ip", "link", "set", second.name, "down");
    await second.powerOff();
    await eventually("the first has the address again", 30_000, () => first.hasAddress(addresses.virtual) || undefined);
  });

  const outages = { withoutHaproxy, afterRepair, reloaded, withoutMachine };
  console.log(`no connection for ${JSON.stringify(outages)} ms`);
  for (const [name, ms] of Object.entries(outages)) assert.ok(ms < outageMsMax, `${name}: ${ms} ms`);
});

async function startLan(): Promise<Machine> {
  const lan = await Machine.start("lan");
  closers.push(() => lan.powerOff());
  lan.run("ip", "link", "add", "lan0", "type", "bridge");
  lan.run("ip", "address", "add", `${addresses.server}/24`, "dev", "lan0");
  lan.run("ip", "link", "set", "lan0", "up");
  return lan;
}

async function startServerIn(lan: Machine): Promise<void> {
  const inLan = `${folder}/launcher`;
  writeFileSync(inLan, `#!/bin/sh\nexec ${lan.inNetwork([launcher]).join(" ")} "$@"\n`, { mode: 0o755 });
  const args = ["--listen", `${addresses.server}:8420`, "--behind-proxy"];
  const server = await spawnServer({ dataFolder: `${folder}/data`, args, launcher: inLan });
  closers.push(() => server.stop());
}

async function startBalancer(lan: Machine, name: "lb1" | "lb2"): Promise<Machine> {
  const machine = await Machine.start(name);
  closers.push(() => machine.powerOff());
  const cable = ["ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", String(machine.pid)];
  const [command, ...rest] = lan.inNetwork(cable);
  await new Promise((resolve, reject) => spawn(command!, rest).once("error", reject).once("exit", resolve));
  lan.run("ip", "link", "set", name, "master", "lan0", "up");
  machine.run("ip", "address", "add", `${addresses[name]}/24`, "dev", "eth0");
  machine.run("ip", "link", "set", "eth0", "up");
  startHaproxy(machine);
  machine.begin(["keepalived", "--dont-fork", "--log-console", "-f", shipped("keepalived.conf")], logOf(machine));
  await eventually(`${name} is a standby`, 30_000, () => standbyCount(machine) > 0 || undefined);
  return machine;
}

function startHaproxy(machine: Machine, ...options: readonly string[]): void {
  machine.run("haproxy", "-D", "-p", "/run/haproxy.pid", "-f", shipped("haproxy.cfg"), ...options);
}

const logOf = ({ name }: Machine) => `${folder}/${name}.log`;

function standbyCount(machine: Machine): number {
  return readFileSync(logOf(machine), "utf8").split("Entering BACKUP STATE").length - 1;
}

/** Successes that show that all is well. */
const settledCount = 25;
/** Successes during which keepalived has checked HAProxy. */
const checkedCount = 100;

function connectOften(lan: Machine, url: string) {
  const [command, ...rest] = lan.inNetwork([process.execPath, script, url]);
  const child: ChildProcess = spawn(command!, rest, { stdio: ["ignore", "pipe", "inherit"] });
  closers.push(() => child.kill("SIGKILL"));
  const successesMs: number[] = [];
  createInterface({ input: child.stdout! }).on("line", (line) => {
    const [startMs, isGood] = line.split(" ").map(Number) as [number, number];
    if (isGood === 1) successesMs.push(startMs);
  });
  const succeed = async (count: number) => {
    const from = successesMs.length;
    await eventually("connections work", 30_000, () => successesMs.length >= from + count || undefined);
  };
  return {
    succeed,
    /** @returns the longest time during the change in which every new connection failed */
    outage: async (change: () => Promise<void>): Promise<number> => {
      await succeed(settledCount);
      const from = successesMs.length - 1;
      await change();
      await succeed(settledCount);
      const sorted = successesMs.slice(from).toSorted((left, right) => left - right);
      return Math.round(Math.max(...sorted.slice(1).map((ms, index) => ms - sorted[index]!)));
    },
  };
}

const script = fileURLToPath(new URL("testing-connections.ts", import.meta.url));
