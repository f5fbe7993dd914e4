import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex, NodeId } from "@holdfast/core/ids";
import { type FileOperation, planDownloads } from "../../execute/file-download.ts";
import { writesContent } from "../../execute/batch.ts";
import type { FinishedDownloads, ExecutionContext } from "../../execute/execution-context.ts";
import { LocalSources } from "../../execute/sources.ts";
import { assemble, partOf, removePart } from "../../execute/write-large.ts";
import { concernsElement } from "../../general/bisect.ts";
import { DiskChanged } from "../../model/disk-changed.ts";
import { pathOfNode } from "../../model/tree-paths.ts";
import type { LocalOperation, Plan, RemoteOperation } from "../../plan/plan-types.ts";
import { smallFileBytesMax } from "../../remote/batches.ts";
import { isIgnoreFile } from "../../rules/ignore-file.ts";
import { blockKeyOf, findMissingBlocks } from "../../remote/missing-blocks.ts";
import { propose, spaceOf } from "../../remote/proposal.ts";
import { sendAhead } from "../../remote/upload.ts";
import type { SendContext } from "../../remote/send-context.ts";
import { TransferQueue, type Transfer } from "./transfer-queue.ts";
import { pathOfOperation, type Progress } from "../reports/progress.ts";

/** Larger files do not block a cycle. This size takes 0.7 s at 100 Mbit/s and a minute at 1 Mbit/s. */
const fileBytesMax = 8 * 1024 * 1024;

/** One cycle handles files that end shortly after one another. */
const gatherMs = 1000;

interface Context extends ExecutionContext {
  readonly slotKey: (name: string) => string;
  readonly progress: Progress;
}

type Upload = RemoteOperation & { readonly op: "create" | "put" };

/**
 * Transfers large files beside the cycles, one per direction, so that small changes need not wait. Bytes go to the
 * temporary folder here, or to the server, where no file uses them yet. A later cycle executes the operation. If the
 * plan changes, the transfer ends, and the next one reuses its result.
 */
export class Transfers {
  readonly #down = new TransferQueue();
  readonly #up = new TransferQueue();
  /** Files in the temporary folder that the current cycle may use. */
  readonly #here = new Map<NodeId, { readonly key: string; readonly failure: HoldfastError | undefined }>();
  /** Blocks that a finished upload put on the server, by its key. */
  readonly #sent = new Map<string, ReadonlySet<string>>();
  #wanted: ReadonlySet<string> = new Set();
  #there: ReadonlyMap<RemoteOperation, string> = new Map();

  get isBusy(): boolean {
    return this.#down.isBusy || this.#up.isBusy;
  }

  get areAdvancing(): boolean {
    return this.begun.some(({ bytes }) => bytes > 0);
  }

  readonly finishedDownloads: FinishedDownloads = {
    take: (id) => {
      const found = this.#here.get(id);
      this.#here.delete(id);
      if (found !== undefined) this.#down.take(found.key);
      return found;
    },
  };

  /** Resolves when a cycle has a result to handle. @param sleep resolves early when nobody waits any longer */
  async ended(sleep: (durationMs: number) => Promise<void>): Promise<void> {
    await Promise.race([this.#down, this.#up].map((queue) => queue.ended(() => sleep(gatherMs))));
  }

  /** Bytes of files that are not in place yet. */
  get begun(): readonly { readonly path: string; readonly bytes: number }[] {
    return [...this.#down.begun, ...this.#up.begun].map(({ transfer: { path }, bytes }) => ({ path, bytes }));
  }

  bytesHere(id: NodeId): number {
    return this.#down.begun.reduce((sum, { transfer, bytes }) => (transfer.id === id ? sum + bytes : sum), 0);
  }

  /** True for a block of a file that the current cycle commits. */
  hasSent(hash: HashHex, into: NodeId | undefined): boolean {
    return this.#there.values().some((key) => this.#sent.get(key)?.has(blockKeyOf(hash, into)) === true);
  }

  /** Committed and refused uploads are not sent ahead again. */
  noteCommitted(operations: readonly RemoteOperation[]): void {
    for (const operation of operations) {
      const key = this.#there.get(operation);
      if (key !== undefined) this.#up.take(key);
    }
  }

  async end(): Promise<void> {
    await Promise.all([this.#down.end(), this.#up.end()]);
    this.#sent.clear();
  }

  /**
   * @param sendContext used by uploads
   * @returns the plan without operations that wait for bytes; `begun`: newly waiting uploads; `failure`: error of an
   * upload that concerns more than its file
   */
  filter(
    context: Context,
    sendContext: SendContext,
    { plan, isInPlan }: { readonly plan: Plan; readonly isInPlan: (id: NodeId) => boolean },
  ): { readonly plan: Plan; readonly begun: readonly NodeId[]; readonly failure: HoldfastError | undefined } {
    const downloads = this.#takeDownloads(context, plan.local, isInPlan);
    const uploads = this.#takeUploads(context, sendContext, { operations: plan.remote, isInPlan });
    const waiting = new Map(plan.waiting);
    for (const { id } of [...downloads.waiting, ...uploads.waiting]) waiting.set(id, "waits");
    const local = plan.local.filter((each) => !downloads.waiting.has(each));
    const remote = plan.remote.filter((each) => !uploads.waiting.has(each));
    return { plan: { ...plan, local, remote, waiting }, begun: uploads.begun, failure: uploads.failure };
  }

  #takeDownloads(
    context: Context,
    operations: readonly LocalOperation[],
    isInPlan: (id: NodeId) => boolean,
  ): { readonly waiting: ReadonlySet<LocalOperation> } {
    const wanted = operations.filter(writesContent).filter((each) => isLongDownload(context, each));
    // Equal files are fetched once. Plans list them in varying order, so a running download is kept.
    const begun = new Set(this.#down.begun.map(({ transfer }) => transfer.id));
    const byRank = [...wanted.toReversed(), ...wanted.filter(({ id }) => begun.has(id))];
    const chosen = new Map(byRank.map((each) => [each.remote.content, each]));
    const transfers = new Map(
      wanted.filter((each) => chosen.get(each.remote.content) === each).map((each) => [each, download(context, each)]),
    );
    const ended = this.#down.update([...transfers.values()], isInPlan);
    this.#here.clear();
    const waiting = new Set<LocalOperation>(wanted);
    for (const [operation, { key }] of transfers) {
      if (!ended.has(key)) continue;
      this.#here.set(operation.id, { key, failure: ended.get(key) });
      waiting.delete(operation);
    }
    return { waiting };
  }

  #takeUploads(
    context: Context,
    sendContext: SendContext,
    {
      operations,
      isInPlan,
    }: { readonly operations: readonly RemoteOperation[]; readonly isInPlan: (id: NodeId) => boolean },
  ): {
    readonly waiting: ReadonlySet<RemoteOperation>;
    readonly begun: readonly NodeId[];
    readonly failure: HoldfastError | undefined;
  } {
    const transfers = new Map(
      operations
        .filter(isUpload)
        .filter((each) => isLongUpload(context, each))
        .map((each) => [each, this.#upload(context, sendContext, each)] as const),
    );
    const before = this.#wanted;
    this.#wanted = new Set([...transfers.values()].map(({ key }) => key));
    const begun = [...transfers.values()].flatMap(({ id, key }) => (before.has(key) ? [] : [id]));
    const ended = this.#up.update([...transfers.values()], isInPlan);
    this.#there = new Map([...transfers].flatMap(([each, { key }]) => (ended.has(key) ? [[each, key]] : [])));
    const known = new Set([...ended.keys(), ...this.#up.begun.map(({ transfer }) => transfer.key)]);
    for (const key of this.#sent.keys()) if (!known.has(key)) this.#sent.delete(key);
    const waiting = new Set<RemoteOperation>(transfers.keys());
    let failure: HoldfastError | undefined;
    for (const [operation, { key }] of transfers) {
      if (!ended.has(key)) continue;
      const error = ended.get(key);
      // A problem of the file itself occurs again and is reported when the file is sent.
      if (error === undefined || error instanceof DiskChanged || concernsElement(error)) waiting.delete(operation);
      else failure ??= error;
    }
    return { waiting, begun, failure };
  }

  #upload(context: Context, sendContext: SendContext, operation: Upload): Transfer {
    const { id, local } = operation;
    const path = pathOfNode(context.state, id) ?? local.name;
    const { sizeBytes, mtimeNs, ctimeNs, inode } = local.fingerprint;
    const into = spaceOf(context.state, id, local);
    const key = JSON.stringify([id, path, into, local.content, sizeBytes, `${mtimeNs} ${ctimeNs} ${inode}`]);
    const run: Transfer["run"] = async (advance) => {
      const proposal = await propose(sendContext, operation);
      // The file changed; the next scan finds it.
      if (proposal === undefined) return;
      const missing = await findMissingBlocks(sendContext, [{ proposal }]);
      const ranges = proposal.unsure.filter(({ hash }) => missing.has(blockKeyOf(hash, proposal.into)));
      const isSmall = ranges.reduce((sum, { size }) => sum + size, 0) <= inlineBytesMax(context);
      if (!isSmall) await sendAhead(sendContext, proposal, ranges, advance);
      const sent = isSmall ? proposal.unsure.filter((range) => !ranges.includes(range)) : proposal.unsure;
      this.#sent.set(key, new Set(sent.map(({ hash }) => blockKeyOf(hash, proposal.into))));
    };
    return { id, path, key, run };
  }
}

function isLong({ patches }: Context, sizeBytes: number): boolean {
  return sizeBytes > (patches === undefined ? fileBytesMax : patches.fileBytesMin);
}

/** Size of blocks that travel with the operation. Zero in the simulator, whose files are all small. */
function inlineBytesMax({ patches }: Context): number {
  return patches === undefined ? smallFileBytesMax : 0;
}

function isLongDownload(context: Context, operation: FileOperation): boolean {
  const { kind, sizeBytes } = operation.remote;
  const place = operation.op === "create" ? operation.place : operation.local;
  return kind === "file" && isLong(context, sizeBytes) && !isIgnoreFile(context, place);
}

const noFile = { inode: 0n, mtimeNs: 0n, ctimeNs: 0n };

/** Operations of a group or from the trash keep their place in the order. */
function isUpload(operation: RemoteOperation): operation is Upload {
  const { op, group } = operation;
  return group === undefined && (op === "create" || (op === "put" && operation.revive === undefined));
}

function isLongUpload(context: Context, { local }: Upload): boolean {
  return local.kind === "file" && isLong(context, local.fingerprint.sizeBytes) && !isIgnoreFile(context, local);
}

function download(context: Context, operation: FileOperation): Transfer {
  const { id, op, remote } = operation;
  const path = pathOfOperation(context.state, operation);
  const { versionId, content, modifiedAt, executable, isPrivate } = remote;
  const mode = op === "create" ? [executable, isPrivate] : [operation.executable, operation.isPrivate, path];
  // All other attributes come from the current file that it replaces.
  const { inode, mtimeNs, ctimeNs } = op === "create" ? noFile : operation.local.fingerprint;
  return {
    id,
    path,
    key: JSON.stringify([id, op, versionId, content, modifiedAt, ...mode, `${inode} ${mtimeNs} ${ctimeNs}`]),
    leftover: { path: partOf(operation), remove: () => removePart(context, operation) },
    run: async (advance) => {
      const sources = new LocalSources(context);
      const [fileDownload] = await planDownloads(context, sources, [operation]);
      if (fileDownload === undefined || fileDownload instanceof HoldfastError)
        throw fileDownload ?? new DiskChanged(path);
      await assemble(context, sources, fileDownload, (sizeBytes) => {
        advance(sizeBytes);
        context.progress.touch(path);
      });
    },
  };
}
