import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { findProgram } from "@holdfast/tools/components";
import type { FileTree, LargeFile } from "./data.ts";
import { freePort, listening } from "./ports.ts";
import { type Row, timed } from "./report.ts";
import { startRsyncDaemon } from "./rsync-daemon.ts";

interface PeerData {
  readonly folder: string;
  readonly large: LargeFile | undefined;
  readonly small: FileTree | undefined;
}

export async function measurePeers(data: PeerData, peers: readonly string[]): Promise<Row[]> {
  const rows: Row[] = [];
  if (peers.includes("rsync") && findProgram("rsync") !== undefined) rows.push(...(await measureRsync(data)));
  if (peers.includes("rclone") && findProgram("rclone") !== undefined) rows.push(...(await measureRclone(data)));
  return rows;
}

/** Uses a daemon with --fsync, so that it acknowledges durable data only. */
async function measureRsync(data: PeerData): Promise<Row[]> {
  const daemon = await startRsyncDaemon(data.folder);
  try {
    const remote = `rsync://127.0.0.1:${daemon.port}/bench`;
    return await transfers("rsync --fsync", data, {
      put: (from, name) => ["rsync", "-a", "--fsync", from, `${remote}/${name}`],
      get: (name, to) => ["rsync", "-a", "--fsync", `${remote}/${name}`, to],
    });
  } finally {
    daemon.stop();
    rmSync(daemon.folder, { recursive: true });
  }
}

/** Uses rclone's own WebDAV server, which syncs nothing to disk. */
async function measureRclone(data: PeerData): Promise<Row[]> {
  const port = await freePort();
  const served = `${data.folder}/rclone`;
  mkdirSync(served);
  const daemon: ChildProcess = spawn("rclone", ["serve", "webdav", served, "--addr", `127.0.0.1:${port}`], {
    stdio: "ignore",
  });
  try {
    await listening(port);
    const remote = `:webdav,url='http://127.0.0.1:${port}':`;
    return await transfers("rclone webdav, no fsync", data, {
      put: (from, name) => ["rclone", "copy", "--transfers", "16", from, `${remote}${name}`],
      get: (name, to) => ["rclone", "copy", "--transfers", "16", `${remote}${name}`, to],
    });
  } finally {
    daemon.kill();
    rmSync(served, { recursive: true });
  }
}

interface Commands {
  put(from: string, name: string): string[];
  get(name: string, to: string): string[];
}

async function transfers(by: string, { folder, large, small }: PeerData, commands: Commands): Promise<Row[]> {
  const run = ([program = "", ...args]: string[]) =>
    timed(() => execFileSync(program, args, { stdio: ["ignore", "ignore", "inherit"] }));
  const rows: Row[] = [];
  const back = `${folder}/peer-back`;
  if (large !== undefined) {
    const name = `${Math.round(large.sizeBytes / 2 ** 20)} MiB`;
    const note = (seconds: number) => `${(large.sizeBytes / 1e6 / seconds).toFixed(0)} MB/s`;
    const put = await run(commands.put(large.path, "large/"));
    const get = await run(commands.get("large/", `${back}-large/`));
    rows.push(
      { work: `${name} put`, by, value: put, unit: "s", note: note(put) },
      { work: `${name} get`, by, value: get, unit: "s", note: note(get) },
    );
  }
  if (small !== undefined) {
    const put = await run(commands.put(`${small.path}/`, "small/"));
    const get = await run(commands.get("small/", `${back}-small/`));
    const rate = (work: string, seconds: number): Row => ({
      work: `${small.files} files ${work}`,
      by,
      value: small.files / seconds,
      unit: "files/s",
      note: `${seconds.toFixed(2)} s`,
    });
    rows.push(rate("put", put), rate("get", get));
  }
  rmSync(`${back}-large`, { recursive: true, force: true });
  rmSync(`${back}-small`, { recursive: true, force: true });
  return rows;
}
