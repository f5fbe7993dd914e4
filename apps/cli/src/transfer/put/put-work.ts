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

/** What all steps of one put share. */
export interface PutWork {
  readonly client: ApiClient;
  readonly pool: TransferPool;
  readonly journal: ContentJournal;
  readonly ids: NewIds;
  readonly report: TransferReport;
  readonly nowMs: () => number;
  /** Blocks that the server has taken in this run, so that no second file sends them. */
  readonly sent: SentBlocks;
  /** For all large files together: what a put holds of them. */
  readonly windows: SharedWindows;
  readonly pace: UploadPace;
  /** A changed time is sent without a changed content, too. */
  readonly withTimes?: boolean | undefined;
  /** What stays here. */
  readonly patterns?: Patterns | undefined;
  /** What of the server's versions has to be sent again, though it is equal. */
  readonly damaged: DamagedVersions;
}

/** Of a file with the content that the server has: the blocks that it cannot give back any more. */
export function damagedOf(
  { damaged }: Pick<PutWork, "damaged">,
  remote: RemoteState | undefined,
): ReadonlySet<HashHex> | undefined {
  return damaged.get(remote?.version_id ?? "")?.hashes;
}

/** A node of the server and the caller's role there, as far as they are known without another question. */
export interface KnownRole {
  readonly role?: NodeJson["role"] | undefined;
  readonly path?: string;
  readonly name?: string | undefined;
  readonly kind?: NodeJson["kind"];
}

/** A folder of the server that things are put into. */
export interface RemoteFolder {
  /** Replaced by the id of the server's folder if another put made one of this name meanwhile. */
  id: string;
  /** It could not be made, which is listed already: nothing below it is tried. */
  failed: boolean;
  readonly parent: RemoteFolder | undefined;
  /** Undefined: the server decides what may be put into it. */
  readonly at?: KnownRole | undefined;
}

export function isBlocked(folder: RemoteFolder | undefined): boolean {
  return folder !== undefined && (folder.failed || isBlocked(folder.parent));
}

/** A file to read and to put. */
export interface QueuedFile {
  readonly entry: LocalEntry;
  readonly folder: RemoteFolder;
  readonly remote: RemoteState | undefined;
  /** `remote` is of another kind and gives way. */
  readonly exchange: boolean;
  /** `remote` got the name after the folder was listed. */
  readonly isLate?: true;
}

/**
 * The node that took the name of `entry` after the folder was listed: a put that was killed may commit its last batch late, and two may run at
 * the same time. A name in another Unicode form is another name.
 */
export function lateNode({ code, node }: BatchResult, entry: Pick<LocalEntry, "name">): RemoteState | undefined {
  return code === "exists" && node?.name === entry.name ? node : undefined;
}

/** The same file, queued again as the next version of the node that took its name; once for each name. */
export function afterLateNode(file: QueuedFile, reason: BatchResult): QueuedFile | undefined {
  const remote = file.isLate === true ? undefined : lateNode(reason, file.entry);
  const step = remote === undefined ? undefined : planPut(file.entry, remote);
  if (step === undefined || step.do === "refuse") return undefined;
  return { ...file, remote, exchange: step.do === "exchange", isLate: true };
}

/** How much more room content of this size needs than what it replaces. */
export function growthOf({ remote }: Pick<QueuedFile, "remote">, sizeBytes: number): number {
  return Math.max(0, sizeBytes - (remote?.size ?? 0));
}

/** A node in whose space the blocks of a file go: its own role counts for a new version, as that at its folder may be less. */
export function intoOf({ folder, remote, exchange }: Pick<QueuedFile, "folder" | "remote" | "exchange">): string {
  return remote === undefined || exchange ? folder.id : remote.id;
}

/** Queues the file again if there is one. @returns whether there is */
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

/** The operations that give a file this content: one, or two that commit together. */
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

/** Before a folder's content is sent others have no right to it. */
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
/** A hash takes 67 bytes in a question. */
const askedBlockBytes = 64 * 1024;

/** What need not be sent again, and whether it is worth asking the server what it has. */
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
   * After a batch of which the server had nothing, the next ones are sent without asking, except where their blocks are so large that the
   * question is a thousandth of them.
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
