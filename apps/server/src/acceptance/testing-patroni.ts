import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, closeSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { processesIn } from "../base/db/embedded/leftover.ts";
import { queryUrl } from "./shared-database.ts";
import { eventually } from "./testing.ts";

const versionsFolder = "/usr/lib/postgresql";
const shipped = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../../../deploy/patroni/${name}`, import.meta.url)), "utf8");

/** @returns programs of PostgreSQL's newest version; undefined if it is not installed */
export function findPostgres(): string | undefined {
  try {
    const versions = readdirSync(versionsFolder).filter((name) => name !== "");
    const newest = versions.toSorted((left, right) => Number(right) - Number(left))[0];
    return newest === undefined ? undefined : join(versionsFolder, newest, "bin");
  } catch {
    return undefined;
  }
}

export interface Member {
  readonly name: string;
  readonly address: string;
  /** Reaches Patroni and PostgreSQL. */
  signal(kind: NodeJS.Signals): void;
  start(): void;
  /** As reported by Patroni; undefined if it does not answer. */
  state(): Promise<MemberState | undefined>;
}

export interface MemberState {
  readonly role: string;
  readonly state: string;
  readonly timeline: number;
}

export interface PatroniCluster {
  readonly members: readonly Member[];
  readonly urls: { readonly haproxy: string; readonly hosts: string };
  primary(): Promise<Member>;
  /** When another member could replace the primary without loss. */
  redundant(): Promise<void>;
  stop(): void;
}

/** The shipped files for three machines, as addresses of the loopback network. PostgreSQL does not run as root. */
export async function startPatroni(folder: string, binaries: string): Promise<PatroniCluster> {
  const net = `127.${20 + (process.pid % 200)}.${1 + (Math.trunc(process.pid / 200) % 250)}`;
  const children = new Set<ChildProcess>();
  const begin = (command: readonly string[], log: string, isDatabase = false) => {
    const all = isDatabase && process.getuid?.() === 0 ? [...asPostgres, ...command] : command;
    const [program = "", ...args] = all;
    const file = openSync(join(folder, `${log}.log`), "a");
    const child = spawn(program, args, { stdio: ["ignore", file, file], cwd: folder });
    closeSync(file);
    children.add(child);
    child.once("exit", () => children.delete(child));
    return child;
  };
  const addresses = [1, 2, 3].map((number) => `${net}.${number}`);
  startEtcd(addresses, folder, begin);
  const members = addresses.map((address, index) => {
    const name = `db${index + 1}`;
    const place = join(folder, name);
    prepare(place);
    const config = shipped("patroni.yml")
      .replaceAll("10.0.1.0/24", "127.0.0.0/8")
      .replace("name: db1", `name: ${name}`)
      .replaceAll(/10\.0\.1\.1:(8008|5432)/g, `${address}:$1`)
      .replaceAll("10.0.1.", `${net}.`)
      .replace("/usr/lib/postgresql/15/bin", binaries)
      .replace("/var/lib/postgresql/15/holdfast", join(place, "data"))
      .replace("/var/lib/postgresql/holdfast.pgpass", join(place, "pgpass"))
      .replace("/var/run/postgresql", place);
    writeFileSync(join(folder, `${name}.yml`), config, { mode: 0o644 });
    return openMember({
      name,
      address,
      place,
      start: () => begin(["patroni", join(folder, `${name}.yml`)], name, true),
    });
  });
  const stop = () => {
    for (const member of members) member.signal("SIGKILL");
    for (const child of children) child.kill("SIGKILL");
  };
  process.once("exit", stop);
  for (const member of members) member.start();
  const cluster = { members, primary: () => findPrimary(members), redundant: () => untilRedundant(members), stop };
  const first = await cluster.primary();
  await cluster.redundant();
  const admin = (database: string) => `postgres://postgres:superuser-password@${first.address}/${database}`;
  await queryUrl(admin("postgres"), "create role holdfast login password 'holdfast-password'");
  await queryUrl(admin("postgres"), "create database holdfast owner holdfast");
  const balancer = `${net}.10`;
  const haproxy = shipped("haproxy.cfg").replaceAll("10.0.1.", `${net}.`).replace("127.0.0.1:5000", `${balancer}:5000`);
  writeFileSync(join(folder, "haproxy.cfg"), haproxy);
  begin(["haproxy", "-db", "-f", join(folder, "haproxy.cfg")], "haproxy");
  const account = "postgres://holdfast:holdfast-password@";
  const hosts = `${account}${addresses.join()}/holdfast?target_session_attrs=read-write`;
  return { ...cluster, urls: { haproxy: `${account}${balancer}:5000/holdfast`, hosts } };
}

const asPostgres = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"];

type Begin = (command: readonly string[], log: string) => ChildProcess;

function startEtcd(addresses: readonly string[], folder: string, begin: Begin): void {
  const peers = addresses.map((address, index) => `etcd${index + 1}=http://${address}:2380`).join();
  for (const [index, address] of addresses.entries()) {
    const name = `etcd${index + 1}`;
    const client = `http://${address}:2379`;
    const peer = `http://${address}:2380`;
    const settings = {
      name,
      "data-dir": join(folder, name),
      "listen-client-urls": client,
      "advertise-client-urls": client,
      "listen-peer-urls": peer,
      "initial-advertise-peer-urls": peer,
      "initial-cluster": peers,
    };
    const args = Object.entries(settings).map(([option, value]) => `--${option}=${value}`);
    begin(["etcd", ...args, "--unsafe-no-fsync"], name);
  }
}

function prepare(place: string): void {
  mkdirSync(place);
  chmodSync(place, 0o700);
  if (process.getuid?.() === 0) execFileSync("chown", ["postgres:postgres", place]);
}

interface MemberParts {
  readonly name: string;
  readonly address: string;
  readonly place: string;
  readonly start: () => ChildProcess;
}

function openMember({ name, address, place, start }: MemberParts): Member {
  let patroni: ChildProcess | undefined;
  return {
    name,
    address,
    start: () => {
      patroni = start();
    },
    signal: (kind) => {
      patroni?.kill(kind);
      for (const pid of processesIn(join(place, "data"))) {
        try {
          process.kill(pid, kind);
        } catch {
          // It has ended.
        }
      }
    },
    state: async () => {
      try {
        const answer = await fetch(`http://${address}:8008/patroni`, { signal: AbortSignal.timeout(1000) });
        return (await answer.json()) as MemberState;
      } catch {
        return undefined;
      }
    },
  };
}

async function findPrimary(members: readonly Member[]): Promise<Member> {
  return eventually("there is a primary", 60_000, async () => {
    for (const member of members) {
      const answer = await fetch(`http://${member.address}:8008/primary`, { signal: AbortSignal.timeout(1000) }).catch(
        () => undefined,
      );
      if (answer?.status === 200) return member;
    }
    return undefined;
  });
}

async function untilRedundant(members: readonly Member[]): Promise<void> {
  await eventually("there is a synchronous standby", 60_000, async () => {
    for (const { address } of members) {
      const answer = await fetch(`http://${address}:8008/sync`, { signal: AbortSignal.timeout(1000) }).catch(
        () => undefined,
      );
      if (answer?.status === 200) return true;
    }
    return undefined;
  });
}
