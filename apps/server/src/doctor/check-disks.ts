import { stat, statfs } from "node:fs/promises";
import { resolve } from "node:path";
import { isS3Location } from "@holdfast/object-store/s3-location";
import type { DoctorWorld } from "./doctor-world.ts";
import { fail, type Finding, of, ok, warn } from "./finding.ts";

/** The room on each disk, once, whatever lies on it. */
export async function checkDisks({ config, cells }: DoctorWorld): Promise<Finding[]> {
  const stores = [config.store, config.secondStore, ...cells.flatMap(({ places }) => places)];
  const folders = [config.dataFolder, ...stores.filter((place) => place !== undefined && !isS3Location(place))];
  const seen = new Set<number>();
  const findings: Finding[] = [];
  for (const folder of folders.map((each) => resolve(each ?? ""))) {
    const dev = await deviceOf(folder);
    if (dev === undefined || seen.has(dev)) continue;
    seen.add(dev);
    const { bsize, blocks, bavail, files, ffree } = await statfs(folder);
    const room = { bytes: bsize * blocks, freeBytes: bsize * bavail, files, freeFiles: ffree };
    findings.push(of(folder, judgeRoom(folder, room)));
  }
  return findings;
}

/** What is not there is told by whoever needs it. */
async function deviceOf(folder: string): Promise<number | undefined> {
  try {
    return (await stat(folder)).dev;
  } catch {
    return undefined;
  }
}

export interface Room {
  readonly bytes: number;
  readonly freeBytes: number;
  /** 0 where the filesystem has no limit. */
  readonly files: number;
  readonly freeFiles: number;
}

/** Below this PostgreSQL may stop for want of room for its log. */
const freeBytesMin = 512 * 1024 * 1024;
const freeBytesWanted = 5e9;
const freeShareWanted = 0.05;

export function judgeRoom(folder: string, { bytes, freeBytes, files, freeFiles }: Room): Finding {
  const percent = Math.floor((freeBytes / bytes) * 100);
  const detail = `${folder}: ${gigabytes(freeBytes)} of ${gigabytes(bytes)} free (${percent} %)`;
  if (freeBytes < freeBytesMin) return fail("disk", detail, roomAdvice);
  if (files > 0 && freeFiles < files / 100) {
    return fail("disk", `${folder}: ${freeFiles} of ${files} files (inodes) are left`, roomAdvice);
  }
  return freeBytes < freeBytesWanted || freeBytes < bytes * freeShareWanted
    ? warn("disk", detail, roomAdvice)
    : ok("disk", detail);
}

const roomAdvice = "Make room on this disk, or move to a larger one; uploads are refused once it is full.";

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
