import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { freePort, listening } from "../ports.ts";
import { endWithUs } from "../processes.ts";
import type { Pair } from "./pair.ts";
import { otherEnd, type Proxy } from "./wire.ts";

/** Minimum; the default is 10 s. */
const watcherDelaySeconds = 1;
export const syncthingName = `syncthing, ${watcherDelaySeconds} s watcher`;
const key = "bench";

export interface Syncthing {
  readonly folder: string;
  readonly pid: number;
  call(method: "GET" | "POST", path: string): Promise<unknown>;
  stop(): Promise<void>;
}

interface Instance {
  readonly home: string;
  readonly folder: string;
  readonly id: string;
  readonly port: number;
  readonly controlPort: number;
}

/** Starts two instances on loopback with known addresses, without discovery, relays or reports. */
export async function startSyncthingPair(folder: string, proxy: Proxy): Promise<Pair> {
  const a = await prepare(`${folder}/a`);
  const b = await prepare(`${folder}/b`);
  const wire = await proxy.open(b.port);
  configure(a, [a, { ...b, address: `tcp://127.0.0.1:${wire.port}` }]);
  // It only listens: one connection carries both directions.
  configure(b, [b, { ...a, address: "dynamic" }]);
  const second = await start(b);
  await listening(b.port);
  const first = await start(a);
  const staging = `${folder}/staging`;
  mkdirSync(staging);
  return {
    by: syncthingName,
    a: { folder: a.folder, pid: first.pid, wire },
    b: { folder: b.folder, pid: second.pid, wire: otherEnd(wire) },
    staging,
    stop: async () => {
      await Promise.all([first.stop(), second.stop()]);
    },
  };
}

/** Starts an instance without peers. */
export async function startSyncthingAlone(folder: string): Promise<Syncthing> {
  const instance = await prepare(folder);
  configure(instance, [instance]);
  return start(instance);
}

async function prepare(base: string): Promise<Instance> {
  const home = `${base}/home`;
  const folder = `${base}/folder`;
  mkdirSync(folder, { recursive: true });
  mkdirSync(`${folder}/.stfolder`);
  const silent = { stdio: ["ignore", "pipe", "ignore"] as ["ignore", "pipe", "ignore"] };
  execFileSync("syncthing", ["generate", "--home", home, "--no-default-folder", "--skip-port-probing"], silent);
  const id = execFileSync("syncthing", ["serve", "--home", home, "--device-id"], silent).toString().trim();
  return { home, folder, id, port: await freePort(), controlPort: await freePort() };
}

interface Known {
  readonly id: string;
  readonly address?: string;
}

function configure(instance: Instance, devices: readonly Known[]): void {
  const off = [
    "globalAnnounceEnabled",
    "localAnnounceEnabled",
    "relaysEnabled",
    "natEnabled",
    "startBrowser",
    "crashReportingEnabled",
    "setLowPriority",
  ];
  const lines = [
    `<configuration version="36">`,
    `<folder id="bench" label="bench" path="${instance.folder}" type="sendreceive" rescanIntervalS="3600" fsWatcherEnabled="true" fsWatcherDelayS="${watcherDelaySeconds}">`,
    ...devices.map(({ id }) => `<device id="${id}"></device>`),
    `</folder>`,
    ...devices.map(
      ({ id, address }) =>
        `<device id="${id}" name="${id.slice(0, 7)}"><address>${address ?? "dynamic"}</address></device>`,
    ),
    `<gui enabled="true" tls="false"><address>127.0.0.1:${instance.controlPort}</address><apikey>${key}</apikey></gui>`,
    `<options><listenAddress>tcp://127.0.0.1:${instance.port}</listenAddress>`,
    ...off.map((name) => `<${name}>false</${name}>`),
    `<urAccepted>-1</urAccepted><autoUpgradeIntervalH>0</autoUpgradeIntervalH><stunKeepaliveStartS>0</stunKeepaliveStartS>`,
    `</options></configuration>`,
  ];
  writeFileSync(`${instance.home}/config.xml`, lines.join("\n"));
}

async function start({ home, folder, controlPort }: Instance): Promise<Syncthing> {
  const log = openSync(`${home}.log`, "a");
  const child: ChildProcess = spawn("syncthing", ["serve", "--home", home, "--no-browser", "--no-restart"], {
    stdio: ["ignore", log, log],
    env: { ...process.env, STNOUPGRADE: "1" },
  });
  closeSync(log);
  endWithUs(child);
  const exited = once(child, "exit");
  await listening(controlPort);
  return {
    folder,
    pid: child.pid!,
    call: async (method, path) => {
      const url = `http://127.0.0.1:${controlPort}/rest/${path}`;
      const answer = await fetch(url, { method, headers: { "X-API-Key": key } });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`Syncthing answered ${answer.status} to ${path}: ${text}`);
      return text === "" ? undefined : JSON.parse(text);
    },
    stop: async () => {
      child.kill("SIGTERM");
      await exited;
    },
  };
}
