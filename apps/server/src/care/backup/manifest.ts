import { HoldfastError } from "@holdfast/core/errors";
import { z } from "zod";
import type { PackId } from "../../packs/format/pack-format.ts";
import { manifestPrefix } from "../../packs/facts/stored-metadata.ts";
import type { BackupPlace } from "./backup-place.ts";

const hex64 = z.string().regex(/^[0-9a-f]{64}$/);
/** Cannot lead out of the cluster's folder. */
const clusterPath = z
  .string()
  .refine((path) => path.split("/").every((name) => !["", ".", ".."].includes(name)), "leads out of the cluster");

const packSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[0-9a-f-]{36}$/)
    .transform((id) => id as PackId),
  size: z.int().min(0),
  sha256: hex64,
  /** Already damaged in the store. */
  damaged: z.string().optional(),
});

const fileSchema = z.strictObject({
  path: clusterPath,
  size: z.int().min(0),
  pieces: z.array(hex64),
});

const manifestFormat = "holdfast backup manifest 1";
const manifestSchema = z.strictObject({
  format: z.literal(manifestFormat),
  id: z.string(),
  /** Everything acknowledged before this time is in the backup. */
  consistent_at: z.iso.datetime(),
  /** null if not embedded. */
  database: z
    .strictObject({
      /** From `pg_backup_stop`. */
      label: z.string(),
      /** Last log file that the backup needs and contains. */
      wal_end: z.string().regex(/^[0-9A-F]{24}$/),
      /** Time after the end of the required log. Earlier states cannot be restored. */
      stopped_at: z.iso.datetime(),
      /** Run whose archive continues the log. */
      run: z.string().regex(/^[0-9a-f]{16}$/),
      /** Sealed. */
      password: z.base64(),
      folders: z.array(clusterPath),
      files: z.array(fileSchema),
    })
    .nullable(),
  packs: z.array(packSchema),
  /** `bytes` includes parts shared with other backups. */
  bytes: z.int(),
  added_bytes: z.int(),
});

export type Manifest = z.output<typeof manifestSchema>;
export type BackedUpPack = Manifest["packs"][number];
export type BackedUpFile = NonNullable<Manifest["database"]>["files"][number];

/** `20260131T120000000Z-1a2b3c4d`, sorted by time. */
export function newBackupId(nowMs: number, random: Uint8Array): string {
  const time = new Date(nowMs).toISOString().replaceAll(/[-:.]/g, "").toLowerCase();
  return `${time}-${Buffer.from(random).toString("hex")}`;
}

/** Written last and atomically: without it there is no backup. @returns its size */
export async function writeManifest({ store, box }: BackupPlace, manifest: Omit<Manifest, "format">): Promise<number> {
  const json = Buffer.from(JSON.stringify({ format: manifestFormat, ...manifest } satisfies Manifest));
  const sealed = Buffer.concat([Buffer.from(`${macOf(box, json)}\n`), json, Buffer.from("\n")]);
  await store.put(`${manifestPrefix}${manifest.id}`, sealed);
  return sealed.length;
}

/** Oldest first. */
export async function listBackups({ store }: Pick<BackupPlace, "store">): Promise<string[]> {
  const ids: string[] = [];
  for await (const { key } of store.list(manifestPrefix)) ids.push(key.slice(manifestPrefix.length));
  return ids;
}

/** @throws HoldfastError damaged if it was changed */
export async function readManifest({ store, box }: BackupPlace, id: string): Promise<Manifest> {
  const bytes = Buffer.from(await store.get(`${manifestPrefix}${id}`));
  const json = bytes.subarray(65, -1);
  const isWhole = bytes.length > 66 && bytes.toString("latin1", 0, 64) === macOf(box, json);
  const parsed = isWhole ? manifestSchema.safeParse(JSON.parse(json.toString("utf8"))) : undefined;
  if (parsed?.success === true && parsed.data.id === id) return parsed.data;
  throw new HoldfastError("damaged", `The backup ${id} is damaged: its manifest was changed after it was written.`);
}

function macOf(box: BackupPlace["box"], json: Uint8Array): string {
  return box.nameOf(Buffer.concat([Buffer.from("manifest\n"), json]));
}
