import { formatBytes, unlikeBytes } from "@holdfast/core/format-bytes";
import { stat, statfs } from "node:fs/promises";
import { resolve } from "node:path";
import { tooSmallForDatabase, usualReserve } from "../../packs/write/disk-reserve.ts";
import { isS3Location } from "@holdfast/object-store/s3-location";
import type { DoctorWorld } from "./doctor-world.ts";
import { fail, type Finding, of, ok, warn } from "./finding.ts";

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
    const hasDatabase = config.databaseUrl === undefined && folder === resolve(config.dataFolder);
    const room = { bytes: bsize * blocks, freeBytes: bsize * bavail, files, freeFiles: ffree, hasDatabase };
    findings.push(of(folder, judgeRoom(folder, room, config.diskReserveBytes)));
  }
  return findings;
}

/** Missing folders are reported by other checks. */
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
  /** 0: no limit by the filesystem. */
  readonly files: number;
  readonly freeFiles: number;
  readonly hasDatabase: boolean;
}

/** Two segments of the database's log. Below that, it rejects changes or stops. */
const changesBytesMin = 32 * 1024 * 1024;
const freeBytesWanted = 5e9;
const freeShareWanted = 0.05;

export function judgeRoom(
  folder: string,
  { bytes, freeBytes, files, freeFiles, hasDatabase }: Room,
  reserveBytes = usualReserve(bytes, hasDatabase),
): Finding {
  const percent = Math.floor((freeBytes / bytes) * 100);
  const tooSmall = hasDatabase ? tooSmallForDatabase(folder, bytes) : undefined;
  if (freeBytes < reserveBytes) {
    const [free, reserve] = unlikeBytes(freeBytes, reserveBytes);
    const refused = `${folder}: ${free} of ${formatBytes(bytes)} free (${percent} %), less than the reserve of ${reserve} (HOLDFAST_DISK_RESERVE_BYTES): uploads are refused`;
    const all = tooSmall === undefined ? refused : `${refused}. ${tooSmall}`;
    return fail("disk", all, freeBytes < changesBytesMin ? noRoomAdvice : reserveAdvice(reserveBytes - freeBytes));
  }
  const detail = `${folder}: ${formatBytes(freeBytes)} of ${formatBytes(bytes)} free (${percent} %)`;
  const neededBytes = usualReserve(bytes, hasDatabase);
  if (hasDatabase && freeBytes < neededBytes) {
    const little = `${detail}; below ${formatBytes(neededBytes)} PostgreSQL may stop for lack of space`;
    return fail("disk", little, roomAdvice);
  }
  if (tooSmall !== undefined) return warn("disk", `${detail}. ${tooSmall}`, "Move the data folder to a larger disk.");
  if (files > 0 && freeFiles < files / 100) {
    return fail(
      "disk",
      `${folder}: ${freeFiles.toLocaleString("en")} of ${files.toLocaleString("en")} files (inodes) are left`,
      roomAdvice,
    );
  }
  return freeBytes < freeBytesWanted || freeBytes < bytes * freeShareWanted
    ? warn("disk", detail, roomAdvice)
    : ok("disk", detail);
}

const roomAdvice = "Free space on this disk or move to a larger one; uploads are refused before it is full.";
const noRoomAdvice =
  "Free some space now, without Holdfast: see docs/accidents.md. Reading still works; nothing else is certain to, not even deleting, until the database has space for its log.";

function reserveAdvice(lackingBytes: number): string {
  return `Free at least ${formatBytes(lackingBytes)} on this disk, or move to a larger one: see docs/accidents.md. 'holdfast admin gc --unfinished --dry-run' lists unfinished uploads. Reading, deleting and 'holdfast admin gc' still work. A smaller HOLDFAST_DISK_RESERVE_BYTES lets uploads continue after a restart, and leaves the database less space.`;
}
