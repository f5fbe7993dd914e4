import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { HoldfastError } from "@holdfast/core/errors";
import { reservePort } from "@holdfast/tools/reserved-port";
import type { S3Location } from "./s3-location.ts";
import type { S3Credentials } from "./s3-store.ts";

/** A real S3 server in separate processes, on the loopback address only. */
export interface S3TestServer {
  readonly credentials: S3Credentials;
  /** Returns a location in an existing bucket; each prefix (ends with a slash) is an empty store. */
  readonly locationOf: (prefix: string) => S3Location;
  readonly stop: () => Promise<void>;
}

export interface S3Faults {
  hideBucket(): Promise<void>;
  showBucket(): Promise<void>;
  /** Its connections stay open, and nothing is answered. */
  pause(): void;
  resume(): void;
}

const bucket = "holdfast-test";

/**
 * s3rver from npm: starts in 0.2 s. It verifies neither content hash nor secret, and its lists use MD4, which OpenSSL
 * only has among its legacy ciphers.
 */
export async function startS3rver(): Promise<S3TestServer & S3Faults> {
  const home = await mkdtemp(join(tmpdir(), "holdfast-s3rver-"));
  const port = await reservePort();
  const script = createRequire(import.meta.url).resolve("s3rver/bin/s3rver.js");
  const child = spawn(process.execPath, [script, "-d", home, "-a", "127.0.0.1", "-p", String(port), "--silent"], {
    env: { ...process.env, NODE_OPTIONS: "--openssl-legacy-provider --no-deprecation" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const server = await offer(port, { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" }, [child], home);
  return {
    ...server,
    hideBucket: () => rename(join(home, bucket), join(home, `.${bucket}`)),
    showBucket: () => rename(join(home, `.${bucket}`), join(home, bucket)),
    pause: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
  };
}

/** Ceph's gateway (Debian: radosgw ceph-mon ceph-osd ceph-common) with one monitor and one in-memory store: starts in 13 s. */
export async function startRadosgw(): Promise<S3TestServer> {
  const home = await mkdtemp(join(tmpdir(), "holdfast-rgw-"));
  const ports = { monitor2: await reservePort(), monitor1: await reservePort(), gateway: await reservePort() };
  const daemons: ChildProcess[] = [];
  const keys = { accessKeyId: "AK", secretAccessKey: "SK" };
  try {
    await startCeph(home, ports, daemons);
    const user = ["user", "create", "--uid", "t", "--display-name", "t", "--access-key", "AK", "--secret", "SK"];
    await run(home, "radosgw-admin", ["-c", "ceph.conf", ...user]);
    daemons.push(startDaemon(home, "radosgw", ["-c", "ceph.conf", "-n", "client.rgw.a", "-f"]));
    return await offer(ports.gateway, keys, daemons, home);
  } catch (error) {
    await stopAll(daemons, home);
    throw error;
  }
}

interface CephPorts {
  readonly monitor2: number;
  readonly monitor1: number;
  readonly gateway: number;
}

async function startCeph(home: string, ports: CephPorts, daemons: ChildProcess[]): Promise<void> {
  const clusterId = randomUUID();
  await writeFile(join(home, "ceph.conf"), cephConfig(home, clusterId, ports));
  for (const folder of ["mon.a", "osd.0", "rgw.a", "run", "log"]) await mkdir(join(home, folder));
  const monitor = `[v2:127.0.0.1:${ports.monitor2},v1:127.0.0.1:${ports.monitor1}]`;
  await run(home, "monmaptool", ["--create", "--clobber", "--fsid", clusterId, "--addv", "a", monitor, "monmap"]);
  await run(home, "ceph-authtool", [
    "--create-keyring",
    "keyring",
    "--gen-key",
    "-n",
    "mon.",
    "--cap",
    "mon",
    "allow *",
  ]);
  const users = [
    ["client.admin", "--cap", "mon", "allow *", "--cap", "osd", "allow *", "--cap", "mgr", "allow *"],
    ["osd.0", "--cap", "mon", "allow profile osd", "--cap", "osd", "allow *"],
    ["client.rgw.a", "--cap", "mon", "allow rw", "--cap", "osd", "allow rwx"],
  ];
  for (const user of users) await run(home, "ceph-authtool", ["keyring", "--gen-key", "-n", ...user]);

  const config = ["-c", "ceph.conf"];
  await run(home, "ceph-mon", [...config, "--mkfs", "-i", "a", "--monmap", "monmap", "--keyring", "keyring"]);
  daemons.push(startDaemon(home, "ceph-mon", [...config, "-i", "a", "-f"]));
  const storeId = randomUUID();
  await run(home, "ceph", [...config, "osd", "new", storeId]);
  await run(home, "ceph-osd", [...config, "-i", "0", "--mkfs", "--osd-uuid", storeId]);
  await run(home, "ceph", [...config, "osd", "crush", "add", "osd.0", "1.0", "host=localhost", "root=default"]);
  daemons.push(startDaemon(home, "ceph-osd", [...config, "-i", "0", "-f"]));
}

function cephConfig(home: string, clusterId: string, ports: CephPorts): string {
  return `[global]
fsid = ${clusterId}
mon_host = [v2:127.0.0.1:${ports.monitor2},v1:127.0.0.1:${ports.monitor1}]
auth_cluster_required = cephx
auth_service_required = cephx
auth_client_required = cephx
keyring = ${home}/keyring
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 4
osd_pool_default_pgp_num = 4
osd_pool_default_pg_autoscale_mode = off
mon_allow_pool_size_one = true
osd_crush_chooseleaf_type = 0
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
ms_bind_ipv6 = false
run_dir = ${home}/run
admin_socket = ${home}/run/$name.asok
log_file = ${home}/log/$name.log
[mon.a]
mon_data = ${home}/mon.a
[osd]
osd_objectstore = memstore
memstore_device_bytes = 1073741824
osd_data = ${home}/osd.0
[client.rgw.a]
rgw_frontends = beast endpoint=127.0.0.1:${ports.gateway}
rgw_data = ${home}/rgw.a
`;
}

async function offer(
  port: number,
  credentials: S3Credentials,
  children: readonly ChildProcess[],
  home: string,
): Promise<S3TestServer> {
  const endpoint = `http://127.0.0.1:${port}`;
  try {
    await waitForPort(port, children);
    const client = new S3Client({ endpoint, credentials, region: "us-east-1", forcePathStyle: true });
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    client.destroy();
  } catch (error) {
    await stopAll(children, home);
    throw error;
  }
  return {
    credentials,
    locationOf: (prefix) => ({ bucket, prefix, endpoint, region: "us-east-1", pathStyle: true }),
    stop: () => stopAll(children, home),
  };
}

const binaryPath = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;

function startDaemon(home: string, program: string, parameters: readonly string[]): ChildProcess {
  return spawn(program, parameters, { cwd: home, env: { ...process.env, PATH: binaryPath }, stdio: "ignore" });
}

async function run(home: string, program: string, parameters: readonly string[]): Promise<void> {
  const child = spawn(program, parameters, {
    cwd: home,
    env: { ...process.env, PATH: binaryPath },
    stdio: ["ignore", "ignore", "pipe"],
    timeout: 300_000,
  });
  let complaint = "";
  child.stderr.on("data", (text: Buffer) => (complaint += text.toString()));
  const ended: unknown[] = await once(child, "close");
  const code = ended[0];
  if (code !== 0)
    throw new HoldfastError("failed", `${program} ${parameters.join(" ")} ended with ${String(code)}: ${complaint}`);
}

/** Polls the port, because the daemons do not report readiness. */
async function waitForPort(port: number, children: readonly ChildProcess[]): Promise<void> {
  for (let attempt = 0; attempt < 3000; attempt += 1) {
    const dead = children.find((child) => child.exitCode !== null);
    if (dead !== undefined) throw new HoldfastError("failed", `${dead.spawnfile} ended with ${String(dead.exitCode)}.`);
    if (await answers(port)) return;
    await wait(100);
  }
  throw new HoldfastError("failed", `Nothing listens on port ${port} after five minutes.`);
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function stopAll(children: readonly ChildProcess[], home: string): Promise<void> {
  for (const child of children.toReversed()) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = once(child, "exit");
    // Their data needs no orderly shutdown.
    child.kill("SIGKILL");
    await ended;
  }
  await rm(home, { recursive: true, force: true });
}
