import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { formatBytes, unlikeBytes } from "@holdfast/core/format-bytes";
import { errnoOf } from "@holdfast/disk/disk-error";
import { roomAdvice } from "../db/database-error.ts";
import { logBytesOn } from "../db/embedded/log-room.ts";
import { isS3Location } from "@holdfast/object-store/s3-location";

/** What is free on the disk of a folder, and what of it uploads leave alone. */
export interface DiskRoom {
  readonly folder: string;
  readonly freeBytes: number;
  readonly reserveBytes: number;
}

/**
 * Uploads leave so much free on every disk that they go to, and on the database's, since a database without room for its log stops, and
 * whoever has to make room needs some. Deleting, collecting and the server's own notes go on below it.
 */
export interface DiskReserve {
  /** Refuses what would go below the reserve, before anything of it is sent. @throws HoldfastError store_full */
  assertRoom(sizeBytes: number): Promise<void>;
  /** Stores, if there is room for it beside what is being stored already. @throws HoldfastError store_full */
  spend(sizeBytes: number, store: () => Promise<void>): Promise<void>;
}

export interface DiskPlace {
  readonly folder: string;
  /** The embedded database is on this disk, too. */
  readonly hasDatabase: boolean;
}

/** Room in one of these folders is enough. A folder that cannot be checked counts as having room: the write reports what is wrong. */
export type DiskGroup = readonly DiskPlace[];

/** @param reserveBytes undefined: see `usualReserve`; 0 keeps none */
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

/** Keeps nothing, as where all that is stored lies elsewhere. */
export const noReserve: DiskReserve = openDiskReserve([], 0);

/**
 * What one cell's uploads need room on: the disk of the embedded database, and those of its stores; where one of two stores is enough,
 * only while neither has room.
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

/** @returns undefined where the disk cannot be asked, or has no size */
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
    // A store's folder is made by what is first put there.
    return errnoOf(error) === "ENOENT" && parent !== at ? readRoom(place, reserveBytes, parent) : undefined;
  }
}

export function hasRoom({ freeBytes, reserveBytes }: DiskRoom, sizeBytes: number): boolean {
  return freeBytes - sizeBytes >= reserveBytes;
}

/**
 * A GiB, and on a small disk a twentieth of it. On the database's disk at least twice its log: once for the log, once for the rows that
 * deletions write.
 */
export function usualReserve(diskBytes: number, hasDatabase: boolean): number {
  return hasDatabase ? 2 * logBytesOn(diskBytes) : Math.min(1024 ** 3, Math.floor(diskBytes / 20));
}

/** The reserve, and as much again for the rows of the database and a few files. */
const databaseDiskBytesMin = 256 * 1024 * 1024;

/** @returns a sentence if a disk of this size is too small for the embedded database */
export function tooSmallForDatabase(folder: string, diskBytes: number): string | undefined {
  if (diskBytes >= databaseDiskBytesMin) return undefined;
  const [size, needed] = unlikeBytes(diskBytes, databaseDiskBytesMin);
  return `${folder} is on a disk of ${size}. The database needs a disk of at least ${needed}: on this disk, little or no space is left for files.`;
}

/** @returns the same for the disk of the database among these folders */
export async function findTooSmallDisk(groups: readonly DiskGroup[]): Promise<string | undefined> {
  const folder = groups.flat().find(({ hasDatabase }) => hasDatabase)?.folder;
  if (folder === undefined) return undefined;
  const { bsize, blocks } = await statfs(folder);
  return blocks === 0 ? undefined : tooSmallForDatabase(folder, bsize * blocks);
}

/** Of each folder once. */
export async function readRooms(
  groups: readonly DiskGroup[],
  reserveBytes: number | undefined,
): Promise<readonly DiskRoom[]> {
  const places = new Map(groups.flat().map((place) => [place.folder, place]));
  const rooms = await Promise.all([...places.values()].map((place) => readRoom(place, reserveBytes)));
  return rooms.filter((room) => room !== undefined);
}

/** @throws HoldfastError store_full, which names the disk: for whoever runs the server */
export async function assertDisksRoomy(groups: readonly DiskGroup[], reserveBytes: number | undefined): Promise<void> {
  const full = (await readRooms(groups, reserveBytes)).find((room) => !hasRoom(room, 0));
  if (full === undefined) return;
  const [free, reserve] = unlikeBytes(full.freeBytes, full.reserveBytes);
  const message = `nearly full: ${full.folder} has ${free} free, less than the reserve of ${reserve} (HOLDFAST_DISK_RESERVE_BYTES), so uploads are refused`;
  throw new HoldfastError("store_full", message);
}

/**
 * The error that an upload receives. It does not contain the free bytes of the disk: they are for administrators.
 * @param neededBytes 0 if unknown
 */
export function storeFull(neededBytes = 0, options: { readonly cause?: unknown } = {}): HoldfastError {
  const lack =
    neededBytes === 0 ? " and accepts no new files" : `: its disk has no space for another ${formatBytes(neededBytes)}`;
  const message = `The server is full${lack}. Nothing is lost. ${roomAdvice}`;
  return new HoldfastError("store_full", message, { retryAfterSeconds: 30, ...options });
}
