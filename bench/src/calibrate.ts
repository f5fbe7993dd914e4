import { createHash } from "node:crypto";
import { closeSync, fsyncSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import type { LargeFile } from "./data.ts";
import type { Row } from "./report.ts";

/** What the machine can do at best on the same data: a copy that is on disk, and one pass of SHA-256. */
export function calibrate({ path, sizeBytes }: LargeFile): Row[] {
  const copySeconds = secondsOf(() => copyWithSync(path, `${path}.copy`));
  rmSync(`${path}.copy`);
  const hash = createHash("sha256");
  const hashSeconds = secondsOf(() => eachPiece(path, (piece) => hash.update(piece)));
  const megabytes = sizeBytes / 1e6;
  return [
    {
      work: "copy with fsync",
      by: "calibration",
      value: copySeconds,
      unit: "s",
      note: `${(megabytes / copySeconds).toFixed(0)} MB/s`,
    },
    {
      work: "SHA-256",
      by: "calibration",
      value: hashSeconds,
      unit: "s",
      note: `${(megabytes / hashSeconds).toFixed(0)} MB/s`,
    },
  ];
}

function copyWithSync(from: string, to: string): void {
  const file = openSync(to, "w");
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
