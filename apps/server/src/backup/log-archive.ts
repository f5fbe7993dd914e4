import { HoldfastError } from "@holdfast/core/errors";
import { z } from "zod";
import { logPrefix } from "../blocks/stored-metadata.ts";
import type { BackupPlace } from "./backup-place.ts";
import { nextWalName, walFileBytes } from "./wal-names.ts";

/**
 * What the database wrote after a backup: the files of its write-ahead log, sealed, in the place of the backups. The last one grows by
 * parts, so that each byte is brought there once, and once more when the file is whole. Each run of a database from one restore to the
 * next has an archive of its own, since two of them give the same names to different files.
 */
export interface LogArchive {
  readonly place: Pick<BackupPlace, "store" | "box">;
  /** 16 hex digits, drawn with the first backup of a database. */
  readonly run: string;
}

const headSchema = z.strictObject({
  /** The last file, complete or not. */
  wal: z.string().regex(/^[0-9A-F]{24}$/),
  /** Of that file; absent where it was written before there were parts. */
  bytes: z.int().min(0).max(walFileBytes).optional(),
  /** All that was acknowledged before is in the archive, and its packs are in the place. */
  at: z.iso.datetime(),
});
export type ArchiveHead = z.output<typeof headSchema>;

/** Written last: what lies behind it is on its way. */
export async function writeHead(archive: LogArchive, head: ArchiveHead): Promise<void> {
  const { store, box } = archive.place;
  const key = keyOf(archive, "head");
  await store.put(key, await box.seal(key, Buffer.from(JSON.stringify(head))));
}

export async function readHead(archive: LogArchive): Promise<ArchiveHead | undefined> {
  const { store, box } = archive.place;
  const key = keyOf(archive, "head");
  if ((await store.stat(key)) === undefined) return undefined;
  const plain = await box.open(key, await store.get(key), headBytesMax);
  return headSchema.parse(JSON.parse(Buffer.from(plain).toString("utf8")));
}

/** A file that is complete, which takes the place of its parts. */
export async function writeLogFile(archive: LogArchive, name: string, bytes: Uint8Array): Promise<void> {
  const { store, box } = archive.place;
  const key = keyOf(archive, name);
  await store.put(key, await box.seal(key, bytes));
  for await (const part of store.list(`${key}.`)) await store.delete(part.key);
}

/** What has come to a file that is not complete. */
export async function writeLogPart(archive: LogArchive, name: string, start: number, bytes: Uint8Array): Promise<void> {
  const { store, box } = archive.place;
  const key = keyOf(archive, `${name}.${start.toString(16).padStart(8, "0")}`);
  await store.put(key, await box.seal(key, bytes));
  // One of before there were parts, or of a database that was put back: a whole file would be read in their stead.
  if (start === 0) await store.delete(keyOf(archive, name));
}

export interface LogFile {
  readonly name: string;
  /** Where its parts begin, in order; none of one that is whole. */
  readonly starts: readonly number[];
  /** That it has at least. */
  readonly bytes: number;
}

/** @returns as many bytes as a file has: zeros behind what was archived, which PostgreSQL takes for the end of its log */
export async function readLogFile(archive: LogArchive, { name, starts, bytes }: LogFile): Promise<Uint8Array> {
  const { store, box } = archive.place;
  const read = async (key: string, bytesMax: number) => box.open(key, await store.get(key), bytesMax);
  if (starts.length === 0) {
    const whole = await read(keyOf(archive, name), walFileBytes);
    return whole.length === walFileBytes ? whole : shortFile(name, whole.length);
  }
  const file = Buffer.alloc(walFileBytes);
  let filled = 0;
  for (const start of starts) {
    if (start > filled) break;
    const part = await read(keyOf(archive, `${name}.${start.toString(16).padStart(8, "0")}`), walFileBytes - start);
    file.set(part, start);
    filled = Math.max(filled, start + part.length);
  }
  return filled >= bytes ? file : shortFile(name, filled);
}

/** @returns the files that follow `after` without a gap, up to the last */
export async function listFollowing(archive: LogArchive, after: string, head: ArchiveHead): Promise<LogFile[]> {
  const startsOf = new Map<string, number[]>();
  const whole = new Set<string>();
  const prefix = keyOf(archive, "");
  for await (const { key } of archive.place.store.list(prefix)) {
    const [name = "", start] = key.slice(prefix.length).toUpperCase().split(".");
    if (start === undefined) whole.add(name);
    else startsOf.set(name, [...(startsOf.get(name) ?? []), Number.parseInt(start, 16)]);
  }
  const following: LogFile[] = [];
  for (let name = nextWalName(after); name <= head.wal; name = nextWalName(name)) {
    const starts = whole.has(name) ? [] : startsOf.get(name);
    if (starts === undefined) break;
    following.push({ name, starts, bytes: name === head.wal ? (head.bytes ?? 0) : walFileBytes });
  }
  return following;
}

/**
 * Removes what no backup that is kept needs: files from before the oldest one's, and archives of other runs.
 * @param firsts run to the first file that is needed of it
 */
export async function pruneArchives(place: LogArchive["place"], firsts: ReadonlyMap<string, string>): Promise<void> {
  for await (const { key } of place.store.list(logPrefix)) {
    const [run = "", file = ""] = key.slice(logPrefix.length).split("/");
    const first = firsts.get(run);
    const name = file.toUpperCase().slice(0, 24);
    if (first === undefined || (name !== "HEAD" && name < first)) await place.store.delete(key);
  }
}

const headBytesMax = 1024;

/** Of a store's keys none has a capital. */
function keyOf({ run }: LogArchive, name: string): string {
  return `${logPrefix}${run}/${name.toLowerCase()}`;
}

function shortFile(name: string, bytes: number): never {
  throw new HoldfastError("damaged", `The backup is damaged: ${name} of the database's log has ${bytes} bytes.`);
}
