import { HoldfastError } from "@holdfast/core/errors";
import { z } from "zod";
import { logPrefix } from "../../packs/facts/stored-metadata.ts";
import type { BackupPlace } from "./backup-place.ts";
import { nextWalName, walFileBytes } from "./wal-names.ts";

/**
 * Write-ahead log after a backup. The last file grows in parts, and is stored once more when complete. Each run of a
 * database has its own archive, because two runs use the same file names.
 */
export interface LogArchive {
  readonly place: Pick<BackupPlace, "store" | "box">;
  /** 16 random hex digits. */
  readonly run: string;
}

const headSchema = z.strictObject({
  wal: z.string().regex(/^[0-9A-F]{24}$/),
  /** Archived bytes of that file; undefined if written before parts existed. */
  bytes: z.int().min(0).max(walFileBytes).optional(),
  /** Everything acknowledged before this time is archived, with its packs. */
  at: z.iso.datetime(),
});
export type ArchiveHead = z.output<typeof headSchema>;

/** Written last: objects beyond the head are incomplete. */
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

/** Replaces the parts of the file. */
export async function writeLogFile(archive: LogArchive, name: string, bytes: Uint8Array): Promise<void> {
  const { store, box } = archive.place;
  const key = keyOf(archive, name);
  await store.put(key, await box.seal(key, bytes));
  for await (const part of store.list(`${key}.`)) await store.delete(part.key);
}

/** New bytes of an incomplete file. */
export async function writeLogPart(archive: LogArchive, name: string, start: number, bytes: Uint8Array): Promise<void> {
  const { store, box } = archive.place;
  const key = keyOf(archive, `${name}.${start.toString(16).padStart(8, "0")}`);
  await store.put(key, await box.seal(key, bytes));
  // An old whole file would be read instead of the parts.
  if (start === 0) await store.delete(keyOf(archive, name));
}

export interface LogFile {
  readonly name: string;
  /** Offsets of its parts in order; empty for a complete file. */
  readonly starts: readonly number[];
  /** Minimum number of bytes. */
  readonly bytes: number;
}

/** @returns a file of full size; PostgreSQL treats the zeros after the archived bytes as the end of its log */
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

/** @returns the files after `after` without a gap */
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
 * Removes files before the oldest backup, and archives of other runs.
 * @param firsts first required file of each run
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

/** A store's keys have no uppercase letters. */
function keyOf({ run }: LogArchive, name: string): string {
  return `${logPrefix}${run}/${name.toLowerCase()}`;
}

function shortFile(name: string, bytes: number): never {
  throw new HoldfastError("damaged", `The backup is damaged: ${name} of the database's log has ${bytes} bytes.`);
}
