import { randomBytes } from "node:crypto";
import { promises as fs } from "node:fs";
import { join } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { nodeDisk } from "@holdfast/disk/node-disk";
import { ensureFolderDurably, writeFileDurably } from "@holdfast/disk/write-durably";
import { z } from "zod";

export const syncRecord = z.object({
  /** Absolute path without links. */
  root: z.string().min(1),
  server: z.string(),
  server_id: z.string(),
  account_id: z.string(),
  /** E-mail address. */
  account: z.string(),
  device: z.string(),
  /** "": the whole drive. */
  remote: z.string(),
  remote_id: z.string(),
  brake: z.union([z.int(), z.literal("off"), z.null()]),
  is_paused: z.boolean(),
  /** Bytes per second unless an option overrides it; null: no limit. */
  limit_up: z.int().nullable().default(null),
  limit_down: z.int().nullable().default(null),
  /** Identifies a moved folder; null before the first run. */
  marker: z.string().nullable(),
});
export type SyncRecord = z.infer<typeof syncRecord>;

export interface KnownSync {
  readonly folder: string;
  readonly record: SyncRecord;
}

const recordName = "sync.json";
const recordBytesMax = 4 * 2 ** 20;

/** Has a folder for each sync: record, state, and the control file while it runs. */
export function syncsFolder(configFolder: string): string {
  return join(configFolder, "sync");
}

/** Sorted by root. A folder without a record is ignored: an interrupted start left it. */
export async function readKnownSyncs(configFolder: string): Promise<KnownSync[]> {
  const parent = syncsFolder(configFolder);
  const names = await namesIn(parent);
  const syncs = await Promise.all(names.map((name) => readSync(join(parent, name))));
  return syncs
    .filter((sync) => sync !== undefined)
    .toSorted((one, other) => (one.record.root < other.record.root ? -1 : 1));
}

export async function newSyncFolder(configFolder: string): Promise<string> {
  const folder = join(syncsFolder(configFolder), randomBytes(8).toString("hex"));
  await ensureFolderDurably(nodeDisk, folder, { mode: 0o700 });
  return folder;
}

export async function saveRecord(folder: string, record: SyncRecord): Promise<void> {
  await writePrivate(join(folder, recordName), record);
}

/** Atomic. Only the owner can read the file. */
export function writePrivate(path: string, value: unknown): Promise<void> {
  const bytes = Buffer.from(`${JSON.stringify(value, undefined, 2)}\n`);
  return writeFileDurably(nodeDisk, path, bytes, { mode: 0o600, random: (sizeBytes) => randomBytes(sizeBytes) });
}

/** @returns undefined if there is no file  @throws HoldfastError failed for invalid content */
export async function readPrivate<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  sizeBytesMax: number,
): Promise<z.infer<Schema> | undefined> {
  let text: string;
  try {
    const { size } = await fs.stat(path);
    if (size > sizeBytesMax) throw damaged(path);
    text = await fs.readFile(path, "utf8");
  } catch (thrown) {
    if (thrown instanceof Error && Reflect.get(thrown, "code") === "ENOENT") return undefined;
    throw thrown;
  }
  const parsed = schema.safeParse(parseJson(text));
  if (!parsed.success) throw damaged(path);
  return parsed.data;
}

async function readSync(folder: string): Promise<KnownSync | undefined> {
  const record = await readPrivate(join(folder, recordName), syncRecord, recordBytesMax);
  return record === undefined ? undefined : { folder, record };
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await fs.readdir(folder);
  } catch (thrown) {
    if (thrown instanceof Error && Reflect.get(thrown, "code") === "ENOENT") return [];
    throw thrown;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function damaged(path: string): HoldfastError {
  return new HoldfastError("failed", `${path} is damaged. Move it away and start again; it contains no synced files.`);
}
