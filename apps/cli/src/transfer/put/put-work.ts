import type { ApiClient } from "@holdfast/api-client/api-client";
import type { BatchResult } from "@holdfast/api-client/block-transfer";
import type { UploadPace } from "@holdfast/api-client/upload-pace";
import type { SharedWindows } from "@holdfast/codec/shared-windows";
import type { HashHex } from "@holdfast/core/ids";
import type { ManifestEntry } from "@holdfast/core/manifest";
import type { BatchOperationInput } from "@holdfast/protocol/batch";
import type { NodeJson } from "@holdfast/protocol/values";
import type { Patterns } from "@holdfast/sync/rules/patterns";
import type { DamagedVersions } from "../../remote/damaged-blocks.ts";
import type { ContentJournal } from "../content-journal.ts";
import type { NewIds } from "../new-ids.ts";
import { toTimeText } from "../times.ts";
import type { TransferPool } from "../transfer-pool.ts";
import type { TransferReport } from "../transfer-report.ts";
import type { LocalEntry } from "./local-folder.ts";
import { planPut, type RemoteState } from "./put-plan.ts";

export interface PutWork {
  readonly client: ApiClient;
  readonly pool: TransferPool;
  readonly journal: ContentJournal;
  readonly ids: NewIds;
  readonly report: TransferReport;
  readonly nowMs: () => number;
  /** Blocks that the server accepted in this run, which other files need not send. */
  readonly sent: SentBlocks;
  /** Memory for blocks, shared by all files. */
  readonly windows: SharedWindows;
  readonly pace: UploadPace;
  /** Also sends a changed time if the content is unchanged. */
  readonly withTimes?: boolean | undefined;
  readonly patterns?: Patterns | undefined;
  /** Versions that the server has lost blocks of. Equal content is sent again. */
  readonly damaged: DamagedVersions;
}

export function damagedOf(
  { damaged }: Pick<PutWork, "damaged">,
  remote: RemoteState | undefined,
): ReadonlySet<HashHex> | undefined {
  return damaged.get(remote?.version_id ?? "")?.hashes;
}

/** A remote node and the caller's role, as far as known without another request. */
export interface KnownRole {
  readonly role?: NodeJson["role"] | undefined;
  readonly path?: string;
  readonly name?: string | undefined;
  readonly kind?: NodeJson["kind"];
}

export interface RemoteFolder {
  /** Replaced if another put has created a folder of this name since. */
  id: string;
  /** The folder could not be created, which has been reported. Nothing below it is tried. */
  failed: boolean;
  readonly parent: RemoteFolder | undefined;
  /** undefined: the server checks the permission */
  readonly at?: KnownRole | undefined;
}

export function isBlocked(folder: RemoteFolder | undefined): boolean {
  return folder !== undefined && (folder.failed || isBlocked(folder.parent));
}

export interface QueuedFile {
  readonly entry: LocalEntry;
  readonly folder: RemoteFolder;
  readonly remote: RemoteState | undefined;
  readonly exchange: boolean;
  /** `remote` received the name after the folder was listed. */
  readonly isLate?: true;
}

/**
 * Returns the node that took the name after the folder was listed. A killed put may commit its last batch late, and two
 * puts may run at the same time. A name in another Unicode form is a different name.
 */
export function lateNode({ code, node }: BatchResult, entry: Pick<LocalEntry, "name">): RemoteState | undefined {
  return code === "exists" && node?.name === entry.name ? node : undefined;
}

/** Retries once, as the next version of the node that took its name. */
export function afterLateNode(file: QueuedFile, reason: BatchResult): QueuedFile | undefined {
  const remote = file.isLate === true ? undefined : lateNode(reason, file.entry);
  const step = remote === undefined ? undefined : planPut(file.entry, remote);
  if (step === undefined || step.do === "refuse") return undefined;
  return { ...file, remote, exchange: step.do === "exchange", isLate: true };
}

/** Bytes by which the content is larger than what it replaces. */
export function growthOf({ remote }: Pick<QueuedFile, "remote">, sizeBytes: number): number {
  return Math.max(0, sizeBytes - (remote?.size ?? 0));
}

/** Returns the file itself for a new version, because the caller's role on its folder may be lower. */
export function intoOf({ folder, remote, exchange }: Pick<QueuedFile, "folder" | "remote" | "exchange">): string {
  return remote === undefined || exchange ? folder.id : remote.id;
}

export function goesOn(again: QueuedFile[], late: QueuedFile | undefined): boolean {
  if (late !== undefined) again.push(late);
  return late !== undefined;
}

export interface PutContent {
  readonly size: number;
  readonly blocks: readonly ManifestEntry[];
  readonly content_id: HashHex;
  readonly mtimeMicros: number | undefined;
  readonly executable: boolean | undefined;
  readonly isPrivate?: boolean | undefined;
}

/** Returns the operations that give a file this content: one, or two that commit together. */
export function putOperations(work: PutWork, file: QueuedFile, content: PutContent): BatchOperationInput[] {
  const { remote, folder, entry, exchange } = file;
  const { size, blocks, content_id } = content;
  const put = { op: "put" as const, operation_id: work.ids.operation(), size, blocks: [...blocks], content_id };
  const attributes = attributesOf(content);
  if (remote !== undefined && !exchange) {
    const base = remote.version_id === null ? {} : { base_version: remote.version_id };
    return [{ ...put, ...attributes, ...base, file_id: remote.id }];
  }
  const made = { ...put, ...attributes, id: work.ids.node(folder.id), parent_id: folder.id, name: entry.name };
  return remote === undefined ? [made] : together(work, remote, made);
}

export function linkOperations(work: PutWork, file: QueuedFile): BatchOperationInput[] {
  const { remote, folder, entry } = file;
  const made = {
    op: "symlink",
    operation_id: work.ids.operation(),
    id: work.ids.node(folder.id),
    parent_id: folder.id,
    name: entry.name,
    target: entry.target ?? "",
    ...attributesOf({ mtimeMicros: entry.mtimeMicros, executable: undefined }),
  } as const;
  return remote === undefined ? [made] : together(work, remote, made);
}

export function setOperation(work: PutWork, remote: RemoteState, to: Attributes): BatchOperationInput {
  return { op: "set", operation_id: work.ids.operation(), file_id: remote.id, ...attributesOf(to) };
}

function together(work: PutWork, remote: RemoteState, made: BatchOperationInput): BatchOperationInput[] {
  const group = work.ids.operation();
  const gone = { op: "delete", operation_id: work.ids.operation(), file_id: remote.id, group } as const;
  return [gone, { ...made, group }];
}

/** Makes a folder private before its content is sent, so that no other account can read it. */
export function closingOperation(work: PutWork, { id }: Pick<RemoteState, "id">): BatchOperationInput {
  return { op: "set", operation_id: work.ids.operation(), file_id: id, private: true };
}

type Attributes = Pick<PutContent, "mtimeMicros" | "executable" | "isPrivate">;

function attributesOf({ mtimeMicros, executable, isPrivate }: Attributes) {
  const time = mtimeMicros === undefined ? undefined : toTimeText(mtimeMicros);
  return {
    ...(time === undefined ? {} : { modified_at: time }),
    ...(executable === undefined ? {} : { executable }),
    ...(isPrivate === true ? { private: true } : {}),
  };
}

const sentBlocksMax = 500_000;
const silentBatches = 15;
/** Average block size above which asking is worthwhile. A hash takes 67 bytes in the question. */
const askedBlockBytes = 64 * 1024;

/** Blocks that need not be sent again, and a rule for when to ask the server which blocks it has. */
export class SentBlocks {
  readonly #hashes = new Set<string>();
  #silentLeft = 0;

  has(hash: string): boolean {
    return this.#hashes.has(hash);
  }

  add(hash: string): void {
    if (this.#hashes.size < sentBlocksMax) this.#hashes.add(hash);
  }

  delete(hash: string): void {
    this.#hashes.delete(hash);
  }

  /**
   * After a batch of which the server had no block, the next batches are sent without asking. Batches of large blocks
   * are the exception: the question costs only about a thousandth of their size.
   */
  shouldAsk(hashes: number, sizeBytes: number): boolean {
    if (this.#silentLeft === 0 || sizeBytes >= hashes * askedBlockBytes) return true;
    this.#silentLeft -= 1;
    return false;
  }

  learned(haveCount: number): void {
    this.#silentLeft = haveCount > 0 ? 0 : silentBatches;
  }
}
