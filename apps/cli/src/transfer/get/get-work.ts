import { join } from "node:path";
import type { ApiClient } from "@holdfast/api-client/api-client";
import type { SharedWindows } from "@holdfast/codec/shared-windows";
import type { Disk, DiskStat } from "@holdfast/disk/disk";
import type { NodeJson } from "@holdfast/protocol/values";
import type { Patterns } from "@holdfast/sync/rules/patterns";
import { toMicros } from "../times.ts";
import type { TransferPool } from "../transfer-pool.ts";
import type { TransferReport } from "../transfer-report.ts";
import type { BlockSource } from "./block-source.ts";
import type { LocalChanges } from "./local-changes.ts";
import type { LocalDisk } from "./local-disk.ts";
import { replacedMode } from "./get-plan.ts";
import type { LocalSurplus } from "./local-surplus.ts";
import type { LocalFolder, LocalFolders } from "./local-folders.ts";
import type { LocalRoom } from "./local-room.ts";
import type { TargetFolder } from "./target-folder.ts";
import type { FileMode, Replaced } from "./write-files.ts";

export interface GetWork {
  readonly client: ApiClient;
  readonly source: BlockSource;
  readonly pool: TransferPool;
  readonly disk: LocalDisk;
  /** The same disk for large files. Its writes do not block. */
  readonly largeDisk: Disk;
  /** Windows of `fetchWindowBytes`: one for each batch of small files and for each request of a large one. */
  readonly windows: SharedWindows;
  readonly folders: LocalFolders;
  readonly target: TargetFolder;
  readonly report: TransferReport;
  readonly changes: LocalChanges;
  /** Checked before any content is fetched. */
  readonly room: LocalRoom;
  /** Receives the names that the server has, to find local files to delete. */
  readonly surplus?: LocalSurplus | undefined;
  readonly patterns?: Patterns | undefined;
  /** Eight hex digits, unique to this run. */
  readonly runId: string;
  /** Interval between two syncs of a large file. Each sync runs during the next writes. */
  readonly syncEveryBytes: number;
}

export interface FileToGet {
  readonly node: NodeJson;
  readonly folder: LocalFolder;
  readonly name: string;
  /** The existing local entry; undefined: none. */
  readonly local: DiskStat | undefined;
}

/** Returns the state that the rename may replace. null: nothing; undefined: anything. */
export function replacedBy({ changes }: GetWork, { local }: FileToGet): Replaced | null | undefined {
  if (changes.overwrites) return undefined;
  return local ?? null;
}

export function pathOf({ folder, name }: FileToGet): string {
  return join(folder.path, name);
}

export function temporaryOf(work: GetWork, { folder, node }: FileToGet): string {
  return join(folder.path, `.holdfast-part-${node.version_id ?? node.id}.${work.runId}`);
}

export function modeOf({ node, local }: FileToGet): FileMode {
  const usual = (node.executable ? 0o777 : 0o666) & (node.private === true ? 0o700 : 0o777);
  if (local?.kind !== "file") return { bits: usual, exact: false };
  return { bits: replacedMode(local.mode, node.executable), exact: true };
}

export function mtimeOf({ node }: FileToGet): bigint {
  return BigInt(toMicros(node.modified_at));
}

export async function keepFile(work: GetWork, file: FileToGet): Promise<void> {
  const { local, node } = file;
  const mtimeMicros = mtimeOf(file);
  const isSame = local?.mtimeMicros === mtimeMicros && ((local.mode & 0o100) !== 0) === node.executable;
  if (isSame) work.report.filesEqual += 1;
  else {
    await work.disk.setAttributes(pathOf(file), { mtimeMicros, mode: modeOf(file).bits });
    work.report.attributesSet += 1;
  }
  if (node.content_id !== null) work.changes.fetched(pathOf(file), node.content_id, node);
  work.report.done(node.size);
}
