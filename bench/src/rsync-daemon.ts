import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { freePort, listening } from "./ports.ts";
import { endWithUs } from "./processes.ts";

export interface RsyncDaemon {
  readonly port: number;
  readonly folder: string;
  stop(): void;
}

export async function startRsyncDaemon(base: string): Promise<RsyncDaemon> {
  const port = await freePort();
  const folder = `${base}/rsync`;
  mkdirSync(folder, { recursive: true });
  const uid = process.getuid?.() ?? 0;
  const config = [
    `port = ${port}`,
    "address = 127.0.0.1",
    "use chroot = no",
    ...(uid === 0 ? ["uid = root", "gid = root"] : []),
    "[bench]",
    `path = ${folder}`,
    "read only = no",
  ];
  writeFileSync(`${base}/rsyncd.conf`, `${config.join("\n")}\n`);
  const daemon = spawn("rsync", ["--daemon", "--no-detach", `--config=${base}/rsyncd.conf`], { stdio: "ignore" });
  endWithUs(daemon);
  await listening(port);
  return { port, folder, stop: () => void daemon.kill() };
}
