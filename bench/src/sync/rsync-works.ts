import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { copyWithSync } from "../calibrate.ts";
import type { FileTree, LargeFile } from "../data.ts";
import { type Row, timed } from "../report.ts";
import { startRsyncDaemon } from "../rsync-daemon.ts";
import type { Proxy } from "./wire.ts";

const by = "rsync --fsync";

/** Measures the same work with a program that runs once per change, has no memory of earlier runs, and reads both sides again. */
export async function* measureRsyncWorks(
  base: string,
  proxy: Proxy,
  { large, small }: { readonly large: LargeFile | undefined; readonly small: FileTree | undefined },
): AsyncGenerator<Row> {
  mkdirSync(base);
  const daemon = await startRsyncDaemon(base);
  const wire = await proxy.open(daemon.port);
  const send = async (work: string, from: string, name: string): Promise<{ seconds: number; wire: Row }> => {
    const before = await wire.passed();
    const args = ["-a", "--fsync", from, `rsync://127.0.0.1:${wire.port}/bench/${name}`];
    const seconds = await timed(() => execFileSync("rsync", args, { stdio: ["ignore", "ignore", "inherit"] }));
    const after = await wire.passed();
    const [up, down] = [after.upBytes - before.upBytes, after.downBytes - before.downBytes];
    const note = `A sends ${(up / 1024).toFixed(1)}, hears ${(down / 1024).toFixed(1)}`;
    return {
      seconds,
      wire: { work: `${work}, bytes each way`, by, value: Math.max(up, down) / 1024, unit: "KB", note },
    };
  };
  try {
    if (small !== undefined) {
      const work = `${small.files} files of 1 to 32 KiB, A to B`;
      const { seconds, wire: passed } = await send(work, `${small.path}/`, "small/");
      yield* [{ work, by, value: small.files / seconds, unit: "files/s", note: `${seconds.toFixed(2)} s` }, passed];
    }
    if (large !== undefined) {
      const size = `${Math.round(large.sizeBytes / 2 ** 20)} MiB`;
      const own = `${base}/large`;
      copyWithSync(large.path, own);
      let steps = 0;
      const step = async (work: string) => {
        // It compares whole seconds and would miss an edit in the same second.
        const at = Date.now() / 1000 + 10 * ++steps;
        utimesSync(own, at, at);
        const { seconds, wire: passed } = await send(work, own, "large");
        execFileSync("cmp", [own, `${daemon.folder}/large`]);
        return [{ work, by, value: seconds, unit: "s" as const }, passed];
      };
      yield* await step(`${size} first sync`);
      changeByte(own, Math.floor(large.sizeBytes / 2));
      yield* await step(`1 byte changed in ${size}`);
      copyWithSync(own, `${own}.grown`, randomBytes(1));
      renameSync(`${own}.grown`, own);
      yield* await step(`1 byte inserted at the start of ${size}`);
      appendFileSync(own, randomBytes(2 ** 20));
      yield* await step(`1 MiB appended to ${size}`);
    }
  } finally {
    daemon.stop();
    rmSync(base, { recursive: true });
  }
}

function changeByte(path: string, offset: number): void {
  const file = openSync(path, "r+");
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, offset);
  byte[0] = (byte[0] ?? 0) ^ 0xff;
  writeSync(file, byte, 0, 1, offset);
  closeSync(file);
}
