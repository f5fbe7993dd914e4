import { createHash } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  rmSync,
  writeSync,
} from "node:fs";
import type { FileTree, LargeFile } from "./data.ts";
import type { Row } from "./report.ts";

/** Measures the machine's best values on the same data: a durable copy, and one pass of SHA-256. */
export function calibrate(large: LargeFile): Row[] {
  const { copySeconds, hashSeconds } = floorOf(large);
  const megabytes = large.sizeBytes / 1e6;
  const row = (work: string, value: number): Row => ({
    work,
    by: "calibration",
    value,
    unit: "s",
    note: `${(megabytes / value).toFixed(0)} MB/s`,
  });
  return [row("copy with fsync", copySeconds), row("SHA-256", hashSeconds)];
}

export interface LargeFloor {
  readonly copySeconds: number;
  readonly hashSeconds: number;
}

export function floorOf({ path }: LargeFile): LargeFloor {
  const copySeconds = secondsOf(() => copyWithSync(path, `${path}.copy`));
  rmSync(`${path}.copy`);
  const hash = createHash("sha256");
  return { copySeconds, hashSeconds: secondsOf(() => eachPiece(path, (piece) => hash.update(piece))) };
}

/** Writes and syncs each file, and each folder after it, one after another, like the simplest program. */
export function calibrateFiles({ path, files }: FileTree): Row {
  const copy = `${path}.copy`;
  const seconds = secondsOf(() => {
    mkdirSync(copy);
    for (const name of readdirSync(path)) copyFolder(`${path}/${name}`, `${copy}/${name}`);
    syncFolder(copy);
  });
  rmSync(copy, { recursive: true });
  return {
    work: `${files} files copied, each with fsync`,
    by: "calibration",
    value: files / seconds,
    unit: "files/s",
    note: `${seconds.toFixed(2)} s`,
  };
}

function copyFolder(from: string, to: string): void {
  mkdirSync(to);
  for (const name of readdirSync(from)) {
    const file = openSync(`${to}/${name}`, "w");
    writeSync(file, readFileSync(`${from}/${name}`));
    fsyncSync(file);
    closeSync(file);
  }
  syncFolder(to);
}

function syncFolder(path: string): void {
  const folder = openSync(path, "r");
  fsyncSync(folder);
  closeSync(folder);
}

export function copyWithSync(from: string, to: string, first: Uint8Array = new Uint8Array()): void {
  const file = openSync(to, "w");
  writeSync(file, first);
  eachPiece(from, (piece) => writeSync(file, piece));
  fsyncSync(file);
  closeSync(file);
}

function eachPiece(path: string, use: (piece: Buffer) => unknown): void {
  const file = openSync(path, "r");
  const buffer = Buffer.allocUnsafe(4 * 2 ** 20);
  for (;;) {
    const length = readSync(file, buffer);
    if (length === 0) break;
    use(buffer.subarray(0, length));
  }
  closeSync(file);
}

function secondsOf(work: () => void): number {
  const startMs = performance.now();
  work();
  return (performance.now() - startMs) / 1000;
}
