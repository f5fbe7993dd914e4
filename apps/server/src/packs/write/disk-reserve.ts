import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { formatBytes, unlikeBytes } from "@holdfast/core/format-bytes";
import { errnoOf } from "@holdfast/disk/disk-error";
import { roomAdvice } from "../../base/db/database-error.ts";
import { logBytesOn } from "../../base/db/embedded/log-room.ts";
import { isS3Location } from "@holdfast/object-store/s3-location";

export interface DiskRoom {
  readonly folder: string;
  readonly freeBytes: number;
  readonly reserveBytes: number;
}

/**
 * Reserve on the database's disk and every disk for uploads. A database without space for its log stops, and freeing
 * space needs some space. Deletion, collection and the server's own records may use the reserve.
 */
export interface DiskReserve {
  /** Rejects an upload that would use the reserve before it is sent. @throws HoldfastError store_full */
  assertRoom(sizeBytes: number): Promise<void>;
  /** Stores if the bytes fit in addition to running stores. @throws HoldfastError store_full */
  spend(sizeBytes: number, store: () => Promise<void>): Promise<void>;
}

export interface DiskPlace {
  readonly folder: string;
  /** The embedded database is on this disk too. */
  readonly hasDatabase: boolean;
}

/**
 * Folders of which one needs enough space. A folder that cannot be checked counts as having space; the write then
 * reports the problem.
 */
export type DiskGroup = readonly DiskPlace[];

/** @param reserveBytes undefined: see `usualReserve`; 0: none */
export function openDiskReserve(groups: readonly DiskGroup[], reserveBytes: number | undefined): DiskReserve {
  let underWayBytes = 0;
  const assertRoom = async (sizeBytes: number): Promise<void> => {
    if (reserveBytes === 0) return;
    for (const group of groups) {
      const rooms = await Promise.all(group.map((place) => readRoom(place, reserveBytes)));
      const fits = rooms.some((room) => room === undefined || hasRoom(room, underWayBytes + sizeBytes));
      if (!fits) throw storeFull(sizeBytes);
    }
  };
  return {
    assertRoom,
    async spend(sizeBytes, store) {
      await assertRoom(sizeBytes);
      underWayBytes += sizeBytes;
      try {
        await store();
      } finally {
        underWayBytes -= sizeBytes;
      }
    },
  };
}

export const noReserve: DiskReserve = openDiskReserve([], 0);

/**
 * Returns the disks that uploads of a cell need: that of the embedded database, and those of the stores. If one of two
 * stores is enough, uploads are rejected only if neither has space.
 */
export function groupsOf(parts: {
  readonly databaseFolder: string | undefined;
  readonly places: readonly string[];
  readonly policy: "both" | "one";
}): readonly DiskGroup[] {
  const { databaseFolder, places, policy } = parts;
  const database = databaseFolder === undefined ? [] : [[{ folder: databaseFolder, hasDatabase: true }]];
  const folders = places
    .filter((place) => !isS3Location(place))
    .map((folder): DiskPlace => ({ folder, hasDatabase: false }));
  if (policy === "both") return [...database, ...folders.map((folder) => [folder])];
  return folders.length < places.length ? database : [...database, folders];
}

/** @returns undefined if the disk cannot be queried, or has no size */
export async function readRoom(
  place: DiskPlace,
  reserveBytes: number | undefined,
  at = place.folder,
): Promise<DiskRoom | undefined> {
  try {
    const { bsize, blocks, bavail } = await statfs(at);
    if (blocks === 0) return undefined;
    const usualBytes = usualReserve(bsize * blocks, place.hasDatabase);
    return { folder: place.folder, freeBytes: bsize * bavail, reserveBytes: reserveBytes ?? usualBytes };
  } catch (error) {
    const parent = dirname(at);
    // A store's folder is created with its first object.
    return errnoOf(error) === "ENOENT" && parent !== at ? readRoom(place, reserveBytes, parent) : undefined;
  }
}

export function hasRoom({ freeBytes, reserveBytes }: DiskRoom, sizeBytes: number): boolean {
  return freeBytes - sizeBytes >= reserveBytes;
}

/**
 * 1 GiB, or a twentieth of a smaller disk. The database's disk needs twice its log: for the log, and for rows written
 * by deletions.
 */
export function usualReserve(diskBytes: number, hasDatabase: boolean): number {
  return hasDatabase ? 2 * logBytesOn(diskBytes) : Math.min(1024 ** 3, Math.floor(diskBytes / 20));
}

/** The reserve, and as much again for the database's rows and a few files. */
const databaseDiskBytesMin = 256 * 1024 * 1024;

export function tooSmallForDatabase(folder: string, diskBytes: number): string | undefined {
  if (diskBytes >= databaseDiskBytesMin) return undefined;
  const [size, needed] = unlikeBytes(diskBytes, databaseDiskBytesMin);
  return `${folder} is on a disk of ${size}. The database needs a disk of at least ${needed}: on this disk, little or no space is left for files.`;
}

export async function findTooSmallDisk(groups: readonly DiskGroup[]): Promise<string | undefined> {
  const folder = groups.flat().find(({ hasDatabase }) => hasDatabase)?.folder;
  if (folder === undefined) return undefined;
  const { bsize, blocks } = await statfs(folder);
  return blocks === 0 ? undefined : tooSmallForDatabase(folder, bsize * blocks);
}

export async function readRooms(
  groups: readonly DiskGroup[],
  reserveBytes: number | undefined,
): Promise<readonly DiskRoom[]> {
  const places = new Map(groups.flat().map((place) => [place.folder, place]));
  const rooms = await Promise.all([...places.values()].map((place) => readRoom(place, reserveBytes)));
  return rooms.filter((room) => room !== undefined);
}

/** @throws HoldfastError store_full, for the server's operator */
export async function assertDisksRoomy(groups: readonly DiskGroup[], reserveBytes: number | undefined): Promise<void> {
  const full = (await readRooms(groups, reserveBytes)).find((room) => !hasRoom(room, 0));
  if (full === undefined) return;
  const [free, reserve] = unlikeBytes(full.freeBytes, full.reserveBytes);
  const message = `nearly full: ${full.folder} has ${free} free, less than the reserve of ${reserve} (HOLDFAST_DISK_RESERVE_BYTES), so uploads are refused`;
  throw new HoldfastError("store_full", message);
}

/** Omits the disk's free bytes, which only administrators may see. @param neededBytes 0 if unknown */
export function storeFull(neededBytes = 0, options: { readonly cause?: unknown } = {}): HoldfastError {
  const lack =
    neededBytes === 0 ? " and accepts no new files" : `: its disk has no space for another ${formatBytes(neededBytes)}`;
  const message = `The server is full${lack}. Nothing is lost. ${roomAdvice}`;
  return new HoldfastError("store_full", message, { retryAfterSeconds: 30, ...options });
}
